/**
 * How well a score tells two classes apart, and how honest a probability is. Labels are 0 or 1; scores and labels go by position.
 *
 * Ties count as scikit-learn counts them: equal scores enter together.
 */

/** Indices by falling score. */
const byScore = (scores: Float64Array): Uint32Array => Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!)

/**
 * Average precision: the area under precision over recall by steps, sum of (R_n - R_{n-1}) P_n. NaN without a positive.
 * As `sklearn.metrics.average_precision_score`. Each row counts as often as `weights` says, once when left out.
 */
export const averagePrecision = (labels: Uint8Array, scores: Float64Array, weights?: Float64Array): number => {
  const order = byScore(scores)
  let area = 0
  let hits = 0
  let all = 0
  for (let at = 0; at < order.length;) {
    const score = scores[order[at]!]!
    let here = 0
    for (; at < order.length && scores[order[at]!] === score; at++) {
      const weight = weights?.[order[at]!] ?? 1
      all += weight
      here += weight * labels[order[at]!]!
    }
    hits += here
    if (here > 0) area += here * (hits / all)
  }
  return hits > 0 ? area / hits : Number.NaN
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

/** How much better than always claiming the base rate: 1 - Brier / Brier of the base rate. NaN with one class only. */
export const brierSkill = (labels: Uint8Array, probabilities: Float64Array): number => {
  const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length
  const reference = rate * (1 - rate)
  return reference > 0 ? 1 - brierScore(labels, probabilities) / reference : Number.NaN
}

/** Mean negative log likelihood, nats; probabilities are kept 1e-15 away from 0 and 1. As `sklearn.metrics.log_loss`. */
export const logLoss = (labels: Uint8Array, probabilities: Float64Array): number =>
  labels.reduce((sum, label, index) => {
    const bounded = Math.max(1e-15, Math.min(1 - 1e-15, probabilities[index]!))
    return sum - Math.log(label === 1 ? bounded : 1 - bounded)
  }, 0) / labels.length

/** Precision at each recall, from the highest score down; at most `points` of them. */
export const precisionRecall = (
  labels: Uint8Array,
  scores: Float64Array,
  points = 100
): ReadonlyArray<{ readonly precision: number; readonly recall: number }> => {
  const order = byScore(scores)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const curve: Array<{ readonly precision: number; readonly recall: number }> = []
  let found = 0
  let said = -1
  for (let index = 0; index < order.length; index++) {
    found += labels[order[index]!]!
    const ends = index + 1 === order.length || scores[order[index + 1]!] !== scores[order[index]!]
    const step = Math.floor((points * found) / Math.max(1, positives))
    if (!ends || step === said) continue
    said = step
    curve.push({ precision: found / (index + 1), recall: found / positives })
  }
  return curve
}

/** Mean claim and frequency by bin of claims, with how often each was made. */
export const reliability = (
  labels: Uint8Array,
  probabilities: Float64Array,
  bins = 10
): ReadonlyArray<{ readonly claimed: number; readonly happened: number; readonly count: number }> =>
  Array.from({ length: bins }, (_, bin) => {
    let claimed = 0
    let happened = 0
    let count = 0
    for (const [index, probability] of probabilities.entries()) {
      if (Math.min(bins - 1, Math.floor(probability * bins)) !== bin) continue
      claimed += probability
      happened += labels[index]!
      count++
    }
    return { claimed: claimed / count, happened: happened / count, count }
  }).filter(({ count }) => count > 0)
