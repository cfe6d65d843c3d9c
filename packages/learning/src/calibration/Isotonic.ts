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
  // Blocks of [first score, last score, weighted labels, weight]; equal scores are one from the start.
  const firsts: Array<number> = []
  const lasts: Array<number> = []
  const sums: Array<number> = []
  const masses: Array<number> = []
  const moments: Array<number> = []
  for (const index of order) {
    const score = scores[index]!
    const weight = weights?.[index] ?? 1
    const top = lasts.length - 1
    if (top >= 0 && lasts[top] === score && firsts[top] === score) {
      sums[top]! += weight * labels[index]!
      masses[top]! += weight
      moments[top]! += weight * score
      continue
    }
    firsts.push(score)
    lasts.push(score)
    sums.push(weight * labels[index]!)
    masses.push(weight)
    moments.push(weight * score)
    // The block below is whole by now: it may pool with those before it.
    for (let at = firsts.length - 2; at > 0 && sums[at - 1]! * masses[at]! >= sums[at]! * masses[at - 1]!; at--) pool(at)
  }
  for (let at = firsts.length - 1; at > 0 && sums[at - 1]! * masses[at]! >= sums[at]! * masses[at - 1]!; at--) pool(at)
  const points: Array<readonly [score: number, value: number]> = []
  for (const [block, first] of firsts.entries()) {
    const value = sums[block]! / masses[block]!
    if (centred) {
      points.push([moments[block]! / masses[block]!, value])
      continue
    }
    points.push([first, value])
    if (lasts[block] !== first) points.push([lasts[block]!, value])
  }
  return { scores: Float64Array.from(points, ([score]) => score), values: Float64Array.from(points, ([, value]) => value) }

  function pool(at: number): void {
    lasts[at - 1] = lasts[at]!
    sums[at - 1]! += sums[at]!
    masses[at - 1]! += masses[at]!
    moments[at - 1]! += moments[at]!
    for (const list of [firsts, lasts, sums, masses, moments]) list.splice(at, 1)
  }
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
