/** Fits one head of a model on the rows that it may be trained on: plain code without Effect, to be called in a thread of the worker pool. */
import { fitScaler, type Scaler } from "@evenkeel/learning/data/Scaler"
import type { Table } from "@evenkeel/learning/data/Table"
import { fitHead, type FittedHead, type HeadOptions, type HeadProblem } from "@evenkeel/learning/ensemble/FitHead"
import { unlabelled } from "./Samples.ts"
import type { TrainingSet } from "./TrainingSet.ts"

export interface HeadJobInput {
  readonly set: TrainingSet
  readonly head: number
  readonly scaler: Scaler
  readonly options: HeadOptions
  /** Rows whose time lies in one of these spans are not trained on; spans include the embargo. */
  readonly hidden: ReadonlyArray<{ readonly from: number; readonly to: number }>
}

const scalerRows = 50_000

const visible = (set: TrainingSet, hidden: HeadJobInput["hidden"], row: number): boolean =>
  !hidden.some(({ from, to }) => set.times[row]! >= from && set.times[row]! < to)

const tableFrom = (set: TrainingSet, rows: Uint32Array, labels: Uint8Array): Table => {
  const features = set.features.length
  const values = new Float64Array(rows.length * features)
  for (let i = 0; i < rows.length; i++) values.set(set.values.subarray(rows[i]! * features, (rows[i]! + 1) * features), i * features)
  return { values, features, labels, weights: new Float64Array(rows.length).fill(1) }
}

/** The scaler of all rows that may be trained on, fitted on a regular sample of them. */
export const fitScalerOf = (set: TrainingSet, hidden: HeadJobInput["hidden"]): Scaler => {
  const seen = Uint32Array.from(set.times.keys()).filter((row) => visible(set, hidden, row))
  const every = Math.max(1, Math.floor(seen.length / scalerRows))
  const rows = seen.filter((_, index) => index % every === 0)
  return fitScaler(tableFrom(set, rows, new Uint8Array(rows.length)))
}

export const fitHeadJob = ({ head, hidden, options, scaler, set }: HeadJobInput): FittedHead | HeadProblem => {
  const count = set.times.length
  const start = head * count
  const rows = Uint32Array.from(set.times.keys()).filter((row) => set.labels[start + row] !== unlabelled && visible(set, hidden, row))
  const table = tableFrom(
    set,
    rows,
    Uint8Array.from(rows, (row) => set.labels[start + row]!)
  )
  return fitHead(
    table,
    Array.from(rows, (row) => set.events[row]!),
    scaler,
    options
  )
}
