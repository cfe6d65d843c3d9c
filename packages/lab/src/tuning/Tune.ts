/**
 * Looks for the members and options with which onsets are predicted best on events that were not seen, and says how much of that survives.
 *
 * Nested: for each event the search is done on the other events alone, and what it finds is judged by the event. Naive: one search over all events,
 * judged by the same. The difference is the optimism of choosing by what judges. The same rows, trials and seed give the same report, wherever the
 * work is done and however often it was interrupted.
 */
import { Effect, type Option } from "effect"
import type { Candidate } from "../training/Candidate.ts"
import { withEmbargo } from "../training/Events.ts"
import { onsetMembers, onsetRows, recipes, usualRecipe } from "../training/Recipe.ts"
import type { TrainingSet } from "../training/TrainingSet.ts"
import { shippedColumns } from "./FeatureRank.ts"
import type { Contender } from "./Judge.ts"
import { bestOf, candidateOf, candidatesOf, type Fold, type Found, searchKind, TuneRefused } from "./SearchFold.ts"
import { trialRows } from "./ScoreTrial.ts"
import { sharesOf, type TuneMethod } from "./Spaces.ts"
import { makeTrialStore } from "./TrialStore.ts"
import { Tuner } from "./Tuner.ts"

export interface TuneOptions {
  /** Of all features of the engine. */
  readonly set: TrainingSet
  readonly method: TuneMethod
  /** Trials of each fold, shared among the kinds of members. */
  readonly trials: number
  readonly seed: number
  readonly checkpoints: Option.Option<string>
  readonly progress: (done: number, of: number, what: string) => Effect.Effect<void>
}

/** Fewer leave a fold with one event, which cannot be left out as well. */
const eventsMin = 3
/** Jobs that are handed to the pool at once. */
const jobsAtOnce = 16
const contenders = 4

export const tune = Effect.fn("tune")(function* ({ checkpoints, method, progress, seed, set, trials }: TuneOptions) {
  const tuner = yield* Tuner
  const events = [...set.spans.keys()]
  if (events.length < eventsMin) {
    return yield* new TuneRefused({
      problem: `breaks of ${events.length} event${events.length === 1 ? "" : "s"} are too few to choose by: give data of at least ${eventsMin}`
    })
  }
  const store = yield* makeTrialStore({ checkpoints, set, method, seed })
  const shares = sharesOf(method, trials).filter(([, points]) => points > 0)
  const folds = events.length + 1
  const pairs = events.flatMap((event) => events.slice(event).map((other) => [event, other] as const))
  const total = 1 + pairs.length + folds * (1 + shares.reduce((sum, [, points]) => sum + points, 0)) + events.length + contenders
  let done = 0
  const advance = (what: string) => Effect.suspend(() => progress(++done, total, what))
  const atOnce = { concurrency: jobsAtOnce }
  const hiddenOf = (...some: ReadonlyArray<number>) => [...new Set(some)].map((event) => withEmbargo(set.spans[event]!))

  // What features tell without an event, and without two: a fold's candidates are chosen without the event that is left out of it.
  const information = yield* Effect.forEach(
    pairs,
    ([event, other]) => Effect.tap(tuner.inform({ set, hidden: hiddenOf(event, other), seed }), () => advance("features")),
    atOnce
  )
  const without = (event: number, other: number) =>
    information[pairs.findIndex(([a, b]) => a === Math.min(event, other) && b === Math.max(event, other))]!
  const makeFold = (event: number | null) => {
    const hidden = event === null ? [] : hiddenOf(event)
    const informationWithout = events.map((other) => without(event ?? other, other))
    return tuner.scale({ set, hidden }).pipe(
      Effect.tap(() => advance("features")),
      Effect.map((scaler): Fold => ({ event, set, hidden, seed, scaler, informationWithout }))
    )
  }
  const informationOfAll = yield* Effect.tap(tuner.inform({ set, hidden: [], seed }), () => advance("features"))
  const nested = yield* Effect.forEach(events, makeFold, atOnce)
  const whole = yield* makeFold(null)

  const searches = [...nested, whole].flatMap((fold) => shares.map(([kind, points]) => ({ fold, kind, points })))
  const results = yield* Effect.forEach(
    searches,
    ({ fold, kind, points }) => searchKind(fold, kind, points, { method, store, onTrial: advance }),
    atOnce
  )
  const foundIn = (fold: Fold): ReadonlyArray<Found> => results.filter((_, index) => searches[index]!.fold === fold)
  const best = nested.map((fold) => bestOf(foundIn(fold)))
  const bestOfAll = bestOf(foundIn(whole))

  const importance = yield* Effect.forEach(
    nested,
    (fold, event) =>
      tuner
        .weigh({ ...fold, candidates: candidatesOf(set, best[event]!, fold.informationWithout) })
        .pipe(Effect.tap(() => advance("importance"))),
    atOnce
  )

  const scalers = nested.map(({ scaler }) => scaler)
  const shipped: Candidate = { members: recipes[usualRecipe].map((name) => onsetMembers[name]), columns: shippedColumns(set) }
  const judgeBy = (contender: Contender) => Effect.tap(tuner.judge({ set, seed, contender }), () => advance("judging"))
  const informationOf = (event: number) => without(event, event)
  const figures = yield* Effect.all(
    {
      nested: judgeBy({
        scalers,
        bounds: trialRows,
        candidates: events.map((event) => candidateOf(set, best[event]!, informationOf(event)))
      }),
      naive: judgeBy({ scalers, bounds: trialRows, candidates: events.map((event) => candidateOf(set, bestOfAll, informationOf(event))) }),
      shipped: judgeBy({ scalers, bounds: onsetRows, candidates: events.map(() => shipped) }),
      deviation: judgeBy({ column: set.features.indexOf("distance_bps") })
    },
    atOnce
  )
  return {
    best,
    bestOfAll,
    /** The best of each kind, by fold, and on all events. */
    kinds: nested.map(foundIn),
    kindsOfAll: foundIn(whole),
    information: events.map(informationOf),
    informationOfAll,
    importance,
    figures
  }
})
export type Tuned = Effect.Success<ReturnType<typeof tune>>
