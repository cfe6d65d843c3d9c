/**
 * How well a score tells two classes apart, and how honest a probability is. Labels are 0 or 1; scores and labels go by position.
 *
 * Ties count as scikit-learn counts them: equal scores enter together.
 */

/** Indices by falling score. */
const byScore = (scores: Float64Array): Uint32Array => Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!)

/**
 * Average precision: the area under precision over recall by steps, sum of (R_n - R_{n-1}) P_n. NaN without a positive.
 * As `sklearn.metrics.average_precision_score`.
 */
export const averagePrecision = (labels: Uint8Array, scores: Float64Array): number => {
  const order = byScore(scores)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  if (positives === 0) return Number.NaN
  let area = 0
  let found = 0
  for (let start = 0; start < order.length;) {
    const score = scores[order[start]!]!
    let end = start
    let here = 0
    for (; end < order.length && scores[order[end]!] === score; end++) here += labels[order[end]!]!
    found += here
    area += (here / positives) * (found / end)
    start = end
  }
  return area
}

/** The chance that a positive scores above a negative, ties half. NaN unless there are both. Mann and Whitney, 1947. */
export const rocAuc = (labels: Uint8Array, scores: Float64Array): number => {
  const order = byScore(scores)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const negatives = labels.length - positives
  if (positives === 0 || negatives === 0) return Number.NaN
  let wins = 0
  let above = 0
  for (let start = 0; start < order.length;) {
    const score = scores[order[start]!]!
    let end = start
    let here = 0
    for (; end < order.length && scores[order[end]!] === score; end++) here += labels[order[end]!]!
    const negativesHere = end - start - here
    wins += negativesHere * (above + here / 2)
    above += here
    start = end
  }
  return wins / (positives * negatives)
}

/** Mean squared distance of the probability from what happened. Brier, 1950. */
export const brierScore = (labels: Uint8Array, probabilities: Float64Array): number =>
  labels.reduce((sum, label, index) => sum + (probabilities[index]! - label) ** 2, 0) / labels.length

/** Expected calibration error over `bins` bins of equal width: how far claims are from frequencies, weighted by how often they are made. */
export const calibrationError = (labels: Uint8Array, probabilities: Float64Array, bins = 10): number => {
  const claimed = new Float64Array(bins)
  const happened = new Float64Array(bins)
  const counts = new Float64Array(bins)
  for (const [index, probability] of probabilities.entries()) {
    const bin = Math.min(bins - 1, Math.floor(probability * bins))
    claimed[bin]! += probability
    happened[bin]! += labels[index]!
    counts[bin]!++
  }
  let error = 0
  for (let bin = 0; bin < bins; bin++) error += Math.abs(claimed[bin]! - happened[bin]!)
  return error / labels.length
}
