import { assert, describe, it } from "@effect/vitest"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { decoding } from "../../test/support/Decoding.ts"
import { decoders } from "../exchange/Decoders.ts"
import { messageIn } from "../exchange/Exchange.ts"
import { exchanges } from "../exchange/Exchanges.ts"
import { scenarios } from "./Scenario.ts"
import { recordSession } from "./Session.ts"
import { symbolOf } from "./Symbols.ts"

/** Venues that begin a subscription to trades with those before it. */
const withHistory: ReadonlySet<VenueId> = new Set(["coinbase", "htx", "cryptocom", "bitget"])

describe("recordSession", () => {
  it.each(venueIds)("%s: trades from before the subscription are not live, and live trades come in order", (venue) => {
    const scenario = scenarios["usdc-2023-03"]()
    const instruments = ["USDT", "DAI", "FDUSD"].map((quote) => ({ venue, symbol: symbolOf[venue]("USDC", quote), base: "USDC", quote }))
    const { events, receive } = decoding(decoders[venue], ...instruments.map(({ symbol }) => symbol))
    for (const { bytes, kind } of recordSession({ venue, instruments, scenario, seed: 3, frames: 2000 }))
      if (kind === "recv") receive(messageIn(exchanges[venue], bytes))
    const times = (wanted: string, symbol: string) =>
      events.flatMap((event) => (event.kind === wanted && event.symbol === symbol && "price" in event ? [event.time] : []))
    let past = 0
    for (const { symbol } of instruments) {
      const before = times("pastTrade", symbol)
      const live = times("trade", symbol)
      past += before.length
      assert.isNotEmpty(live)
      for (const list of [before, live])
        assert.deepStrictEqual(
          list,
          list.toSorted((a, b) => a - b)
        )
      assert.isTrue(before.every((time) => time <= scenario.startsAt))
      assert.isTrue(live.every((time) => time > scenario.startsAt))
    }
    assert.strictEqual(past > 0, withHistory.has(venue))
  })
})
