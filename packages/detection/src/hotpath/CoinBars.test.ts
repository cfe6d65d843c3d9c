import { assert, describe, it } from "@effect/vitest"
import { candleMarket, startsAt } from "../../test/support/Candles.ts"
import { Counters, venueCounters } from "./Counters.ts"
import { CoinBars } from "./CoinBars.ts"
import { Market, time } from "./Market.ts"
import { Observations } from "./Observations.ts"

const setup = () => {
  const market = new Market(candleMarket)
  market.times[time.now] = startsAt
  const bars = new CoinBars(market.coins, market.bySource, market.value)
  const observations = new Observations(market, new Counters(new Uint32Array(venueCounters.length), 1))
  const gather = () => {
    market.value.solve(startsAt)
    market.coins[0]!.evidence.time = startsAt
    return bars.gather(0, 0, Number.NaN)
  }
  return { gather, market, observations }
}

describe("CoinBars", () => {
  it("knows no volume where no source tells one", () => {
    const { gather, market, observations } = setup()
    observations.quote(market.instruments[0]!, 0.9999, 1e6, 1.0001, 1e6)
    const bar = gather()
    assert.isNaN(bar.volume)
    assert.isNaN(bar.bought)
  })

  it("adds up a coin's volume over its sources, and counts what has no taker side as half bought", () => {
    const { gather, market, observations } = setup()
    observations.trade(market.instruments[0]!, 1, 1000, 1)
    market.instruments[2]!.addVolume(500, Number.NaN)
    const bar = gather()
    assert.strictEqual(bar.volume, 1500)
    assert.strictEqual(bar.bought, 1250)
  })

  it("counts volume for the coin that is sold, not for the one that it is sold for", () => {
    const { gather, market, observations } = setup()
    observations.trade(market.instruments[1]!, 1, 1000, 1)
    assert.isNaN(gather().volume)
  })
})
