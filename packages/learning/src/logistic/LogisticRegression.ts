/**
 * Logistic regression with an L2 penalty: the baseline that every other model must beat.
 *
 * Fitted by Newton's method (iteratively reweighted least squares), which needs no step size and few rounds. Features should be of
 * similar scale and none missing: see `Scaler`.
 */
import { rowsOf, type Table } from "../data/Table.ts"

const roundsMax = 50
const converged = 1e-10
/** Rows that are added to the sums in one pass: see `addRows`. */
const rowsAtOnce = 4

export interface LogisticRegression {
  readonly intercept: number
  readonly weights: Float64Array
}

/** `penalty` is half the weight of the squared weights (scikit-learn's 1/C); the intercept is free. */
export const fitLogistic = (table: Table, penalty = 1): LogisticRegression => {
  const { features, labels, values, weights: rowWeights } = table
  const size = features + 1
  const beta = new Float64Array(size)
  const hessian = new Float64Array(size * size)
  const gradient = new Float64Array(size)
  const rows = rowsOf(table)
  const block = new Float64Array(rowsAtOnce * size)
  const misses = new Float64Array(rowsAtOnce)
  const masses = new Float64Array(rowsAtOnce)
  for (let round = 0; round < roundsMax; round++) {
    hessian.fill(0)
    gradient.fill(0)
    for (let from = 0; from < rows; from += rowsAtOnce) {
      // Rows behind the last one weigh nothing.
      for (let k = 0; k < rowsAtOnce; k++) {
        const index = from + k
        if (index >= rows) {
          misses[k] = masses[k] = 0
          continue
        }
        const at = k * size
        for (let i = 0; i < features; i++) block[at + i] = values[index * features + i]!
        block[at + features] = 1
        let score = 0
        for (let i = 0; i < size; i++) score += beta[i]! * block[at + i]!
        const probability = sigmoid(score)
        misses[k] = rowWeights[index]! * (labels[index]! - probability)
        masses[k] = rowWeights[index]! * probability * (1 - probability)
      }
      addRows(hessian, gradient, block, misses, masses)
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

/**
 * Adds four rows' gradients and outer products (the lower triangle). Each sum is taken in the order of the rows, so the result has the bits of a loop
 * over single rows; an element of the matrix is read and written once for all four.
 */
const addRows = (hessian: Float64Array, gradient: Float64Array, block: Float64Array, misses: Float64Array, masses: Float64Array): void => {
  const size = gradient.length
  const [second, third, fourth] = [size, 2 * size, 3 * size]
  for (let i = 0; i < size; i++) {
    const a = block[i]!
    const b = block[second + i]!
    const c = block[third + i]!
    const d = block[fourth + i]!
    gradient[i] = gradient[i]! + misses[0]! * a + misses[1]! * b + misses[2]! * c + misses[3]! * d
    const scaledA = masses[0]! * a
    const scaledB = masses[1]! * b
    const scaledC = masses[2]! * c
    const scaledD = masses[3]! * d
    const at = i * size
    for (let j = 0; j <= i; j++)
      hessian[at + j] =
        hessian[at + j]! + scaledA * block[j]! + scaledB * block[second + j]! + scaledC * block[third + j]! + scaledD * block[fourth + j]!
  }
}

/** The probability of label 1 for the row at `offset`. */
export const predictLogistic = ({ intercept, weights }: LogisticRegression, values: Float64Array, offset = 0): number => {
  let score = intercept
  for (let i = 0; i < weights.length; i++) score += weights[i]! * values[offset + i]!
  return sigmoid(score)
}

export const sigmoid = (score: number): number => 1 / (1 + Math.exp(-Math.max(-60, Math.min(60, score))))
/** Log odds of a probability, bounded. */
export const logit = (probability: number): number => {
  const bounded = Math.max(1e-9, Math.min(1 - 1e-9, probability))
  return Math.log(bounded / (1 - bounded))
}

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
