import { assert, describe, it } from "@effect/vitest"
import { MarketRecord } from "@evenkeel/domain/market/MarketRecord"
import { candleMarket, minute, startsAt } from "../../test/support/Candles.ts"
import { Counters, venueCounters } from "./Counters.ts"
import { Market, time } from "./Market.ts"
import { candleErrorBps, Observations, poolErrorBpsOf } from "./Observations.ts"
import { instrumentState } from "./SignalRecord.ts"
import { FairValue } from "../value/FairValue.ts"

const setup = () => {
  const market = new Market(candleMarket)
  market.times[time.now] = startsAt
  const observations = new Observations(market, new Counters(new Uint32Array(venueCounters.length), 1))
  const track = market.instruments[0]!
  /** The last price's error, after what was said. */
  const error = () => track.row[instrumentState.errorBps]!
  return { error, market, observations, track }
}

describe("Observations", () => {
  it("refuses what would make every value no number: a volume or a depth below nothing", () => {
    const value = new FairValue([[0, -1]], [1])
    value.observe(0, 1, Number.NaN, 0)
    value.observe(0, Number.NaN, 1, 0)
    value.observe(0, 0.99, 1, 0)
    value.solve(0)
    assert.closeTo(value.valueBps[0]!, -100, 2)
  })

  it("takes a quote's middle, with an error that grows with its spread and doubles when it is thin", () => {
    const { error, observations, track } = setup()
    observations.quote(track, 0.9999, 1e6, 1.0001, 1e6)
    assert.strictEqual(track.lastMid, 1)
    assert.closeTo(error(), 0.6, 1e-9)
    observations.quote(track, 0.999, 1e6, 1.001, 1e6)
    assert.closeTo(error(), 6, 1e-9)
    observations.quote(track, 0.999, 1, 1.001, 1e6)
    assert.closeTo(error(), 12, 1e-9)
  })

  it("takes no price from a quote that crosses or lacks a side", () => {
    const { market, observations, track } = setup()
    for (const [bid, ask] of [
      [1.001, 1],
      [Number.NaN, 1],
      [0, 1],
      [1, Number.NaN]
    ] as const)
      observations.quote(track, bid, 1e6, ask, 1e6)
    assert.isNaN(track.row[instrumentState.bid])
    assert.strictEqual(market.touched, -1)
  })

  it("prefers a quote to a trade for a minute, and a trade after that", () => {
    const { market, observations, track } = setup()
    observations.quote(track, 0.9999, 1e6, 1.0001, 1e6)
    observations.trade(track, 0.99, 1000, -1)
    assert.strictEqual(track.lastMid, 1)
    assert.strictEqual(track.row[instrumentState.lastPrice], 0.99)
    market.times[time.now] = startsAt + minute + 1
    observations.trade(track, 0.98, 1000, -1)
    assert.strictEqual(track.lastMid, 0.98)
  })

  it("counts a trade's volume, and as bought only what a taker bought", () => {
    const { observations, track } = setup()
    observations.trade(track, 1, 300, 1)
    observations.trade(track, 1, 700, -1)
    assert.deepStrictEqual([track.volume, track.bought], [1000, 300])
  })

  it("trusts a small trade less", () => {
    const { error, observations, track } = setup()
    observations.trade(track, 1, 1000, 1)
    const large = error()
    observations.trade(track, 1, 10, 1)
    assert.isAbove(error(), large)
  })

  it("takes a candle without a trade for no news", () => {
    const { market, observations, track } = setup()
    const record = new MarketRecord()
    record.numbers.set([startsAt, 0.9, 0, 0, 0.9, 0.9, minute])
    observations.candle(track, record)
    assert.strictEqual(market.touched, -1)
    record.numbers[2] = 1000
    observations.candle(track, record)
    assert.strictEqual(market.touched, 0)
  })

  it("takes back what a source gave, until it gives another price", () => {
    const { market, observations, track } = setup()
    observations.trade(track, 1, 1000, 1)
    market.moved = false
    observations.withdraw(track)
    assert.isTrue(market.moved)
    assert.isNaN(track.row[instrumentState.lastPrice])
    assert.isNaN(market.value.residualBps[track.source])
    observations.trade(track, 0.97, 1000, 1)
    assert.strictEqual(track.row[instrumentState.lastPrice], 0.97)
  })

  it("trusts a candle by the money behind it, and a pool by its depth, within bounds", () => {
    assert.closeTo(candleErrorBps(100_000), 1.6, 0.05)
    assert.closeTo(candleErrorBps(100), 15, 0.2)
    assert.strictEqual(poolErrorBpsOf(Number.NaN), 4)
    assert.strictEqual(poolErrorBpsOf(1e9), 4)
    assert.strictEqual(poolErrorBpsOf(0), 32)
  })
})
