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

const valuesOf = (set: TrainingSet, rows: Uint32Array): Float64Array => {
  const features = set.features.length
  const values = new Float64Array(rows.length * features)
  for (let i = 0; i < rows.length; i++) values.set(set.values.subarray(rows[i]! * features, (rows[i]! + 1) * features), i * features)
  return values
}

/** The rows with a head's labels; where events weigh alike a row weighs the minutes that it stands for, else 1. */
export const tableFrom = (set: TrainingSet, rows: Uint32Array, head: number, eventsAlike: boolean): Table => ({
  values: valuesOf(set, rows),
  features: set.features.length,
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
    tableFrom(set, rows, head, options.eventsAlike),
    Array.from(rows, (row) => set.events[row]!),
    scaler,
    options
  )
}
