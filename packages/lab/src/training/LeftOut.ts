/**
 * What candidates say of events that they have not seen: within the rows that are given, each event is left out in turn, the longest horizon on
 * both sides included. Plain code, for threads of the worker pool.
 */
import type { Scaler } from "@evenkeel/learning/data/Scaler"
import { type RowBounds, thin } from "@evenkeel/learning/ensemble/FitHead"
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

/** The rows of an onset head that may be seen, thinned and weighed: as for a training when `bounds` are left out. */
export const rowsToLearn = ({ hidden, seed, set }: Omit<SeenRows, "scaler">, head: number, bounds: RowBounds = onsetRows): ThinnedRows => {
  const visible = visibleRows(set, hidden, head)
  const whole = labelled(set, visible, head, bounds.eventsAlike)
  const events = Array.from(visible, (row) => set.events[row]!)
  const { learning, natural, rows } = thin(whole, events, { ...bounds, seed })
  return {
    rows: rows.map((row) => visible[row]!),
    labels: Uint8Array.from(rows, (row) => whole.labels[row]!),
    weights: learning,
    // A row counts as the rows that it stands for, not as their minutes: as an evaluation pools them.
    counts: Float64Array.from(rows, (row, index) => natural[index]! / whole.weights[row]!)
  }
}

/** The places of an event's rows. */
export const placesOf = (set: TrainingSet, { rows }: LearningRows, event: number): Uint32Array =>
  Uint32Array.from(rows.keys()).filter((place) => set.events[rows[place]!] === event)

/** The rows from which nothing of an event can be learned. */
export const rowsWithout = (set: TrainingSet, { labels, rows, weights }: LearningRows, event: number): LearningRows => {
  const { from, to } = withEmbargo(set.spans[event]!)
  const places = Uint32Array.from(rows.keys()).filter((place) => set.times[rows[place]!]! < from || set.times[rows[place]!]! >= to)
  return {
    rows: places.map((place) => rows[place]!),
    labels: Uint8Array.from(places, (place) => labels[place]!),
    weights: Float64Array.from(places, (place) => weights[place]!)
  }
}

/** The events that the rows are of, in the order in which they are met. */
export const eventsIn = (set: TrainingSet, { rows }: LearningRows): ReadonlyArray<number> => [
  ...new Set(Array.from(rows, (row) => set.events[row]!))
]

/**
 * The log odds of each member for the rows of each event in `judged`, by members that were fitted on those of `learned` that know nothing of it:
 * `[member][judged row]`. `candidateFor` says what is fitted where an event is left out. Undefined where fewer than two events have a break.
 */
export const oddsOfLeftOut = (
  { scaler, seed, set }: SeenRows,
  learned: LearningRows,
  judged: LearningRows,
  candidateFor: (event: number) => Candidate
): ReadonlyArray<Float64Array> | undefined => {
  const odds: Array<Float64Array> = []
  for (const event of eventsIn(set, judged)) {
    // Calm alone has no events.
    if (set.spans[event] === undefined) return undefined
    const fitted = fitCandidate(candidateFor(event), set, rowsWithout(set, learned, event), scaler, seed)
    if (fitted === undefined) return undefined
    const own = placesOf(set, judged, event)
    const said = oddsOf(
      fitted,
      set,
      own.map((place) => judged.rows[place]!)
    )
    for (const [member, each] of said.entries()) {
      odds[member] ??= new Float64Array(judged.rows.length).fill(Number.NaN)
      for (const [index, place] of own.entries()) odds[member][place] = each[index]!
    }
  }
  return odds.length === 0 ? undefined : odds
}

/** NaN of nothing. */
export const geometricMean = (values: ReadonlyArray<number>): number =>
  values.length === 0 ? Number.NaN : Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
