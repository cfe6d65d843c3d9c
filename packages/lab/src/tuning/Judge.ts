/**
 * Judges what was chosen by every row of every event: each event by a candidate that was fitted without it. Plain code without Effect, to be called
 * in a thread of the worker pool.
 */
import type { Scaler } from "@evenkeel/learning/data/Scaler"
import { type FigureReport, reportFigures } from "@evenkeel/learning/metric/Bootstrap"
import { type Candidate, fitCandidate, meanOdds, oddsOf } from "../training/Candidate.ts"
import { withEmbargo } from "../training/Events.ts"
import { valuesOf } from "../training/HeadJob.ts"
import { rowsToLearn } from "../training/LeftOut.ts"
import { unlabelled } from "../training/Samples.ts"
import { onsetHeads, type TrainingSet } from "../training/TrainingSet.ts"

export type Contender =
  /** What judges each event, and the scaler of the rows that it may see: fitted on as many rows as a training takes. */
  | { readonly candidates: ReadonlyArray<Candidate>; readonly scalers: ReadonlyArray<Scaler> }
  /** A feature that is the score itself. */
  | { readonly column: number }

export interface JudgeInput {
  readonly set: TrainingSet
  readonly seed: number
  readonly contender: Contender
}

const bootstrap = { rounds: 40, seed: 7 }

/** The figures of each onset head by pooled rows, with intervals drawn over events; undefined where an event cannot be judged. */
export const judge = (input: JudgeInput): ReadonlyArray<FigureReport | undefined> => onsetHeads.map((head) => judgeHead(input, head))

const judgeHead = (input: JudgeInput, head: number): FigureReport | undefined => {
  const { set } = input
  const total = set.times.length
  const rows = Uint32Array.from(set.times.keys()).filter((row) => set.labels[head * total + row] !== unlabelled)
  const scores = new Float64Array(rows.length)
  for (const event of set.spans.keys()) {
    const places = Uint32Array.from(rows.keys()).filter((place) => set.events[rows[place]!] === event)
    const own = places.map((place) => rows[place]!)
    const said = scoresOfEvent(input, head, event, own)
    if (said === undefined) return undefined
    for (const [index, place] of places.entries()) scores[place] = said[index]!
  }
  return reportFigures(
    Uint8Array.from(rows, (row) => set.labels[head * total + row]!),
    scores,
    Array.from(rows, (row) => set.events[row]!),
    bootstrap
  )
}

/** Scores of an event's rows by what has not seen it; undefined where the other events are too few to learn from. */
const scoresOfEvent = ({ contender, seed, set }: JudgeInput, head: number, event: number, own: Uint32Array): Float64Array | undefined => {
  if ("column" in contender) return valuesOf(set, own, [contender.column])
  const thinned = rowsToLearn({ set, hidden: [withEmbargo(set.spans[event]!)], seed }, head)
  const fitted = fitCandidate(contender.candidates[event]!, set, thinned, contender.scalers[event]!, seed)
  return fitted === undefined ? undefined : meanOdds(oddsOf(fitted, set, own))
}
