/** Fits one head of a model on the rows that it may be trained on: plain code without Effect, to be called in a thread of the worker pool. */
import { fitScaler, type Scaler } from "@evenkeel/learning/data/Scaler"
import { type Table, tableOf } from "@evenkeel/learning/data/Table"
import { fitHead, type FittedHead, type HeadOptions, type HeadProblem } from "@evenkeel/learning/ensemble/FitHead"
import type { Span } from "@evenkeel/replay/referee/Onsets"
import { unlabelled } from "./Samples.ts"
import type { TrainingSet } from "./TrainingSet.ts"

export interface HeadJobInput {
  readonly set: TrainingSet
  readonly head: number
  readonly scaler: Scaler
  readonly options: HeadOptions
  /** Rows whose time lies in one of these spans are not trained on; spans include the embargo. */
  readonly hidden: ReadonlyArray<Span>
}

const scalerRows = 50_000

const isVisible = (set: TrainingSet, hidden: HeadJobInput["hidden"], row: number): boolean => {
  const time = set.times[row]!
  for (const { from, to } of hidden) if (time >= from && time < to) return false
  return true
}

/** The rows, ascending, for which `holds`. */
const rowsWhere = (rows: number, holds: (row: number) => boolean): Uint32Array => {
  const found = new Uint32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) if (holds(row)) found[count++] = row
  return found.slice(0, count)
}

/** Rows that a head may be trained on. */
export const visibleRows = (set: TrainingSet, hidden: HeadJobInput["hidden"], head: number): Uint32Array => {
  const rows = set.times.length
  return rowsWhere(rows, (row) => set.labels[head * rows + row] !== unlabelled && isVisible(set, hidden, row))
}

/** `[row * columns + column]`: the features of the rows, or those of them that `columns` names. */
export const valuesOf = (set: TrainingSet, rows: Uint32Array, columns?: ReadonlyArray<number>): Float64Array => {
  const features = set.features.length
  const width = columns?.length ?? features
  const values = new Float64Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i]! * features
    if (columns === undefined) values.set(set.values.subarray(at, at + features), i * width)
    else for (let column = 0; column < width; column++) values[i * width + column] = set.values[at + columns[column]!]!
  }
  return values
}

/** The rows' labels of a head; where events weigh alike a row weighs the minutes that it stands for, else 1. */
export const labelled = (set: TrainingSet, rows: Uint32Array, head: number, eventsAlike: boolean): Pick<Table, "labels" | "weights"> => ({
  labels: Uint8Array.from(rows, (row) => set.labels[head * set.times.length + row]!),
  weights: Float64Array.from(rows, (row) => (eventsAlike ? set.minutes[row]! : 1))
})

/** The scaler of all rows that may be trained on, fitted on a regular sample of them. */
export const fitScalerOf = (set: TrainingSet, hidden: HeadJobInput["hidden"]): Scaler => {
  const seen = rowsWhere(set.times.length, (row) => isVisible(set, hidden, row))
  const every = Math.max(1, Math.floor(seen.length / scalerRows))
  const rows = seen.filter((_, index) => index % every === 0)
  return fitScaler(tableOf(valuesOf(set, rows), new Uint8Array(rows.length)))
}

export const fitHeadJob = ({ head, hidden, options, scaler, set }: HeadJobInput): FittedHead | HeadProblem => {
  const rows = visibleRows(set, hidden, head)
  return fitHead(
    { values: valuesOf(set, rows), features: set.features.length, ...labelled(set, rows, head, options.eventsAlike) },
    Array.from(rows, (row) => set.events[row]!),
    scaler,
    options
  )
}
