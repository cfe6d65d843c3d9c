/**
 * Keeps finished trials, so that an interrupted tuning goes on where it was, and one with more trials takes up those of one with fewer.
 *
 * A trial has a file of its own, in a directory named after everything that its score depends on. A file that does not hold the trial that is asked
 * for is passed over, and the trial is done again.
 */
import { memberKinds, type MemberKind } from "@evenkeel/learning/model/Model"
import type { Point } from "@evenkeel/learning/search/Search"
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { createHash } from "node:crypto"
import { modelFeatures, onsetRows } from "../training/Recipe.ts"
import type { TrainingSet } from "../training/TrainingSet.ts"
import { selectedFeatures } from "./FeatureRank.ts"
import { trialRows } from "./ScoreTrial.ts"
import { isSamePoint, spaceOf, type TuneMethod, tuneMethods } from "./Spaces.ts"

const KeptTrial = Schema.Struct({
  /** The event that is hidden from the fold, by number; null where none is. */
  fold: Schema.NullOr(Schema.Int),
  method: Schema.Literals(tuneMethods),
  kind: Schema.Literals(memberKinds),
  point: Schema.Record(Schema.String, Schema.Finite),
  score: Schema.Finite
})
type KeptTrial = typeof KeptTrial.Type
const decodeTrial = Schema.decodeUnknownOption(Schema.fromJsonString(KeptTrial))

export interface TrialPlace {
  readonly fold: number | null
  readonly kind: MemberKind
  /** Of the trials of this fold and kind, from 0 on. */
  readonly index: number
  readonly point: Point
}

export interface TrialStoreOptions {
  readonly checkpoints: Option.Option<string>
  readonly set: TrainingSet
  readonly method: TuneMethod
  readonly seed: number
}

const fingerprintOf = ({ method, seed, set }: TrialStoreOptions): string => {
  const hash = createHash("sha256")
  for (const { buffer } of [set.values, set.labels, set.minutes, set.times, set.events]) hash.update(new Uint8Array(buffer))
  return hash
    .update(
      JSON.stringify({ features: set.features, modelFeatures, selectedFeatures, onsetRows, trialRows, method, ...spaceOf(method), seed })
    )
    .digest("hex")
    .slice(0, 16)
}

/** Without a directory nothing is kept. */
export const makeTrialStore = Effect.fnUntraced(function* (options: TrialStoreOptions) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = Option.map(options.checkpoints, (root) => path.join(root, `tune-${fingerprintOf(options)}`))
  if (Option.isSome(directory)) yield* files.makeDirectory(directory.value, { recursive: true })
  const fileOf = ({ fold, index, kind }: TrialPlace) =>
    Option.map(directory, (at) => path.join(at, `${fold ?? "all"}-${kind}-${index}.json`))
  return {
    /** The score that was kept. */
    take: Effect.fnUntraced(function* (place: TrialPlace) {
      const file = fileOf(place)
      if (Option.isNone(file)) return Option.none<number>()
      return Option.filter(Option.flatMap(yield* Effect.option(files.readFileString(file.value)), decodeTrial), ({ point }) =>
        isSamePoint(point, place.point)
      ).pipe(Option.map(({ score }) => score))
    }),
    keep: Effect.fnUntraced(function* (place: TrialPlace, score: number) {
      const file = fileOf(place)
      if (Option.isNone(file)) return
      const { fold, kind, point } = place
      const trial: KeptTrial = { fold, method: options.method, kind, point, score }
      // A file that is cut off by an interruption must not be taken for a trial.
      yield* files.writeFileString(`${file.value}.part`, JSON.stringify(trial))
      yield* files.rename(`${file.value}.part`, file.value)
    })
  }
})
export type TrialStore = Effect.Success<ReturnType<typeof makeTrialStore>>
