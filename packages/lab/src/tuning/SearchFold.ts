/**
 * The search of one fold: the best member of each kind by the events that the fold may see, and the best of all.
 *
 * A fold hides one event with the longest horizon on both sides, or none. Trials of a kind come one after the other, since a point may follow from the
 * scores before it; kinds and folds go side by side.
 */
import type { MemberKind } from "@evenkeel/learning/model/Model"
import type { Trial } from "@evenkeel/learning/search/Search"
import { Effect, Option, Schema } from "effect"
import type { Candidate } from "../training/Candidate.ts"
import type { TrainingSet } from "../training/TrainingSet.ts"
import { columnsFor } from "./FeatureRank.ts"
import type { Fold } from "./Folds.ts"
import { isSamePoint, memberOf, pointAfter, type TuneMethod } from "./Spaces.ts"
import type { TrialStore } from "./TrialStore.ts"
import { Tuner } from "./Tuner.ts"

/** There is too little to choose by. */
export class TuneRefused extends Schema.TaggedError<TuneRefused>()("TuneRefused", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

export interface Found extends Trial {
  readonly kind: MemberKind
}

/** What is fitted for a trial, by columns that `information` puts first where the trial asks for those. */
export const candidateOf = (set: TrainingSet, { kind, point }: Pick<Found, "kind" | "point">, information: Float64Array): Candidate => ({
  members: [memberOf(kind, point)],
  columns: columnsFor(set, point["features"]!, information)
})

/** All of a found trial's candidates, by the event that is left out. */
export const candidatesOf = (
  set: TrainingSet,
  found: Pick<Found, "kind" | "point">,
  informationWithout: ReadonlyArray<Float64Array>
): ReadonlyArray<Candidate> => informationWithout.map((information) => candidateOf(set, found, information))

/** The best trial of one kind in one fold, of `points` of them: at least 1. */
export const searchKind = Effect.fnUntraced(function* (
  fold: Fold,
  kind: MemberKind,
  points: number,
  options: {
    readonly method: TuneMethod
    readonly store: TrialStore
    /** Called after each trial. */
    readonly onTrial: (name: string) => Effect.Effect<void>
  }
) {
  const { event, hidden, informationWithout, scaler, seed, set } = fold
  const tuner = yield* Tuner
  const trials: Array<Trial> = []
  while (trials.length < points) {
    const point = pointAfter(options.method, kind, trials, seed)
    const place = { fold: event, kind, index: trials.length, point }
    const tried = trials.find((trial) => isSamePoint(trial.point, point))
    const kept = tried === undefined ? yield* options.store.take(place) : Option.some(tried.score)
    const score = Option.isSome(kept)
      ? kept.value
      : yield* tuner.score({ set, scaler, hidden, seed, candidates: candidatesOf(set, { kind, point }, informationWithout) })
    if (Number.isNaN(score)) {
      return yield* new TuneRefused({
        problem: "no horizon has breaks of two events in every fold, so there is nothing to choose by: give data of more events"
      })
    }
    if (Option.isNone(kept)) yield* options.store.keep(place, score)
    trials.push({ point, score })
    yield* options.onTrial(`${kind}${Option.isSome(kept) ? " (kept)" : ""}`)
  }
  return bestOf(trials.map((trial): Found => ({ ...trial, kind })))
})

/** The best of one or more; of equal ones the first. */
export const bestOf = (found: ReadonlyArray<Found>): Found => found.reduce((best, each) => (each.score > best.score ? each : best))
