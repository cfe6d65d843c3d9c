/** A candidate to predict breaks by: members, their options, and the features that they see. Plain code, for threads of the worker pool. */
import type { Scaler } from "@evenkeel/learning/data/Scaler"
import { scaleTable } from "@evenkeel/learning/data/Scaler"
import { problemOf } from "@evenkeel/learning/data/Table"
import { fitMember, type MemberOptions } from "@evenkeel/learning/ensemble/FitHead"
import { logit } from "@evenkeel/learning/logistic/LogisticRegression"
import { type Member, predictMember } from "@evenkeel/learning/model/Model"
import { valuesOf } from "./HeadJob.ts"
import type { TrainingSet } from "./TrainingSet.ts"

export interface Candidate {
  readonly members: ReadonlyArray<MemberOptions>
  /** The features that it sees: columns of the training set. A member's `inputs` count among these. */
  readonly columns: ReadonlyArray<number>
}

export interface FittedCandidate {
  readonly members: ReadonlyArray<Member>
  readonly columns: ReadonlyArray<number>
  /** Of the columns alone. */
  readonly scaler: Scaler
}

/** Rows of a training set with what they are learned as. */
export interface LearningRows {
  readonly rows: Uint32Array
  readonly labels: Uint8Array
  readonly weights: Float64Array
}

const scalerOf = ({ deviations, means, scales }: Scaler, columns: ReadonlyArray<number>): Scaler => {
  const only = (each: Float64Array) => Float64Array.from(columns, (column) => each[column]!)
  return { scales: only(scales), means: only(means), deviations: only(deviations) }
}

/** Undefined where the rows are too few, or of one label only. `scaler` is that of all columns. */
export const fitCandidate = (
  { columns, members }: Candidate,
  set: TrainingSet,
  { labels, rows, weights }: LearningRows,
  scaler: Scaler,
  seed: number
): FittedCandidate | undefined => {
  const table = { values: valuesOf(set, rows, columns), features: columns.length, labels, weights }
  if (problemOf(table) !== undefined) return undefined
  const own = scalerOf(scaler, columns)
  const scaled = scaleTable(own, table)
  return { members: members.map((member) => fitMember(member, table, scaled, seed)), columns, scaler: own }
}

/** Log odds that each member gives each of the rows: `[member][row]`. */
export const oddsOf = ({ columns, members, scaler }: FittedCandidate, set: TrainingSet, rows: Uint32Array): ReadonlyArray<Float64Array> => {
  const features = columns.length
  const table = {
    values: valuesOf(set, rows, columns),
    features,
    labels: new Uint8Array(rows.length),
    weights: new Float64Array(rows.length)
  }
  const scaled = scaleTable(scaler, table)
  const odds = members.map(() => new Float64Array(rows.length))
  for (let row = 0; row < rows.length; row++) {
    const values = table.values.subarray(row * features, (row + 1) * features)
    const own = scaled.values.subarray(row * features, (row + 1) * features)
    for (const [index, member] of members.entries()) odds[index]![row] = logit(predictMember(member, values, own))
  }
  return odds
}

/** The mean of the members' log odds, row by row. */
export const meanOdds = (odds: ReadonlyArray<Float64Array>): Float64Array =>
  odds[0]!.map((_, row) => odds.reduce((sum, each) => sum + each[row]!, 0) / odds.length)
