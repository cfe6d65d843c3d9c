/**
 * How far the coin is from its peg, and from where it has stood for five days: the three quantities that a study found to carry over to breaks
 * that nobody had seen, where many others tell only which crisis of the past it is. See docs/model-card.md.
 *
 * The departure is the lesser of the last deviation's and of the median of the last three, so that one wick is none.
 */
import { TrailingMedian } from "../../detector/TrailingMedian.ts"
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day } from "./Decay.ts"

const usualWindow = 5 * day
/** Farther than this a break has come, and a price says no more than that. */
const distanceMaxBps = 50
const departureMaxBps = 60

class Departure implements Family {
  private readonly usual = new TrailingMedian(usualWindow)
  private last = Number.NaN
  private beforeLast = Number.NaN

  update({ deviationBps, time }: CoinBar, out: Float64Array, at: number): void {
    const { median, spread } = this.usual
    const last = Number.isNaN(this.last) ? deviationBps : this.last
    const third = Number.isNaN(this.beforeLast) ? last : this.beforeLast
    const middle = Math.max(Math.min(deviationBps, last), Math.min(Math.max(deviationBps, last), third))
    out[at] = Math.min(distanceMaxBps, Math.abs(deviationBps))
    out[at + 1] = Math.min(departureMaxBps, Math.abs(deviationBps - median), Math.abs(middle - median))
    out[at + 2] = spread
    if (this.usual.isDue(time)) this.usual.update(time, deviationBps)
    this.beforeLast = this.last
    this.last = deviationBps
  }
}

export const departure: FamilyDefinition = {
  names: ["capped_distance_bps", "departure_bps", "usual_spread_bps"],
  outward: [],
  make: () => new Departure()
}
