import { assert, describe, it } from "@effect/vitest"
import { staleReasonOf } from "./Freshness.ts"

const source = {
  venue: "kraken",
  symbol: "USDC/USD",
  bid: 1,
  ask: 1,
  lastPrice: 1,
  ageMillis: 65_000,
  book: "good" as const,
  bidLevels: 1,
  askLevels: 1,
  staleReason: null,
  residualBps: null,
  errorBps: null,
  ownDeviationBps: null,
  ownLevel: "normal" as const,
  pool: null,
  supply: null
}

describe("Freshness", () => {
  it("says of each source why it gives no fresh price", () => {
    const sources = [
      source,
      { ...source, venue: "okx", symbol: "USDC-USDT" },
      { ...source, venue: "bitget", ageMillis: null },
      { ...source, venue: "gate", book: "stale" as const, staleReason: "gap" },
      source
    ]
    assert.strictEqual(
      staleReasonOf({ level: "stale", sources }, ["okx"]),
      "kraken USDC/USD: last heard 65 s ago; okx USDC-USDT: not connected; bitget USDC/USD: said nothing yet; gate USDC/USD: its book is stale (gap); and 1 more"
    )
    assert.strictEqual(staleReasonOf({ level: "stale", sources: [] }, []), "no source has a pair of it")
  })

  it("has nothing to say of a coin with a price", () => assert.isUndefined(staleReasonOf({ level: "watch", sources: [source] }, [])))
})
