/** Holds the README's table of venues true. */
import { assert, describe, it } from "@effect/vitest"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { readFileSync } from "node:fs"
import type { Exchange } from "../src/exchange/Exchange.ts"
import { exchanges } from "../src/exchange/Exchanges.ts"

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

const begins = ({ resync, verifiedBy }: Exchange) =>
  resync._tag === "Snapshot" ? "REST snapshot, merged" : verifiedBy === "whole books" ? "the stream, whole each time" : "the stream"
const renewed = ({ resync }: Exchange) =>
  resync._tag === "Snapshot"
    ? "another snapshot"
    : resync._tag === "Reconnect"
      ? "a new connection"
      : resync.wholeConnection
        ? "all channels again"
        : "its channel again"

const rowOf = (exchange: Exchange) =>
  `| ${exchange.id} | ${begins(exchange)} | ${exchange.verifiedBy} | ${exchange.bestFrom} | ${renewed(exchange)} | ${exchange.instrumentsPerConnection} | ${exchange.restPerMinute} |`

describe("README", () => {
  it.each(venueIds)("has %s's row as its connector is", (venue) => {
    assert.include(readme, rowOf(exchanges[venue]))
  })

  it("names every folder", () => {
    for (const folder of ["exchange", "feed", "transport", "wire", "discovery", "chain", "simulated", "capture"])
      assert.include(readme, `\`${folder}`)
  })
})
