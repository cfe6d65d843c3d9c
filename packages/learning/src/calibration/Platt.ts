/**
 * A score as a probability by a logistic curve of two parameters, with targets that keep it honest for few positives.
 * Source: J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999; H.-T. Lin, C.-J. Lin and R. Weng, 2007 (Newton's method).
 */
import { sigmoid } from "../logistic/LogisticRegression.ts"

/** P = sigmoid(slope * score + intercept) */
export interface Platt {
  readonly slope: number
  readonly intercept: number
}

/** `prior` pulls both parameters towards its own, as so many rows would. */
export const fitPlatt = (
  scores: Float64Array,
  labels: Uint8Array,
  weights?: Float64Array,
  prior: Platt & { readonly strength: number } = { slope: 0, intercept: 0, strength: 0 }
): Platt => {
  let positives = 0
  let negatives = 0
  for (const [index, label] of labels.entries()) {
    const weight = weights?.[index] ?? 1
    if (label === 1) positives += weight
    else negatives += weight
  }
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (negatives + 2)
  let slope = prior.slope
  let intercept = prior.strength > 0 ? prior.intercept : Math.log((positives + 1) / (negatives + 1))
  const loss = (a: number, b: number): number => {
    let sum = 0.5 * prior.strength * ((a - prior.slope) ** 2 + (b - prior.intercept) ** 2)
    for (const [index, label] of labels.entries()) {
      const score = a * scores[index]! + b
      const target = label === 1 ? high : low
      sum += (weights?.[index] ?? 1) * (Math.max(score, 0) - target * score + Math.log1p(Math.exp(-Math.abs(score))))
    }
    return sum
  }
  let current = loss(slope, intercept)
  for (let round = 0; round < 100; round++) {
    let g0 = prior.strength * (slope - prior.slope)
    let g1 = prior.strength * (intercept - prior.intercept)
    let h00 = prior.strength + 1e-12
    let h01 = 0
    let h11 = prior.strength + 1e-12
    for (const [index, label] of labels.entries()) {
      const weight = weights?.[index] ?? 1
      const probability = sigmoid(slope * scores[index]! + intercept)
      const miss = weight * (probability - (label === 1 ? high : low))
      const curve = weight * probability * (1 - probability)
      g0 += miss * scores[index]!
      g1 += miss
      h00 += curve * scores[index]! * scores[index]!
      h01 += curve * scores[index]!
      h11 += curve
    }
    const determinant = h00 * h11 - h01 * h01
    const stepSlope = -(h11 * g0 - h01 * g1) / determinant
    const stepIntercept = -(h00 * g1 - h01 * g0) / determinant
    // Halved until the loss falls: Newton's step may overshoot where the curve is flat.
    let scale = 1
    let next = loss(slope + stepSlope, intercept + stepIntercept)
    while (!(next <= current) && scale > 1e-6) {
      scale /= 2
      next = loss(slope + scale * stepSlope, intercept + scale * stepIntercept)
    }
    if (!(next <= current)) break
    slope += scale * stepSlope
    intercept += scale * stepIntercept
    const gained = current - next
    current = next
    if (gained <= 1e-12 * Math.abs(current)) break
  }
  return { slope, intercept }
}

export const applyPlatt = ({ intercept, slope }: Platt, score: number): number => sigmoid(slope * score + intercept)
