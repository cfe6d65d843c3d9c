/**
 * How fast the deviation moves, bps an hour: its distance from its own mean of a span, over the span. The means forget with time.
 * Source: the time-aware exponential mean of `Decay`.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { hour, Mean, minute } from "./Decay.ts"

const spans = [15 * minute, hour, 4 * hour, 24 * hour] as const

class Slope implements Family {
  private readonly means = spans.map((span) => new Mean(span))
  private last = Number.NaN

  update({ deviationBps, elapsed }: CoinBar, out: Float64Array, at: number): void {
    for (let i = 0; i < spans.length; i++) {
      const before = this.means[i]!.value
      out[at + i] = Number.isNaN(before) ? Number.NaN : ((deviationBps - before) * hour) / Math.max(spans[i]!, elapsed)
      this.means[i]!.update(deviationBps, elapsed)
    }
    out[at + 4] = out[at]! - out[at + 1]!
    out[at + 5] = deviationBps - this.last
    this.last = deviationBps
  }
}

export const slope: FamilyDefinition = {
  names: ["slope_15m", "slope_1h", "slope_4h", "slope_24h", "acceleration", "change_bps"],
  outward: ["slope_15m", "slope_1h", "slope_4h", "slope_24h", "acceleration", "change_bps"],
  make: () => new Slope()
}
