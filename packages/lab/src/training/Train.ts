/**
 * Trains a whole model head by head, with progress and a checkpoint after each head: an interrupted training continues from its checkpoints.
 *
 * The same rows, recipe and seed give the same bytes, wherever the heads are fitted and however many at once.
 */
import { explainProblem } from "@evenkeel/learning/data/Table"
import type { FittedHead, HeadProblem } from "@evenkeel/learning/ensemble/FitHead"
import type { Model } from "@evenkeel/learning/model/Model"
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { createHash } from "node:crypto"
import { deserialize, serialize } from "node:v8"
import { HeadFitter } from "./HeadFitter.ts"
import { fitScalerOf, type HeadJobInput } from "./HeadJob.ts"
import { headOptionsOf, type RecipeName, recipeSeed, wholeRecipe } from "./Recipe.ts"
import { headKeys, type TrainingSet } from "./TrainingSet.ts"

/** No head can be learned from the data; the problem says what is missing. */
export class TrainingRefused extends Schema.TaggedError<TrainingRefused>()("TrainingRefused", {
  head: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.head}: ${this.problem}`
  }
}

export interface TrainOptions {
  readonly set: TrainingSet
  readonly hidden: HeadJobInput["hidden"]
  /** Directory in which finished heads are kept until the model is whole. */
  readonly checkpoints: Option.Option<string>
  /** Called after each head with its name. */
  readonly onHead: (name: string) => Effect.Effect<void>
  readonly seed?: number
  /** Taken as it is; chosen on the rows that are not hidden when left out. */
  readonly recipe?: RecipeName
}

const nameOf = ({ horizonMinutes, label }: (typeof headKeys)[number]): string => `${label} ${horizonMinutes}m`

const explain = (problem: HeadProblem, features: ReadonlyArray<string>): string =>
  problem._tag === "TooFewEvents"
    ? `breaks of ${problem.events} event${problem.events === 1 ? "" : "s"} are too few to learn from: give data of at least two`
    : explainProblem(problem, features)

/** Names the directory of a training's checkpoints: they serve only for the same rows, labels, recipe, seed and hidden time. */
const fingerprintOf = ({ hidden, set }: TrainOptions, recipe: RecipeName, seed: number): string =>
  createHash("sha256")
    .update(new Uint8Array(set.values.buffer))
    .update(new Uint8Array(set.labels.buffer))
    .update(new Uint8Array(set.minutes.buffer))
    .update(JSON.stringify({ features: set.features, hidden, recipe: wholeRecipe(recipe), seed }))
    .digest("hex")
    .slice(0, 16)

export const trainModel = Effect.fn("trainModel")(function* (options: TrainOptions) {
  const { hidden, set } = options
  const fitter = yield* HeadFitter
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const seed = options.seed ?? recipeSeed
  const scaler = fitScalerOf(set, hidden)
  const choice = options.recipe === undefined ? yield* fitter.choose({ set, scaler, hidden, seed }) : undefined
  const recipe = options.recipe ?? choice!.recipe
  const directory = Option.map(options.checkpoints, (root) => path.join(root, fingerprintOf(options, recipe, seed)))
  if (Option.isSome(directory)) yield* files.makeDirectory(directory.value, { recursive: true })
  const fileOf = (head: number) => Option.map(directory, (at) => path.join(at, `${head}.head`))

  const results = yield* Effect.forEach(
    headKeys,
    Effect.fnUntraced(function* (key, head) {
      const file = fileOf(head)
      const kept = Option.isSome(file) ? yield* Effect.option(files.readFile(file.value)) : Option.none()
      const known = Option.flatMap(
        kept,
        Option.liftThrowable((bytes: Uint8Array) => deserialize(bytes) as FittedHead)
      )
      if (Option.isSome(known)) {
        yield* options.onHead(`${nameOf(key)} (kept)`)
        return { head, fitted: known.value, problem: undefined }
      }
      const input: HeadJobInput = { set, head, scaler, hidden, options: { ...headOptionsOf(key.label, recipe), seed } }
      const result = yield* fitter.fit(input)
      if ("_tag" in result) return { head, fitted: undefined, problem: explain(result, set.features) }
      if (Option.isSome(file)) {
        // A file that is cut off by an interruption must not be taken for a head.
        yield* files.writeFile(`${file.value}.part`, serialize(result))
        yield* files.rename(`${file.value}.part`, file.value)
      }
      yield* options.onHead(nameOf(key))
      return { head, fitted: result, problem: undefined }
    }),
    { concurrency: "unbounded" }
  )
  // A head with too little data is left out of the model; a model without any head is refused.
  const trained = results.flatMap(({ fitted, head }) => (fitted === undefined ? [] : [{ fitted, head }]))
  for (const { head, problem } of results) {
    if (problem === undefined) continue
    const name = nameOf(headKeys[head]!)
    if (trained.length === 0) return yield* new TrainingRefused({ head: name, problem })
    yield* Effect.logWarning("a head is left out of the model", { head: name, problem })
  }
  const model: Model = {
    features: set.features,
    scaler,
    heads: trained.map(({ fitted: { blend, calibration, interval, members }, head }) => ({
      ...headKeys[head]!,
      members,
      blend,
      calibration,
      interval
    }))
  }
  if (Option.isSome(directory)) yield* files.remove(directory.value, { recursive: true })
  return { model, recipe, choice, losses: Object.fromEntries(trained.map(({ fitted, head }) => [nameOf(headKeys[head]!), fitted.losses])) }
})
