/**
 * Gradient-boosted trees on histograms, log loss: each tree is a Newton step from the margin of those before it.
 * Sources: J. Friedman, "Greedy Function Approximation", 2001; T. Chen and C. Guestrin, "XGBoost", 2016; as
 * `sklearn.ensemble.HistGradientBoostingClassifier` with a bound on depth instead of leaves.
 */
import { Random } from "../data/Random.ts"
import { rowsOf, type Table } from "../data/Table.ts"
import { sigmoid } from "../logistic/LogisticRegression.ts"
import { binTable } from "../tree/Bins.ts"
import { leafOf, sumOfTrees, type Tree } from "../tree/Tree.ts"
import { growTree } from "../tree/TreeGrower.ts"

export interface GradientBoosting {
  /** The margin (log odds) that every row starts from. */
  readonly base: number
  readonly trees: ReadonlyArray<Tree>
}

export interface GradientBoostingOptions {
  readonly trees: number
  readonly depthMax: number
  readonly leafRowsMin: number
  readonly rate: number
  readonly penalty: number
  /** Share of the rows that each tree is grown on; stochastic gradient boosting, Friedman 2002. */
  readonly sampled?: number
  readonly seed: number
}

export const fitBoosting = (
  table: Table,
  options: GradientBoostingOptions,
  onTree: (trees: number) => boolean = () => true
): GradientBoosting => {
  const rows = rowsOf(table)
  const binned = binTable(table)
  const random = new Random(options.seed)
  let positive = 0
  let total = 0
  for (let row = 0; row < rows; row++) {
    positive += table.weights[row]! * table.labels[row]!
    total += table.weights[row]!
  }
  const base = Math.log(positive / (total - positive))
  const margins = new Float64Array(rows).fill(base)
  const g = new Float64Array(rows)
  const h = new Float64Array(rows)
  const trees: Array<Tree> = []
  while (trees.length < options.trees) {
    for (let row = 0; row < rows; row++) {
      const probability = sigmoid(margins[row]!)
      g[row] = table.weights[row]! * (table.labels[row]! - probability)
      h[row] = table.weights[row]! * Math.max(1e-16, probability * (1 - probability))
    }
    const sample = Uint32Array.from({ length: rows }, (_, row) => row)
    const share = options.sampled ?? 1
    if (share < 1) random.shuffle(sample, Math.ceil(share * rows))
    const grown = growTree(
      binned,
      g,
      h,
      share < 1 ? sample.subarray(0, Math.ceil(share * rows)).sort() : sample,
      {
        depthMax: options.depthMax,
        leafRowsMin: options.leafRowsMin,
        leafWeightMin: 1e-3,
        penalty: options.penalty,
        featuresTried: table.features
      },
      random
    )
    const tree = { ...grown, values: grown.values.map((value) => value * options.rate) }
    for (let row = 0; row < rows; row++) margins[row]! += tree.values[leafOf(tree, table.values, row * table.features)]!
    trees.push(tree)
    if (!onTree(trees.length)) break
  }
  return { base, trees }
}

/** The probability of label 1 for the row at `offset`. */
export const predictBoosting = ({ base, trees }: GradientBoosting, values: Float64Array, offset = 0): number =>
  sigmoid(base + sumOfTrees(trees, values, offset))
