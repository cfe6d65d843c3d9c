/**
 * Looks for the members and options with which onsets are predicted best on events that were not seen, and says how much of that survives.
 *
 * Nested: for each event the search is done on the other events alone, and what it finds is judged by the event. Naive: one search over all events,
 * judged by the same. The difference is the optimism of choosing by what judges. The same rows, trials and seed give the same report, wherever the
 * work is done and however often it was interrupted.
 */
import { Effect, type Option } from "effect"
import type { Candidate } from "../training/Candidate.ts"
import { onsetMembers, recipes, usualRecipe } from "../training/Recipe.ts"
import type { TrainingSet } from "../training/TrainingSet.ts"
import { shippedColumns } from "./FeatureRank.ts"
import { type Fold, jobsAtOnce, jobsOfFolds, makeFolds } from "./Folds.ts"
import type { Contender } from "./Judge.ts"
import { bestOf, candidateOf, candidatesOf, type Found, searchKind, TuneRefused } from "./SearchFold.ts"
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
  const points = shares.reduce((sum, [, each]) => sum + each, 0)
  const total = jobsOfFolds(events.length) + (events.length + 1) * points + events.length + contenders
  let done = 0
  const advance = (what: string) => Effect.suspend(() => progress(++done, total, what))
  const atOnce = { concurrency: jobsAtOnce }

  const { nested, whole } = yield* makeFolds({ set, seed }, advance("features"))
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
  const figures = yield* Effect.all(
    {
      nested: judgeBy({
        scalers,
        candidates: nested.map(({ information }, event) => candidateOf(set, best[event]!, information))
      }),
      naive: judgeBy({ scalers, candidates: nested.map(({ information }) => candidateOf(set, bestOfAll, information)) }),
      shipped: judgeBy({ scalers, candidates: events.map(() => shipped) }),
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
    information: nested.map(({ information }) => information),
    informationOfAll: whole.information,
    importance,
    figures
  }
})
export type Tuned = Effect.Success<ReturnType<typeof tune>>
