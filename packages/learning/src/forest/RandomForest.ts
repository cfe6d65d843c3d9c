/**
 * Random forest: trees on bootstrap samples, each split chosen among a few features drawn at random; the probability is the mean of the
 * leaves'. Source: L. Breiman, "Random Forests", 2001; as `sklearn.ensemble.RandomForestClassifier`.
 */
import { Random } from "../data/Random.ts"
import { rowsOf, type Table } from "../data/Table.ts"
import { binTable } from "../tree/Bins.ts"
import { sumOfTrees, type Tree } from "../tree/Tree.ts"
import { growTree } from "../tree/TreeGrower.ts"

export interface RandomForest {
  readonly trees: ReadonlyArray<Tree>
}

export interface RandomForestOptions {
  readonly trees: number
  readonly depthMax: number
  readonly leafRowsMin: number
  /** Features tried at each split; the square root of all when left out. */
  readonly featuresTried?: number
  /** Every tree sees all rows instead of a sample with repetition. */
  readonly wholeSample?: boolean
  /** Rows with label 1 weigh as much together as rows with label 0. */
  readonly balanced?: boolean
  readonly seed: number
}

/** `onTree` is told after each tree how many there are; false stops, and what there is by then is returned. */
export const fitForest = (table: Table, options: RandomForestOptions, onTree: (trees: number) => boolean = () => true): RandomForest => {
  const rows = rowsOf(table)
  const binned = binTable(table)
  const random = new Random(options.seed)
  const base = options.balanced === true ? balancedWeights(table) : table.weights
  const trees: Array<Tree> = []
  const g = new Float64Array(rows)
  const h = new Float64Array(rows)
  const drawn = new Uint32Array(rows)
  while (trees.length < options.trees) {
    drawn.fill(options.wholeSample === true ? 1 : 0)
    if (options.wholeSample !== true) for (let i = 0; i < rows; i++) drawn[random.below(rows)]!++
    let kept = 0
    const sample = new Uint32Array(rows)
    for (let row = 0; row < rows; row++) {
      h[row] = drawn[row]! * base[row]!
      g[row] = h[row]! * table.labels[row]!
      if (h[row]! > 0) sample[kept++] = row
    }
    trees.push(
      growTree(
        binned,
        g,
        h,
        sample.subarray(0, kept),
        {
          depthMax: options.depthMax,
          leafRowsMin: options.leafRowsMin,
          leafWeightMin: 0,
          penalty: 0,
          featuresTried: options.featuresTried ?? Math.max(1, Math.floor(Math.sqrt(table.features)))
        },
        random
      )
    )
    if (!onTree(trees.length)) break
  }
  return { trees }
}

/** Weights under which both labels weigh the same, as scikit-learn's `class_weight="balanced"`. */
export const balancedWeights = ({ labels, weights }: Table): Float64Array => {
  const sums = [0, 0]
  for (const [row, label] of labels.entries()) sums[label]! += weights[row]!
  const total = sums[0]! + sums[1]!
  return weights.map((weight, row) => (weight * total) / (2 * sums[labels[row]!]!))
}

/** The probability of label 1 for the row at `offset`. */
export const predictForest = ({ trees }: RandomForest, values: Float64Array, offset = 0): number =>
  sumOfTrees(trees, values, offset) / trees.length
