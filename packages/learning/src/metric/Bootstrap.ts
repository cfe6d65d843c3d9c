/**
 * All figures of a scorer at once, and how far each may be off when what repeats is the event and not the row: whole groups are drawn again and
 * again. Rows are sorted once; a draw is a weight for each group. Source: B. Efron 1979; groups as in Davison and Hinkley 1997, 3.8.
 */
import { Random } from "../data/Random.ts"

/** `averagePrecisionEqual` is the average precision where the positives of every group weigh alike, however many rows a group has. */
export const figureNames = ["averagePrecision", "averagePrecisionEqual", "rocAuc", "brier", "brierSkill", "calibrationError"] as const
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

/** Rows by falling score, and the number of the group that each belongs to. */
interface Sorted {
  readonly scores: Float64Array
  readonly labels: Uint8Array
  readonly groups: Uint32Array
}

/** Figures when each group counts so many times. Equal scores enter together. */
const figuresOf = ({ groups, labels, scores }: Sorted, times: Float64Array): Figures => {
  let squares = 0
  const claimed = new Float64Array(bins)
  const happened = new Float64Array(bins)
  let area = 0
  let equalArea = 0
  let equalHits = 0
  const evened = evenedOf(labels, groups, times)
  let wins = 0
  let positives = 0
  let negatives = 0
  for (let row = 0; row < scores.length;) {
    const score = scores[row]!
    let hits = 0
    let equal = 0
    let misses = 0
    do {
      const weight = times[groups[row]!]!
      if (labels[row] === 1) {
        hits += weight
        equal += weight * evened[groups[row]!]!
      } else misses += weight
      row++
    } while (row < scores.length && scores[row] === score)
    wins += misses * (positives + hits / 2)
    positives += hits
    negatives += misses
    equalHits += equal
    if (hits > 0) area += hits * (positives / (positives + negatives))
    if (equal > 0) equalArea += equal * (equalHits / (equalHits + negatives))
    squares += hits * (score - 1) * (score - 1) + misses * score * score
    const bin = Math.max(0, Math.min(bins - 1, Math.floor(score * bins)))
    claimed[bin]! += (hits + misses) * score
    happened[bin]! += hits
  }
  const total = positives + negatives
  const rate = positives / total
  let error = 0
  for (let bin = 0; bin < bins; bin++) error += Math.abs(claimed[bin]! - happened[bin]!)
  return {
    averagePrecision: positives > 0 ? area / positives : Number.NaN,
    averagePrecisionEqual: equalHits > 0 ? equalArea / equalHits : Number.NaN,
    rocAuc: positives > 0 && negatives > 0 ? wins / (positives * negatives) : Number.NaN,
    brier: squares / total,
    brierSkill: rate > 0 && rate < 1 ? 1 - squares / total / (rate * (1 - rate)) : Number.NaN,
    calibrationError: error / total
  }
}

/** What a positive of each group weighs so that all groups weigh alike, and all positives together as much as before. */
const evenedOf = (labels: Uint8Array, groups: Uint32Array, times: Float64Array): Float64Array => {
  const positives = new Float64Array(times.length)
  for (let row = 0; row < labels.length; row++) positives[groups[row]!]! += labels[row]!
  let drawn = 0
  let total = 0
  for (let group = 0; group < times.length; group++) {
    if (positives[group]! > 0) drawn += times[group]!
    total += times[group]! * positives[group]!
  }
  return positives.map((count) => (count > 0 ? total / (drawn * count) : 0))
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
  const numbers = new Map([...new Set(Array.from(groups))].map((group, number) => [group, number]))
  const sorted: Sorted = {
    scores: Float64Array.from(order, (row) => scores[row]!),
    labels: Uint8Array.from(order, (row) => labels[row]!),
    groups: Uint32Array.from(order, (row) => numbers.get(groups[row]!)!)
  }
  const random = new Random(options.seed)
  const draws = Array.from({ length: options.rounds }, () => {
    const times = new Float64Array(numbers.size)
    for (let i = 0; i < times.length; i++) times[random.below(times.length)]!++
    return figuresOf(sorted, times)
  })
  const whole = figuresOf(sorted, new Float64Array(numbers.size).fill(1))
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
    averagePrecisionEqual: intervalOf("averagePrecisionEqual"),
    rocAuc: intervalOf("rocAuc"),
    brier: intervalOf("brier"),
    brierSkill: intervalOf("brierSkill"),
    calibrationError: intervalOf("calibrationError")
  }
}
