/**
 * How near 50 bps are, in moves of the last hour, ln(1 + d / σ): told by the logarithm, so that to a linear model what is near weighs more than how
 * far the rest is.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { hour, Mean } from "./Decay.ts"

const breakBps = 50
/** A coin that has not moved for an hour may still move so much in one. */
const movedMinBps = 1

class Nearness implements Family {
  private readonly variance = new Mean(hour)
  private last = Number.NaN

  update({ deviationBps, elapsed }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.last
    this.last = deviationBps
    this.variance.update(elapsed > 0 ? (change * change * hour) / elapsed : Number.NaN, elapsed)
    const moved = Math.sqrt(Number.isNaN(this.variance.value) ? 0 : this.variance.value)
    out[at] = Math.log1p(Math.max(0, breakBps - Math.abs(deviationBps)) / Math.max(movedMinBps, moved))
  }
}

export const nearness: FamilyDefinition = {
  names: ["room_log_1h"],
  outward: [],
  make: () => new Nearness()
}
