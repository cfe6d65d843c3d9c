import { assert, describe, it } from "@effect/vitest"
import { layerVenues, Venues } from "@evenkeel/connectors/exchange/Venues"
import { SimulatedInstrument } from "@evenkeel/connectors/simulated/Market"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { Effect } from "effect"
import { conformance } from "../../app/test/support/Conformance.ts"
import { acmeDialect } from "./CustomDialect.ts"
import { acme } from "./CustomVenue.ts"

const symbolOf = (base: string, quote: string) => `${base}-${quote}`

conformance("a custom venue", { venue: acme, dialect: acmeDialect, symbolOf })

describe("a custom venue", () => {
  it.effect("is registered beside the built-in ones, and its decoder can be imported where threads begin", () =>
    Effect.gen(function* () {
      const venues = yield* Venues
      assert.strictEqual(venues.get("acme"), acme)
      const { decoder } = venues.threadSources[venues.wireNumber("acme")]!
      const module = yield* Effect.promise(() => import(decoder!.module))
      assert.strictEqual(module[decoder!.export], acme.decoder)
    }).pipe(Effect.provide(layerVenues([acme])))
  )

  it("lists its pairs and tells its time", () => {
    const scenario = scenarios.calm()
    const instrument = { venue: "acme", symbol: "DAI-USD", base: "DAI", quote: "USD" }
    const market = {
      instruments: new Map([[instrument.symbol, new SimulatedInstrument(instrument, scenario, 1)]]),
      now: () => scenario.startsAt,
      badChecksums: false
    }
    const ask = (path: string) => acmeDialect.get(new URL(path, "http://venue"), market)
    const { decodeListings, decodeTime, listingsPath, timePath } = acme.exchange
    assert.deepInclude(decodeListings(ask(listingsPath))?.[0], { symbol: "DAI-USD", base: "DAI", quote: "USD", trading: true })
    assert.strictEqual(decodeTime(ask(timePath)), scenario.startsAt)
  })
})
