/**
 * The rising step function that fits labels best: pool adjacent violators. Between its steps it is straight, as scikit-learn's
 * `IsotonicRegression(out_of_bounds="clip")`. Source: R. Barlow et al., "Statistical Inference under Order Restrictions", 1972.
 */
export interface Isotonic {
  /** Ascending scores and the probability at each; straight in between, flat outside. */
  readonly scores: Float64Array
  readonly values: Float64Array
}

/**
 * `centred` puts each step's value at the mean of its scores and draws straight lines between: it then rises everywhere, and two rows of
 * different scores never tie. Source: A. Oron and N. Flournoy, "Centered Isotonic Regression", 2017.
 */
export const fitIsotonic = (scores: Float64Array, labels: Uint8Array, weights?: Float64Array, centred = false): Isotonic => {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!)
  return fitSorted(
    Float64Array.from(order, (row) => scores[row]!),
    Uint8Array.from(order, (row) => labels[row]!),
    Float64Array.from(order, (row) => weights?.[row] ?? 1),
    centred
  )
}

/** The same of rows whose scores ascend. */
export const fitSorted = (scores: Float64Array, labels: Uint8Array, weights: Float64Array, centred = false): Isotonic => {
  // A stack of blocks: their first and last score, weighted labels, weight, and weighted scores. Equal scores are one block from the start.
  const firsts = new Float64Array(scores.length)
  const lasts = new Float64Array(scores.length)
  const sums = new Float64Array(scores.length)
  const masses = new Float64Array(scores.length)
  const moments = new Float64Array(scores.length)
  let top = -1
  /** The top block is whole: it joins those below it for as long as they do not rise. */
  const poolTop = () => {
    for (; top > 0 && sums[top - 1]! * masses[top]! >= sums[top]! * masses[top - 1]!; top--) {
      lasts[top - 1] = lasts[top]!
      sums[top - 1]! += sums[top]!
      masses[top - 1]! += masses[top]!
      moments[top - 1]! += moments[top]!
    }
  }
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!
    const weight = weights[index]!
    if (top < 0 || firsts[top] !== score || lasts[top] !== score) {
      poolTop()
      top++
      firsts[top] = lasts[top] = score
      sums[top] = masses[top] = moments[top] = 0
    }
    sums[top]! += weight * labels[index]!
    masses[top]! += weight
    moments[top]! += weight * score
  }
  poolTop()
  const points: Array<readonly [score: number, value: number]> = []
  for (let block = 0; block <= top; block++) {
    const value = sums[block]! / masses[block]!
    if (centred) points.push([moments[block]! / masses[block]!, value])
    else {
      points.push([firsts[block]!, value])
      if (lasts[block] !== firsts[block]) points.push([lasts[block]!, value])
    }
  }
  return { scores: Float64Array.from(points, ([score]) => score), values: Float64Array.from(points, ([, value]) => value) }
}

/** Straight between points, flat outside of them; NaN where there is none. */
export const interpolate = (scores: Float64Array, values: Float64Array, score: number): number => {
  const count = scores.length
  if (count === 0 || Number.isNaN(score)) return Number.NaN
  if (score <= scores[0]!) return values[0]!
  if (score >= scores[count - 1]!) return values[count - 1]!
  let low = 0
  let high = count - 1
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (scores[middle]! <= score) low = middle
    else high = middle
  }
  const share = (score - scores[low]!) / (scores[high]! - scores[low]!)
  return values[low]! + share * (values[high]! - values[low]!)
}

export const applyIsotonic = ({ scores, values }: Isotonic, score: number): number => interpolate(scores, values, score)
