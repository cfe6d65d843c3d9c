/** Which features matter: to the label by themselves, to a model as a whole, and to one prediction. */
import { Random } from "../data/Random.ts"
import { rowsOf, type Table } from "../data/Table.ts"
import type { Tree } from "../tree/Tree.ts"

const bins = 16

/**
 * Mutual information between each feature (in bins of equal counts, the missing one bin more) and the label, nats.
 * Source: C. Shannon, 1948; the plug-in estimate, less its bias (cells - 1) / 2n (Miller 1955).
 */
export const mutualInformation = (table: Table): Float64Array => {
  const rows = rowsOf(table)
  return Float64Array.from({ length: table.features }, (_, feature) => {
    const value = (row: number) => table.values[row * table.features + feature]!
    const known = Uint32Array.from(table.labels.keys()).filter((row) => !Number.isNaN(value(row)))
    known.sort((a, b) => value(a) - value(b))
    const counts = new Float64Array((bins + 1) * 2)
    const binOf = new Map<number, number>()
    for (const [index, row] of known.entries()) {
      // Equal values share the bin of the first.
      const bin = binOf.get(value(row)) ?? Math.floor((index * bins) / known.length)
      binOf.set(value(row), bin)
      counts[bin * 2 + table.labels[row]!]!++
    }
    for (let row = 0; row < rows; row++) if (Number.isNaN(value(row))) counts[bins * 2 + table.labels[row]!]!++
    const byLabel = [0, 0]
    for (const [cell, count] of counts.entries()) byLabel[cell % 2]! += count
    let information = 0
    let cells = 0
    for (let bin = 0; bin <= bins; bin++) {
      const both = counts[bin * 2]! + counts[bin * 2 + 1]!
      if (both > 0) cells++
      for (const label of [0, 1] as const) {
        const count = counts[bin * 2 + label]!
        if (count > 0) information += (count / rows) * Math.log((count * rows) / (both * byLabel[label]!))
      }
    }
    return Math.max(0, information - Math.max(0, cells - 1) / (2 * rows))
  })
}

/**
 * What a score loses when a feature's values are shuffled among the rows; mean of `repeats`. Source: L. Breiman 2001; Fisher, Rudin and
 * Dominici 2019. `scoreOf` judges predictions, higher is better.
 */
export const permutationImportance = (
  table: Table,
  predict: (values: Float64Array, offset: number) => number,
  scoreOf: (labels: Uint8Array, predictions: Float64Array) => number,
  options: { readonly repeats: number; readonly seed: number }
): Float64Array => {
  const random = new Random(options.seed)
  const rows = rowsOf(table)
  const values = table.values.slice()
  const score = () =>
    scoreOf(
      table.labels,
      Float64Array.from({ length: rows }, (_, row) => predict(values, row * table.features))
    )
  const whole = score()
  return Float64Array.from({ length: table.features }, (_, feature) => {
    let lost = 0
    for (let repeat = 0; repeat < options.repeats; repeat++) {
      const order = Uint32Array.from({ length: rows }, (_, row) => row)
      random.shuffle(order)
      for (let row = 0; row < rows; row++) values[row * table.features + feature] = table.values[order[row]! * table.features + feature]!
      lost += whole - score()
    }
    for (let row = 0; row < rows; row++) values[row * table.features + feature] = table.values[row * table.features + feature]!
    return lost / options.repeats
  })
}

/**
 * How much each feature moved one row's walk through the trees: the change of the node's value at each question, added to the feature that
 * asked. They sum to the prediction less the roots' mean. Source: A. Saabas, "Interpreting random forests", 2014.
 */
export const pathContributions = (trees: ReadonlyArray<Tree>, values: Float64Array, offset: number, out: Float64Array): void => {
  for (const tree of trees) {
    let node = 0
    while (tree.features[node]! >= 0) {
      const feature = tree.features[node]!
      const next = values[offset + feature]! > tree.thresholds[node]! ? tree.rights[node]! : tree.rights[node]! - 1
      out[feature]! += tree.values[next]! - tree.values[node]!
      node = next
    }
  }
}
