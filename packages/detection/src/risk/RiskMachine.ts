/**
 * One coin's risk level: raised as soon as the evidence asks for it, lowered only after it has been quiet for a while.
 *
 * - `watch`: something is unusual. One bar is enough.
 * - `warning`: off the peg and off its usual place, confirmed by bars in a row; or heavy taker selling while the price only leans.
 * - `critical`: beyond 50 bps, confirmed; or at the first such minute or oracle's round when a warning has stood within the last hour. One close
 *   of a longer bar may be a wick, whatever stood before it.
 *
 * Where one venue has broken while others hold, or where sources differ and none outweighs the others, the coin is at `warning`: when the others
 * follow, the first bar beyond 50 bps is critical.
 *
 * Of a pair that is seen alone both readings are judged, each by its own thresholds; the less likely one is at most a warning.
 *
 * Every level asks that the distance is significant: more than twice the fair value's error, and away from the peg: a coin on its way
 * back alarms nobody. A premium is never more than a warning, and must be twice as far: nobody loses their dollar to it.
 *
 * An alarm that nothing renews for hours has become how things are. It is let go, and where the coin stands is its usual place from
 * then on; a break (beyond 50 bps) is never let go so. Beyond 50 bps the level is never below `watch`, however long the coin has stood there.
 */
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { barsToConfirm } from "../detector/Confirmation.ts"

export const riskThresholds = {
  stressBps: 20,
  breakBps: 50,
  /** A warning's bars must lie beyond this: in short bars, in short bars when the score is decisive, in long bars and rounds, above the peg. */
  warningBps: 20,
  warningDecisiveBps: 15,
  warningLongBarBps: 35,
  warningPremiumBps: 40,
  decisiveScore: 12,
  /** Distance from the coin's usual place that a warning asks for as well, below and above the peg. */
  warningAwayBps: 15,
  warningPremiumAwayBps: 25,
  /** Minimum distance for `watch`, in bps; doubled above the peg. */
  watchBps: 10,
  watchScore: 6,
  watchCusum: 12,
  watchChangepoint: 0.9,
  significance: 2,
  /** Net taker selling over one hour and over two, in standard deviations, and the surge in volume, that warn by themselves. */
  flowScore: 5,
  flowSurge: 10,
  /** The price must lean down by this share of its usual deviation. */
  flowLean: 0.2,
  /** The same where sides were inferred from prices: less of it, with a price that has moved already. */
  inferredScore: 3,
  inferredSurge: 5,
  inferredPriceScore: 4,
  inferredBps: 15
} as const

const minute = 60_000
const hour = 60 * minute
const longBarMillis = hour / 4
const watchHoldMillis = hour / 4
/** An alarm that nothing has renewed for so long is accepted as normal. */
const acceptMillis = 4 * hour
/** A new extreme renews an alarm when it is so much farther. */
const renewBps = 5
/** What is believed less than this is never critical. */
const likely = 0.65
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
  scaleBps = 1
  score = 0
  cusum = 0
  changepoint = 0
  /** Bars in a row beyond 20 bps, beyond what a warning asks for, and beyond 50 bps. */
  stressBars = 0
  warningBars = 0
  breakBars = 0
  /** A venue stands apart from the rest. */
  local = false
  /** Sources differ, and no set of them outweighs the next: the deviation is that of one of them. */
  disputed = false
  /** A source that stands apart, or one that is disputed, has broken by its own price: see `VenueRisk`. */
  brokenElsewhere = false
  /** Share of belief that it is this coin that moved, where one pair alone is seen; NaN where it is known. */
  share = Number.NaN
  /** Every source with a fresh price has broken by its own price: however they differ, the coin has. */
  brokenEverywhere = false
  /** The coin is judged by an oracle's rounds, each of which is a median of many venues and no wick. */
  rounds = false
  /** See `Flow`: of the source whose takers sell hardest. */
  flowShort = Number.NaN
  flowLong = Number.NaN
  flowSurge = Number.NaN
  flowInferred = false
  leanBps = 0
}

/** What the bars in a row that confirm a warning must lie beyond. */
export const warningLevelBps = ({ barMillis, deviationBps, score }: RiskEvidence): number => {
  const t = riskThresholds
  if (deviationBps > 0) return t.warningPremiumBps
  if (barMillis >= longBarMillis) return t.warningLongBarBps
  return score < -t.decisiveScore ? t.warningDecisiveBps : t.warningBps
}

/** Takers sell far more than they do in a usual week, at many times the usual volume, and the price leans down. */
export const isRun = (evidence: RiskEvidence): boolean => {
  const t = riskThresholds
  const { deviationBps, flowInferred, flowLong, flowShort, flowSurge } = evidence
  if (!flowInferred) {
    const sold = flowShort < -t.flowScore && flowLong < -t.flowScore && flowSurge > t.flowSurge
    return sold && evidence.leanBps < -t.flowLean * evidence.scaleBps
  }
  const sold = flowShort < -t.inferredScore && flowLong < -t.inferredScore && flowSurge > t.inferredSurge
  return sold && evidence.barMillis <= longBarMillis && evidence.score < -t.inferredPriceScore && deviationBps < -t.inferredBps
}

export class RiskMachine {
  level = 0
  /** When the level was last at `warning` or above. */
  private warned = Number.NEGATIVE_INFINITY
  /** Since when the evidence has been weak enough to leave the level; NaN while it has not. */
  private quietSince = Number.NaN
  /** When evidence last raised the level or made the alarm worse, and how far the coin stood then. NaN: counts from the next bar. */
  private renewed = Number.NEGATIVE_INFINITY
  private worstBps = 0
  /** The last update let an alarm go because where the coin stands has become its usual place. */
  acceptedAsNormal = false

  /** Starts at a level that was decided before; the same rules lead away from it as from one of its own. */
  resume(level: number): void {
    this.level = level
    this.quietSince = Number.NaN
    this.renewed = Number.NaN
    this.worstBps = 0
  }

  /** Raises the level to `critical` between two bars, on evidence of its own; false where it stood there. */
  raise(time: number, deviationBps: number): boolean {
    this.renewed = time
    this.warned = time
    this.worstBps = Math.max(this.worstBps, Math.abs(deviationBps))
    this.quietSince = Number.NaN
    if (this.level === critical) return false
    this.level = critical
    return true
  }

  /** Takes a bar's evidence; true when the level changed. */
  update(evidence: RiskEvidence): boolean {
    const asked = this.asked(evidence)
    const before = this.level
    const far = Math.abs(evidence.deviationBps)
    this.acceptedAsNormal = false
    if (Number.isNaN(this.renewed)) this.renewed = evidence.time
    const apart = evidence.local || evidence.disputed
    if (asked > before || far > this.worstBps + renewBps || evidence.breakBars > 0 || (apart && asked >= before)) {
      this.renewed = evidence.time
      this.worstBps = asked > before ? far : Math.max(far, this.worstBps)
    }
    if (asked > before) {
      this.level = asked
      this.quietSince = Number.NaN
    } else if (before > 0 && evidence.time - this.renewed >= acceptMillis) {
      this.level = far > riskThresholds.breakBps ? watch : 0
      this.acceptedAsNormal = true
    } else if (asked < before && this.quiet(evidence, asked)) {
      if (Number.isNaN(this.quietSince)) this.quietSince = evidence.time
      if (evidence.time - this.quietSince >= (before === watch ? watchHoldMillis : hour)) {
        this.level = asked
        this.quietSince = Number.NaN
      }
    } else this.quietSince = Number.NaN
    if (this.level === 0) {
      this.worstBps = 0
      this.quietSince = Number.NaN
    }
    if (this.level >= warning) this.warned = evidence.time
    return this.level !== before
  }

  /** The level that this bar alone asks for. */
  private asked(evidence: RiskEvidence): number {
    const t = riskThresholds
    const { baselineBps, deviationBps } = evidence
    const premium = deviationBps > 0
    const far = Math.abs(deviationBps)
    // On its way back to the peg it is not away, however far it still stands.
    const away = Math.max(0, premium ? deviationBps - baselineBps : baselineBps - deviationBps)
    const apart = evidence.local || evidence.disputed
    const floor = isRun(evidence) || (apart && evidence.brokenElsewhere) ? warning : apart ? watch : 0
    if (evidence.disputed && evidence.brokenEverywhere) return critical
    if (far <= t.significance * evidence.errorBps) return floor
    const bars = barsToConfirm(evidence.barMillis)
    const warnedLately = evidence.time - this.warned <= hour && (evidence.barMillis <= minute || evidence.rounds)
    if (evidence.breakBars >= bars || (evidence.breakBars > 0 && warnedLately))
      return premium || evidence.share < likely ? warning : critical
    const rest = Math.max(floor, far > t.breakBps ? watch : 0)
    if (away <= t.significance * evidence.errorBps) return rest
    if (evidence.warningBars >= bars && away > (premium ? t.warningPremiumAwayBps : t.warningAwayBps)) return warning
    const unusual =
      Math.abs(evidence.score) > t.watchScore ||
      Math.abs(evidence.cusum) > t.watchCusum ||
      evidence.changepoint > t.watchChangepoint ||
      evidence.stressBars > 0
    const least = premium ? 2 * t.watchBps : t.watchBps
    return Math.max(rest, unusual && far > least && away > least ? watch : 0)
  }

  /** A level is left inside half of the distance that raised it; `watch` as soon as nothing asks for it. */
  private quiet(evidence: RiskEvidence, asked: number): boolean {
    const away = Math.min(Math.abs(evidence.deviationBps), Math.abs(evidence.deviationBps - evidence.baselineBps))
    if (this.level === critical) return away < riskThresholds.breakBps / 2
    if (this.level === warning) return away < riskThresholds.stressBps / 2
    return asked < watch
  }
}
