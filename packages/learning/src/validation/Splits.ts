/**
 * Which rows to train on and which to judge by, so that nothing of what is judged was seen.
 *
 * Rows that are near in time are nearly the same row: splits are by group or by time, never shuffled row by row.
 * Source: M. López de Prado, "Advances in Financial Machine Learning", 2018, chapter 7 (purging and embargo).
 */
import { Random } from "../data/Random.ts"

export interface Split {
  readonly train: Uint32Array
  readonly test: Uint32Array
}

const where = (count: number, holds: (row: number) => boolean): Uint32Array =>
  Uint32Array.from(Array.from({ length: count }, (_, row) => row).filter(holds))

/** `folds` parts of whole groups; every row is judged once. */
export const groupFolds = (groups: ArrayLike<number>, folds: number, seed: number): ReadonlyArray<Split> => {
  const distinct = Uint32Array.from(new Set(Array.from(groups)))
  new Random(seed).shuffle(distinct)
  const foldOf = new Map(Array.from(distinct, (group, index) => [group, index % folds]))
  return Array.from({ length: Math.min(folds, distinct.length) }, (_, fold) => ({
    train: where(groups.length, (row) => foldOf.get(groups[row]!) !== fold),
    test: where(groups.length, (row) => foldOf.get(groups[row]!) === fold)
  }))
}

/** Each group by itself is judged by a model that saw none of it, nor of what came within `embargo` of it. */
export const leaveOneGroupOut = (groups: ArrayLike<number>, times: ArrayLike<number>, embargo: number): ReadonlyArray<Split> =>
  [...new Set(Array.from(groups))].map((group) => {
    let from = Number.POSITIVE_INFINITY
    let to = Number.NEGATIVE_INFINITY
    for (let row = 0; row < groups.length; row++) {
      if (groups[row] !== group) continue
      from = Math.min(from, times[row]!)
      to = Math.max(to, times[row]!)
    }
    return {
      train: where(groups.length, (row) => groups[row] !== group && (times[row]! < from - embargo || times[row]! > to + embargo)),
      test: where(groups.length, (row) => groups[row] === group)
    }
  })

/**
 * Walk forward: time is cut into `folds` + 1 equal parts, and each but the first is judged by what came before it, less the embargo:
 * a label looks ahead by up to that much.
 */
export const walkForward = (times: ArrayLike<number>, folds: number, embargo: number): ReadonlyArray<Split> => {
  const sorted = Float64Array.from(times).sort()
  const cut = (part: number) => sorted[Math.floor((part * sorted.length) / (folds + 1))] ?? Number.POSITIVE_INFINITY
  return Array.from({ length: folds }, (_, fold) => ({
    train: where(times.length, (row) => times[row]! < cut(fold + 1) - embargo),
    test: where(times.length, (row) => times[row]! >= cut(fold + 1) && times[row]! < cut(fold + 2))
  }))
}
