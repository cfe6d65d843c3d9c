/**
 * How near 50 bps are, told by logarithms, so that to a linear model what is near weighs more than how far the rest is: the distance in moves of the last
 * hour, ln(1 + d / σ), and the log odds of a first passage within an hour, sign(x) ln(1 + |x|), which the detectors have written before it in the row.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { hour, Mean } from "./Decay.ts"
import { detectors } from "./Detectors.ts"

/** The row's family before this one is the detectors'. */
const oddsBefore = detectors.names.length - detectors.names.indexOf("drifting_passage_1h")
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
    const odds = out[at - oddsBefore]!
    out[at + 1] = Math.sign(odds) * Math.log1p(Math.abs(odds))
    out[at] = Math.log1p(Math.max(0, breakBps - Math.abs(deviationBps)) / Math.max(movedMinBps, moved))
  }
}

export const nearness: FamilyDefinition = {
  names: ["room_log_1h", "drifting_passage_log_1h"],
  outward: [],
  make: () => new Nearness()
}
