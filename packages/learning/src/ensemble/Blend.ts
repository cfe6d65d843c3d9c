/**
 * Several models' probabilities as one. Fitted on what each said of rows that it was not trained on, or not fitted at all.
 *
 * - The mean of their log odds: with few events there is nothing to fit weights on.
 * - A weighted vote: weights at least 0 that sum to 1, least log loss, by exponentiated gradient (J. Kivinen and M. Warmuth, 1997).
 * - Stacking: logistic regression on the models' log odds (D. Wolpert, "Stacked Generalization", 1992), weights at least 0, so that no model is
 *   believed backwards.
 */
import { logit, sigmoid } from "../logistic/LogisticRegression.ts"

export interface Blend {
  readonly kind: "vote" | "stack"
  readonly weights: Float64Array
  readonly intercept: number
}

const rounds = 400
const voteRate = 0.5
/** The pull of a vote's weights towards where they start, nats a row. */
const votePull = 0.2
const stackRate = 0.2
/** The pull of stacked weights towards an even vote, in rows. */
const stackPenalty = 2000

/** `predictions[model][row]`; `prior` is the vote to start from and to be pulled back to. */
export const fitVote = (
  predictions: ReadonlyArray<Float64Array>,
  labels: Uint8Array,
  rowWeights?: Float64Array,
  prior: ReadonlyArray<number> = predictions.map(() => 1)
): Blend => {
  const models = predictions.length
  const mass0 = prior.reduce((sum, weight) => sum + weight, 0)
  const start = Float64Array.from(prior, (weight) => weight / mass0)
  const weights = start.slice()
  const gradient = new Float64Array(models)
  for (let round = 0; round < rounds; round++) {
    gradient.fill(0)
    let mass = 0
    for (let row = 0; row < labels.length; row++) {
      let vote = 0
      for (let model = 0; model < models; model++) vote += weights[model]! * predictions[model]![row]!
      const bounded = Math.max(1e-6, Math.min(1 - 1e-6, vote))
      const weight = rowWeights?.[row] ?? 1
      const slope = weight * (labels[row] === 1 ? 1 / bounded : -1 / (1 - bounded))
      mass += weight
      for (let model = 0; model < models; model++) gradient[model]! += slope * predictions[model]![row]!
    }
    let total = 0
    for (let model = 0; model < models; model++) {
      weights[model]! *= Math.exp(
        Math.max(-5, Math.min(5, voteRate * (gradient[model]! / mass - votePull * Math.log(weights[model]! / start[model]!))))
      )
      total += weights[model]!
    }
    for (let model = 0; model < models; model++) weights[model]! /= total
  }
  return { kind: "vote", weights, intercept: 0 }
}

export const fitStack = (predictions: ReadonlyArray<Float64Array>, labels: Uint8Array, rowWeights?: Float64Array): Blend => {
  const models = predictions.length
  const odds = predictions.map((each) => each.map(logit))
  const weights = new Float64Array(models).fill(1 / models)
  const start = 1 / models
  let intercept = 0
  const squares = new Float64Array(models + 1).fill(1e-8)
  for (let round = 0; round < rounds; round++) {
    const gradient = new Float64Array(models + 1)
    let mass = 0
    for (let row = 0; row < labels.length; row++) {
      let score = intercept
      for (let model = 0; model < models; model++) score += weights[model]! * odds[model]![row]!
      const weight = rowWeights?.[row] ?? 1
      const miss = weight * (labels[row]! - sigmoid(score))
      mass += weight
      for (let model = 0; model < models; model++) gradient[model]! += miss * odds[model]![row]!
      gradient[models]! += miss
    }
    for (let model = 0; model < models; model++) gradient[model]! -= stackPenalty * (weights[model]! - start)
    // Steps as in Adagrad (Duchi, Hazan and Singer, 2011): each weight has its own size.
    const move = (index: number) => {
      const slope = gradient[index]! / mass
      squares[index]! += slope * slope
      return (stackRate * slope) / Math.sqrt(squares[index]!)
    }
    for (let model = 0; model < models; model++) weights[model] = Math.max(0, weights[model]! + move(model))
    intercept += move(models)
  }
  return { kind: "stack", weights, intercept }
}

/** The mean of the models' log odds. */
export const meanOfOdds = (models: number): Blend => ({ kind: "stack", weights: new Float64Array(models).fill(1 / models), intercept: 0 })

/** The probability that the blend makes of what the models say. */
export const applyBlend = ({ intercept, kind, weights }: Blend, predictions: ArrayLike<number>): number => {
  let sum = intercept
  for (let model = 0; model < weights.length; model++) {
    sum += weights[model]! * (kind === "stack" ? logit(predictions[model]!) : predictions[model]!)
  }
  return kind === "stack" ? sigmoid(sum) : Math.max(0, Math.min(1, sum))
}
