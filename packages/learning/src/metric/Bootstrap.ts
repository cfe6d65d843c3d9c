/**
 * All figures of a scorer at once, and how far each may be off when what repeats is the event and not the row: whole groups are drawn again and
 * again. Rows are sorted once; a draw is a weight for each row. Source: B. Efron 1979; groups as in Davison and Hinkley 1997, 3.8.
 */
import { Random } from "../data/Random.ts"

export const figureNames = ["averagePrecision", "rocAuc", "brier", "brierSkill", "calibrationError"] as const
export type FigureName = (typeof figureNames)[number]
export type Figures = Readonly<Record<FigureName, number>>

export interface Interval {
  readonly value: number
  /** 5th and 95th percentile over the draws. */
  readonly low: number
  readonly high: number
}

export interface FigureReport extends Readonly<Record<FigureName, Interval>> {
  readonly rows: number
  readonly positives: number
  /** Share of positives: what an average precision is measured against. */
  readonly baseRate: number
}

const bins = 10

/** Figures with row weights; `order` is by falling score. Equal scores enter together. */
const figuresOf = (order: Uint32Array, labels: Uint8Array, scores: Float64Array, weights: Float64Array): Figures => {
  let positives = 0
  let negatives = 0
  let squares = 0
  const claimed = new Float64Array(bins)
  const happened = new Float64Array(bins)
  for (let row = 0; row < labels.length; row++) {
    const weight = weights[row]!
    if (weight === 0) continue
    const label = labels[row]!
    const score = scores[row]!
    if (label === 1) positives += weight
    else negatives += weight
    squares += weight * (score - label) * (score - label)
    const bin = Math.max(0, Math.min(bins - 1, Math.floor(score * bins)))
    claimed[bin]! += weight * score
    happened[bin]! += weight * label
  }
  let area = 0
  let wins = 0
  let found = 0
  let passed = 0
  for (let start = 0; start < order.length;) {
    const score = scores[order[start]!]!
    let hits = 0
    let misses = 0
    let end = start
    for (; end < order.length && scores[order[end]!] === score; end++) {
      const row = order[end]!
      if (labels[row] === 1) hits += weights[row]!
      else misses += weights[row]!
    }
    wins += misses * (found + hits / 2)
    found += hits
    passed += hits + misses
    if (hits > 0) area += hits * (found / passed)
    start = end
  }
  const total = positives + negatives
  const rate = positives / total
  let error = 0
  for (let bin = 0; bin < bins; bin++) error += Math.abs(claimed[bin]! - happened[bin]!)
  return {
    averagePrecision: positives > 0 ? area / positives : Number.NaN,
    rocAuc: positives > 0 && negatives > 0 ? wins / (positives * negatives) : Number.NaN,
    brier: squares / total,
    brierSkill: rate > 0 && rate < 1 ? 1 - squares / total / (rate * (1 - rate)) : Number.NaN,
    calibrationError: error / total
  }
}

/** Figures of `scores` on `labels`, with intervals over draws of whole `groups`. Undefined without rows. */
export const reportFigures = (
  labels: Uint8Array,
  scores: Float64Array,
  groups: ArrayLike<number>,
  options: { readonly rounds: number; readonly seed: number }
): FigureReport | undefined => {
  const rows = labels.length
  if (rows === 0) return undefined
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!)
  const members = [...new Set(Array.from(groups))]
  const random = new Random(options.seed)
  const draws = Array.from({ length: options.rounds }, () => {
    const times = new Map<number, number>()
    for (let i = 0; i < members.length; i++) {
      const group = members[random.below(members.length)]!
      times.set(group, (times.get(group) ?? 0) + 1)
    }
    return figuresOf(
      order,
      labels,
      scores,
      Float64Array.from({ length: rows }, (_, row) => times.get(groups[row]!) ?? 0)
    )
  })
  const whole = figuresOf(order, labels, scores, new Float64Array(rows).fill(1))
  const intervalOf = (name: FigureName): Interval => {
    const drawn = draws
      .map((figures) => figures[name])
      .filter((value) => !Number.isNaN(value))
      .sort((a, b) => a - b)
    const at = (share: number) => drawn[Math.min(drawn.length - 1, Math.floor(share * drawn.length))] ?? Number.NaN
    return { value: whole[name], low: at(0.05), high: at(0.95) }
  }
  const positives = labels.reduce((sum, label) => sum + label, 0)
  return {
    rows,
    positives,
    baseRate: positives / rows,
    averagePrecision: intervalOf("averagePrecision"),
    rocAuc: intervalOf("rocAuc"),
    brier: intervalOf("brier"),
    brierSkill: intervalOf("brierSkill"),
    calibrationError: intervalOf("calibrationError")
  }
}
