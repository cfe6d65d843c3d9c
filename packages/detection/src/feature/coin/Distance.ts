/** How far the coin is from its peg, from its usual place, and from what its sources can tell. */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, Mean } from "./Decay.ts"

class Distance implements Family {
  private readonly week = new Mean(7 * day)
  private readonly day = new Mean(day)
  private high = Number.NaN

  update(bar: CoinBar, out: Float64Array, at: number): void {
    const { baselineBps, deviationBps, elapsed, errorBps, scaleBps } = bar
    const away = deviationBps - baselineBps
    // The day's high, which sinks towards the day's mean as it ages.
    const mean = this.day.update(deviationBps, elapsed)
    this.high = Number.isNaN(this.high) ? deviationBps : Math.max(deviationBps, mean + (this.high - mean) * Math.exp(-elapsed / day))
    out[at] = deviationBps
    out[at + 1] = Math.abs(deviationBps)
    out[at + 2] = away
    out[at + 3] = away / scaleBps
    out[at + 4] = errorBps
    out[at + 5] = errorBps > 0 ? Math.abs(away) / errorBps : Number.NaN
    out[at + 6] = deviationBps - this.week.update(deviationBps, elapsed)
    out[at + 7] = this.high - deviationBps
    out[at + 8] = scaleBps
    out[at + 9] = Math.abs(deviationBps) * Math.log1p(Math.abs(away / scaleBps))
  }
}

export const distance: FamilyDefinition = {
  names: [
    "deviation_bps",
    "distance_bps",
    "away_bps",
    "robust_score",
    "error_bps",
    "significance",
    "week_distance_bps",
    "drawdown_bps",
    "scale_bps",
    "distance_times_log_score"
  ],
  outward: ["away_bps", "robust_score", "week_distance_bps"],
  make: () => new Distance()
}
