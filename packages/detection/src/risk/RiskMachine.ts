/**
 * One coin's risk level: raised as soon as the evidence asks for it, lowered only after it has been quiet for a while.
 *
 * - `watch`: something is unusual. One bar is enough.
 * - `warning`: off the peg and off its usual place, confirmed by bars in a row.
 * - `critical`: beyond 50 bps, confirmed; or at the first such bar when a warning has stood within the last hour.
 *
 * Every level asks that the distance is significant: more than twice the fair value's error. A premium is never more than a
 * warning: nobody loses their dollar to it.
 */
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { barsToConfirm } from "../detector/Confirmation.ts"

export const riskThresholds = {
  stressBps: 20,
  breakBps: 50,
  /** Below this no level is left `normal` for. */
  watchBps: 10,
  watchScore: 4,
  watchCusum: 12,
  watchChangepoint: 0.9,
  /** Distance from the coin's usual place that a warning and a critical ask for as well. */
  warningAwayBps: 15,
  criticalAwayBps: 25,
  significance: 2
} as const

const hour = 3_600_000
const watchHoldMillis = hour / 4

const watch = severity("watch")
const warning = severity("warning")
const critical = severity("critical")

/** A coin at a bar's close. */
export class RiskEvidence {
  time = 0
  barMillis = 60_000
  deviationBps = 0
  errorBps = 0
  baselineBps = 0
  score = 0
  cusum = 0
  changepoint = 0
  /** Bars in a row beyond 20 and 50 bps. */
  stressBars = 0
  breakBars = 0
  /** A venue stands apart from the rest. */
  local = false
}

export class RiskMachine {
  level = 0
  /** When the level was last at `warning` or above. */
  #warned = Number.NEGATIVE_INFINITY
  /** Since when the evidence has been weak enough to leave the level; NaN while it has not. */
  #quietSince = Number.NaN

  /** Takes a bar's evidence; true when the level changed. */
  update(evidence: RiskEvidence): boolean {
    const asked = this.#asked(evidence)
    const before = this.level
    if (asked > before) {
      this.level = asked
      this.#quietSince = Number.NaN
    } else if (asked < before && this.#quiet(evidence, asked)) {
      if (Number.isNaN(this.#quietSince)) this.#quietSince = evidence.time
      if (evidence.time - this.#quietSince >= (before === watch ? watchHoldMillis : hour)) {
        this.level = asked
        this.#quietSince = Number.NaN
      }
    } else this.#quietSince = Number.NaN
    if (this.level >= warning) this.#warned = evidence.time
    return this.level !== before
  }

  /** The level that this bar alone asks for. */
  #asked(evidence: RiskEvidence): number {
    const t = riskThresholds
    const far = Math.abs(evidence.deviationBps)
    const away = Math.abs(evidence.deviationBps - evidence.baselineBps)
    if (away <= t.significance * evidence.errorBps) return evidence.local ? watch : 0
    const bars = barsToConfirm(evidence.barMillis)
    const warnedLately = evidence.time - this.#warned <= hour
    const broken = evidence.breakBars >= bars || (evidence.breakBars > 0 && warnedLately)
    if (broken && away > t.criticalAwayBps) return evidence.deviationBps > 0 ? warning : critical
    if (evidence.stressBars >= bars && away > t.warningAwayBps) return warning
    const unusual =
      Math.abs(evidence.score) > t.watchScore ||
      Math.abs(evidence.cusum) > t.watchCusum ||
      evidence.changepoint > t.watchChangepoint ||
      evidence.stressBars > 0
    return evidence.local || (unusual && far > t.watchBps && away > t.watchBps / 2) ? watch : 0
  }

  /** A level is left inside half of the distance that raised it; `watch` as soon as nothing asks for it. */
  #quiet(evidence: RiskEvidence, asked: number): boolean {
    const away = Math.min(Math.abs(evidence.deviationBps), Math.abs(evidence.deviationBps - evidence.baselineBps))
    if (this.level === critical) return away < riskThresholds.breakBps / 2
    if (this.level === warning) return away < riskThresholds.stressBps / 2
    return asked < watch
  }
}
