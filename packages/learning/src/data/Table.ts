/**
 * What models are fitted on: rows of features laid one after the other, a label of 0 or 1 for each, a weight, and the group that it
 * must not be parted from (an event, a coin's month). A feature that is not known is NaN.
 */
export interface Table {
  /** `[row * features + feature]` */
  readonly values: Float64Array
  readonly features: number
  readonly labels: Uint8Array
  /** At least 0; 1 each where nothing else is said. */
  readonly weights: Float64Array
}

export const rowsOf = (table: Pick<Table, "labels">): number => table.labels.length

export const tableOf = (values: Float64Array, labels: Uint8Array, weights = new Float64Array(labels.length).fill(1)): Table => ({
  values,
  features: labels.length === 0 ? 0 : values.length / labels.length,
  labels,
  weights
})

/** The rows named by `rows`, in that order. */
export const pick = ({ features, labels, values, weights }: Table, rows: ArrayLike<number>): Table => {
  const picked = new Float64Array(rows.length * features)
  for (let i = 0; i < rows.length; i++) picked.set(values.subarray(rows[i]! * features, (rows[i]! + 1) * features), i * features)
  const pickEach = (from: ArrayLike<number>) => Float64Array.from({ length: rows.length }, (_, i) => from[rows[i]!]!)
  return { values: picked, features, labels: Uint8Array.from(pickEach(labels)), weights: pickEach(weights) }
}

/** What is wrong with a table that a model should be fitted on. */
export type TableProblem =
  | { readonly _tag: "TooFewRows"; readonly rows: number; readonly least: number }
  | { readonly _tag: "OneClass"; readonly label: number; readonly rows: number }
  | { readonly _tag: "InfiniteValue"; readonly row: number; readonly feature: number }
  | { readonly _tag: "BadWeight"; readonly row: number; readonly weight: number }
  | { readonly _tag: "WrongShape"; readonly values: number; readonly rows: number }
  | { readonly _tag: "NothingKnown" }

export const rowsMin = 20

/**
 * The first problem found, or undefined. NaN is no problem: it is a missing value. A feature that is constant or wholly missing is none
 * either, as long as one feature varies; `uselessFeatures` names them.
 */
export const problemOf = (table: Table): TableProblem | undefined => {
  const rows = rowsOf(table)
  if (rows < rowsMin) return { _tag: "TooFewRows", rows, least: rowsMin }
  if (table.values.length !== rows * table.features || table.weights.length !== rows) {
    return { _tag: "WrongShape", values: table.values.length, rows }
  }
  for (let i = 0; i < table.values.length; i++) {
    if (table.values[i] === Number.POSITIVE_INFINITY || table.values[i] === Number.NEGATIVE_INFINITY) {
      return { _tag: "InfiniteValue", row: Math.floor(i / table.features), feature: i % table.features }
    }
  }
  for (let row = 0; row < rows; row++) {
    const weight = table.weights[row]!
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) return { _tag: "BadWeight", row, weight }
  }
  let positives = 0
  for (const label of table.labels) positives += label
  if (positives === 0 || positives === rows) return { _tag: "OneClass", label: positives === 0 ? 0 : 1, rows }
  if (uselessFeatures(table).length === table.features) return { _tag: "NothingKnown" }
  return undefined
}

/** Features that are the same in every row, or missing in all. */
export const uselessFeatures = ({ features, values }: Table): ReadonlyArray<number> =>
  Array.from({ length: features }, (_, feature) => feature).filter((feature) => {
    let first = Number.NaN
    for (let at = feature; at < values.length; at += features) {
      if (Number.isNaN(values[at]!)) continue
      if (Number.isNaN(first)) first = values[at]!
      else if (values[at] !== first) return false
    }
    return true
  })

/** The problem in words that say what to do. */
export const explainProblem = (problem: TableProblem, names: ReadonlyArray<string> = []): string => {
  switch (problem._tag) {
    case "TooFewRows":
      return `${problem.rows} rows are too few to learn from: give at least ${problem.least}`
    case "OneClass":
      return `all ${problem.rows} rows have the label ${problem.label}: add ${problem.label === 0 ? "data of a break" : "calm data"}`
    case "InfiniteValue":
      return `row ${problem.row} has an infinite ${names[problem.feature] ?? `feature ${problem.feature}`}: leave it out or make it missing (NaN)`
    case "BadWeight":
      return `row ${problem.row} has the weight ${problem.weight}: weights are finite and at least 0`
    case "WrongShape":
      return `${problem.values} values do not make ${problem.rows} rows: give every row each feature`
    case "NothingKnown":
      return "every feature is constant or missing: check what the files tell"
  }
}
