import { assert, describe, it } from "@effect/vitest"
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { candleMarket, minute, startsAt } from "../../test/support/Candles.ts"
import { Counters, venueCounters } from "./Counters.ts"
import { Market, time } from "./Market.ts"
import { Observations } from "./Observations.ts"
import { agreeingVenues, carrierOf, deviationOf, observedAt } from "./Views.ts"

const [kraken, binance] = [0b01, 0b10]

/** USDC and USDT at these prices in dollars, and USDC in USDT. */
const setup = (usdc: number, usdt: number, cross: number) => {
  const market = new Market(candleMarket)
  market.times[time.now] = startsAt
  const observations = new Observations(market, new Counters(new Uint32Array(venueCounters.length), 1))
  for (const [instrument, price] of [usdc, usdt, cross].entries())
    observations.quote(market.instruments[instrument]!, price - 1e-5, 1e6, price + 1e-5, 1e6)
  market.value.solve(startsAt)
  return market
}

describe("what follows from the market's state", () => {
  it("has the distance from the peg in basis points", () => {
    const market = setup(0.99, 1, 0.99)
    assert.closeTo(deviationOf(market, 0), -100, 1)
    assert.closeTo(deviationOf(market, 1), 0, 1)
  })

  it("names venues that agree with the fair value, while their prices are fresh", () => {
    const market = setup(1, 1, 1)
    assert.strictEqual(agreeingVenues(market, 0, true), kraken | binance)
    assert.strictEqual(agreeingVenues(market, 0, false), 0)
    market.times[time.now] = startsAt + 16 * minute
    assert.strictEqual(agreeingVenues(market, 0, true), 0)
  })

  it("names the coin that fell earlier and farther, and none for a coin that fell alone or first", () => {
    const market = setup(1, 1, 1)
    const [first, second] = market.coins
    first!.since = startsAt
    second!.since = startsAt + minute
    first!.machine.resume(severity("critical"))
    first!.evidence.deviationBps = -300
    second!.evidence.deviationBps = -80
    assert.strictEqual(carrierOf(market, 1), 0)
    assert.strictEqual(carrierOf(market, 0), -1)
    first!.evidence.deviationBps = -60
    assert.strictEqual(carrierOf(market, 1), -1, "it fell less")
  })

  it("knows when a coin was last observed", () => {
    assert.strictEqual(observedAt(setup(1, 1, 1), 0), startsAt)
    assert.strictEqual(observedAt(new Market(candleMarket), 0), Number.NEGATIVE_INFINITY)
  })
})
