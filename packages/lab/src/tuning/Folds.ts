/**
 * The folds of a tuning: one for each event, which hides it with the longest horizon on both sides, and one that hides nothing.
 *
 * What the features tell is asked without each event, and without each two: where a fold leaves an event out as well, the features of its candidates
 * are selected without either.
 */
import { Effect } from "effect"
import { withEmbargo } from "../training/Events.ts"
import type { SeenRows } from "../training/LeftOut.ts"
import type { TrainingSet } from "../training/TrainingSet.ts"
import { Tuner } from "./Tuner.ts"

export interface Fold extends SeenRows {
  /** The event that is hidden, by number; null where none is. */
  readonly event: number | null
  /** Nats that each feature tells on the rows that the fold may see. */
  readonly information: Float64Array
  /** The same without one event more, by its number. */
  readonly informationWithout: ReadonlyArray<Float64Array>
}

/** Jobs that are handed to the pool at once. */
export const jobsAtOnce = 16

/** How many jobs `makeFolds` does. */
export const jobsOfFolds = (events: number): number => 1 + (events * (events + 1)) / 2 + events + 1

/** `onJob` is called after each job. */
export const makeFolds = Effect.fnUntraced(function* (
  { seed, set }: { readonly set: TrainingSet; readonly seed: number },
  onJob: Effect.Effect<void>
) {
  const tuner = yield* Tuner
  const events = [...set.spans.keys()]
  const pairs = events.flatMap((event) => events.slice(event).map((other) => [event, other] as const))
  const hiddenOf = (...some: ReadonlyArray<number>) => [...new Set(some)].map((event) => withEmbargo(set.spans[event]!))
  const inform = (...hidden: ReadonlyArray<number>) => Effect.tap(tuner.inform({ set, hidden: hiddenOf(...hidden), seed }), () => onJob)
  const everywhere = yield* inform()
  const told = yield* Effect.forEach(pairs, (pair) => inform(...pair), { concurrency: jobsAtOnce })
  const without = (event: number, other: number) =>
    told[pairs.findIndex(([first, second]) => first === Math.min(event, other) && second === Math.max(event, other))]!
  const makeFold = (event: number | null) => {
    const hidden = event === null ? [] : hiddenOf(event)
    return tuner.scale({ set, hidden }).pipe(
      Effect.tap(() => onJob),
      Effect.map((scaler): Fold => ({
        event,
        set,
        hidden,
        seed,
        scaler,
        information: event === null ? everywhere : without(event, event),
        informationWithout: events.map((other) => without(event ?? other, other))
      }))
    )
  }
  return {
    nested: yield* Effect.forEach(events, makeFold, { concurrency: jobsAtOnce }),
    whole: yield* makeFold(null)
  }
})
