/**
 * Logistic regression with an L2 penalty: the baseline that every other model must beat.
 *
 * Fitted by Newton's method (iteratively reweighted least squares), which needs no step size and few rounds. Features should be of
 * similar scale. Rows are laid out one after the other: `rows[row * features + feature]`.
 */

const roundsMax = 50
const converged = 1e-10

export interface LogisticRegression {
  readonly intercept: number
  readonly weights: Float64Array
}

/** `labels` are 0 or 1; `penalty` is half the weight of the squared weights (scikit-learn's 1/C), the intercept is free. */
export const fitLogistic = (rows: Float64Array, labels: Uint8Array, penalty = 1): LogisticRegression => {
  const count = labels.length
  const features = rows.length / count
  const size = features + 1
  const beta = new Float64Array(size)
  for (let round = 0; round < roundsMax; round++) {
    const hessian = new Float64Array(size * size)
    const gradient = new Float64Array(size)
    for (let row = 0; row < count; row++) {
      const value = (feature: number) => (feature === features ? 1 : rows[row * features + feature]!)
      let score = 0
      for (let i = 0; i < size; i++) score += beta[i]! * value(i)
      const probability = sigmoid(score)
      const weight = probability * (1 - probability)
      for (let i = 0; i < size; i++) {
        gradient[i]! += (labels[row]! - probability) * value(i)
        for (let j = 0; j <= i; j++) hessian[i * size + j]! += weight * value(i) * value(j)
      }
    }
    for (let i = 0; i < features; i++) {
      gradient[i]! -= penalty * beta[i]!
      hessian[i * size + i]! += penalty
    }
    const step = solveSymmetric(hessian, gradient)
    let moved = 0
    for (let i = 0; i < size; i++) {
      beta[i]! += step[i]!
      moved = Math.max(moved, Math.abs(step[i]!))
    }
    if (moved < converged) break
  }
  return { intercept: beta[features]!, weights: beta.slice(0, features) }
}

/** The probability of label 1 for one row. */
export const predictLogistic = ({ intercept, weights }: LogisticRegression, row: Float64Array): number =>
  sigmoid(weights.reduce((sum, weight, feature) => sum + weight * row[feature]!, intercept))

const sigmoid = (score: number): number => 1 / (1 + Math.exp(-Math.max(-60, Math.min(60, score))))

/** Solves a symmetric positive definite system by Cholesky; only the lower triangle is read. */
const solveSymmetric = (matrix: Float64Array, right: Float64Array): Float64Array => {
  const n = right.length
  const lower = matrix.slice()
  const solution = right.slice()
  for (let column = 0; column < n; column++) {
    for (let k = 0; k < column; k++) lower[column * n + column]! -= lower[column * n + k]! ** 2
    const root = Math.sqrt(Math.max(lower[column * n + column]!, 1e-12))
    lower[column * n + column] = root
    for (let row = column + 1; row < n; row++) {
      for (let k = 0; k < column; k++) lower[row * n + column]! -= lower[row * n + k]! * lower[column * n + k]!
      lower[row * n + column]! /= root
    }
  }
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < row; k++) solution[row]! -= lower[row * n + k]! * solution[k]!
    solution[row]! /= lower[row * n + row]!
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) solution[row]! -= lower[k * n + row]! * solution[k]!
    solution[row]! /= lower[row * n + row]!
  }
  return solution
}
