/**
 * A kernel machine with radial basis functions on a bounded number of support rows: logistic regression on the similarities to them.
 * Sources: J. Zhu and T. Hastie, "Kernel Logistic Regression and the Import Vector Machine", 2005; C. Williams and M. Seeger, "Using the
 * Nyström Method", 2001 (support rows drawn from the data). Features should be scaled and none missing: see `Scaler`.
 */
import { Random } from "../data/Random.ts"
import { rowsOf, type Table } from "../data/Table.ts"
import { fitLogistic, sigmoid } from "../logistic/LogisticRegression.ts"

export interface KernelMachine {
  /** exp(-gamma * squared distance) */
  readonly gamma: number
  readonly features: number
  /** `[support * features + feature]` */
  readonly supports: Float32Array
  readonly weights: Float64Array
  readonly intercept: number
}

export interface KernelMachineOptions {
  readonly supports: number
  /** 1 / (features * variance) when left out, as scikit-learn's "scale". */
  readonly gamma?: number
  readonly penalty: number
  readonly seed: number
}

/** Half of the supports are drawn from each label, as far as there are rows. */
const drawSupports = (table: Table, count: number, random: Random): Float32Array => {
  const supports: Array<number> = []
  for (const label of [1, 0] as const) {
    const rows = Uint32Array.from(table.labels.keys()).filter((row) => table.labels[row] === label)
    const wanted = Math.min(rows.length, label === 1 ? count >> 1 : count - supports.length)
    random.shuffle(rows, wanted)
    supports.push(...rows.subarray(0, wanted))
  }
  const drawn = new Float32Array(supports.length * table.features)
  for (const [index, row] of supports.entries()) {
    drawn.set(table.values.subarray(row * table.features, (row + 1) * table.features), index * table.features)
  }
  return drawn
}

const similarity = (
  supports: Float32Array,
  support: number,
  values: Float64Array,
  offset: number,
  features: number,
  gamma: number
): number => {
  let distance = 0
  for (let i = 0; i < features; i++) {
    const miss = values[offset + i]! - supports[support * features + i]!
    distance += miss * miss
  }
  return Math.exp(-Math.min(60, gamma * distance))
}

export const fitKernelMachine = (table: Table, options: KernelMachineOptions): KernelMachine => {
  const supports = drawSupports(table, options.supports, new Random(options.seed))
  return fitOnSupports(table, supports, options.gamma ?? scaleGamma(table), options.penalty)
}

/** With supports that are given. */
export const fitOnSupports = (table: Table, supports: Float32Array, gamma: number, penalty: number): KernelMachine => {
  const { features } = table
  const count = supports.length / features
  const rows = rowsOf(table)
  const similarities = new Float64Array(rows * count)
  for (let row = 0; row < rows; row++) {
    for (let support = 0; support < count; support++) {
      similarities[row * count + support] = similarity(supports, support, table.values, row * features, features, gamma)
    }
  }
  const { intercept, weights } = fitLogistic({ ...table, values: similarities, features: count }, penalty)
  return { gamma, features, supports, weights, intercept }
}

const scaleGamma = ({ features, values }: Table): number => {
  let sum = 0
  let squares = 0
  for (const value of values) {
    sum += value
    squares += value * value
  }
  const variance = squares / values.length - (sum / values.length) ** 2
  return variance > 0 ? 1 / (features * variance) : 1
}

/** The probability of label 1 for the row at `offset`. The plain reference that the kernel is tested against. */
export const predictKernelMachine = (
  { features, gamma, intercept, supports, weights }: KernelMachine,
  values: Float64Array,
  offset = 0
): number => {
  let score = intercept
  for (let support = 0; support < weights.length; support++) {
    score += weights[support]! * similarity(supports, support, values, offset, features, gamma)
  }
  return sigmoid(score)
}
