/** What bitcoin does: its return and volatility, and whether the coin moves with it. */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, hour, Mean, Pair } from "./Decay.ts"

class Market implements Family {
  private readonly mean = new Mean(hour)
  private readonly squares = new Mean(day)
  private readonly pair = new Pair(day)
  private last = Number.NaN
  private lastDeviation = Number.NaN

  update({ deviationBps, elapsed, marketPrice }: CoinBar, out: Float64Array, at: number): void {
    const price = 1e4 * Math.log(marketPrice)
    const change = price - this.last
    out[at] = price - this.mean.value
    out[at + 1] = Math.sqrt(this.squares.update(elapsed > 0 ? (change * change * hour) / elapsed : Number.NaN, elapsed))
    this.pair.update(change, deviationBps - this.lastDeviation, elapsed)
    out[at + 2] = this.pair.correlation
    this.mean.update(price, elapsed)
    this.last = price
    this.lastDeviation = deviationBps
  }
}

export const market: FamilyDefinition = {
  names: ["market_return_bps", "market_volatility", "market_correlation"],
  outward: ["market_return_bps"],
  make: () => new Market()
}
