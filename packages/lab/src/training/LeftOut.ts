/**
 * What candidates say of events that they have not seen: within the rows that are given, each event is left out in turn, the longest horizon on
 * both sides included. Plain code, for threads of the worker pool.
 */
import type { Scaler } from "@evenkeel/learning/data/Scaler"
import { thin } from "@evenkeel/learning/ensemble/FitHead"
import type { Span } from "@evenkeel/replay/referee/Onsets"
import { type Candidate, fitCandidate, type LearningRows, oddsOf } from "./Candidate.ts"
import { withEmbargo } from "./Events.ts"
import { labelled, visibleRows } from "./HeadJob.ts"
import { onsetRows } from "./Recipe.ts"
import type { TrainingSet } from "./TrainingSet.ts"

export interface SeenRows {
  readonly set: TrainingSet
  readonly scaler: Scaler
  /** As in `HeadJobInput`. */
  readonly hidden: ReadonlyArray<Span>
  readonly seed: number
}

export interface ThinnedRows extends LearningRows {
  /** How many rows each stands for, those that were left out included. */
  readonly counts: Float64Array
}

/** The rows of an onset head that may be seen, thinned and weighed as for a training. */
export const rowsToLearn = ({ hidden, seed, set }: Omit<SeenRows, "scaler">, head: number): ThinnedRows => {
  const visible = visibleRows(set, hidden, head)
  const whole = labelled(set, visible, head, onsetRows.eventsAlike)
  const events = Array.from(visible, (row) => set.events[row]!)
  const { learning, natural, rows } = thin(whole, events, { ...onsetRows, seed })
  return {
    rows: rows.map((row) => visible[row]!),
    labels: Uint8Array.from(rows, (row) => whole.labels[row]!),
    weights: learning,
    // A row counts as the rows that it stands for, not as their minutes: as an evaluation pools them.
    counts: Float64Array.from(rows, (row, index) => natural[index]! / whole.weights[row]!)
  }
}

/** Parts of the rows by place: those of an event, and those from which nothing of it can be learned. */
export const partsOf = (
  set: TrainingSet,
  { rows }: LearningRows,
  event: number
): { readonly own: Uint32Array; readonly others: Uint32Array } => {
  const { from, to } = withEmbargo(set.spans[event]!)
  const places = Uint32Array.from(rows.keys())
  return {
    own: places.filter((place) => set.events[rows[place]!] === event),
    others: places.filter((place) => set.times[rows[place]!]! < from || set.times[rows[place]!]! >= to)
  }
}

export const pickRows = ({ labels, rows, weights }: LearningRows, places: Uint32Array): LearningRows => ({
  rows: places.map((place) => rows[place]!),
  labels: Uint8Array.from(places, (place) => labels[place]!),
  weights: Float64Array.from(places, (place) => weights[place]!)
})

/** The events that the rows are of, in the order in which they are met. */
export const eventsIn = (set: TrainingSet, { rows }: LearningRows): ReadonlyArray<number> => [
  ...new Set(Array.from(rows, (row) => set.events[row]!))
]

/**
 * The log odds of each member for the rows of each event, by members that were fitted without it: `[member][row]`. `candidateFor` says what is
 * fitted where an event is left out. Undefined where fewer than two events have a break.
 */
export const oddsOfLeftOut = (
  seen: SeenRows,
  thinned: ThinnedRows,
  candidateFor: (event: number) => Candidate
): ReadonlyArray<Float64Array> | undefined => {
  const { scaler, seed, set } = seen
  const odds: Array<Float64Array> = []
  for (const event of eventsIn(set, thinned)) {
    // Calm alone has no events.
    if (set.spans[event] === undefined) return undefined
    const { others, own } = partsOf(set, thinned, event)
    const fitted = fitCandidate(candidateFor(event), set, pickRows(thinned, others), scaler, seed)
    if (fitted === undefined) return undefined
    const said = oddsOf(fitted, set, pickRows(thinned, own).rows)
    for (const [member, each] of said.entries()) {
      odds[member] ??= new Float64Array(thinned.rows.length).fill(Number.NaN)
      for (const [index, place] of own.entries()) odds[member][place] = each[index]!
    }
  }
  return odds
}

/** NaN of nothing. */
export const geometricMean = (values: ReadonlyArray<number>): number =>
  values.length === 0 ? Number.NaN : Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
