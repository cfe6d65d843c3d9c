/** Reads model files: the one that is shipped, and any other. A model that this version cannot serve is refused with what to do about it. */
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { decodeModel, explainModelProblem, type ModelFile, type ModelProblem } from "@evenkeel/learning/model/ModelFile"
import { Effect, FileSystem, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** The model that comes with the program. */
export const shippedModel = fileURLToPath(new URL("../../model/champion.evkmodel", import.meta.url))

/** The bytes are no model, or none that this version can serve; the message says what to do. */
export class ModelUnusable extends Schema.TaggedError<ModelUnusable>()("ModelUnusable", {
  file: Schema.String,
  reason: Schema.Literals(["NotFound", "NotAModel", "Truncated", "Altered", "FutureFormat", "Malformed", "OtherFeatures", "TooLarge"]),
  advice: Schema.String
}) {
  override get message() {
    return `${this.file} ${this.advice}`
  }
}

/** The error of a problem with the model that `file` names. */
export const modelUnusable = (file: string, problem: ModelProblem) =>
  new ModelUnusable({ file, reason: problem._tag, advice: explainModelProblem(problem) })

/** Reads a model from bytes; every feature that it asks for must be one that the engine makes. */
export const readModel = (file: string, bytes: Uint8Array): Effect.Effect<ModelFile, ModelUnusable> =>
  Effect.suspend(() => {
    const decoded = decodeModel(bytes)
    if ("_tag" in decoded) return Effect.fail(modelUnusable(file, decoded))
    const missing = decoded.model.features.filter((name) => !coinFeatureNames.includes(name))
    return missing.length > 0 ? Effect.fail(modelUnusable(file, { _tag: "OtherFeatures", missing })) : Effect.succeed(decoded)
  })

export const readModelFile = Effect.fn("readModelFile")(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const bytes = yield* files
    .readFile(file)
    .pipe(Effect.mapError(() => new ModelUnusable({ file, reason: "NotFound", advice: "cannot be read: check its name" })))
  return { file: yield* readModel(file, bytes), bytes }
})

/** The model that was asked for, or the shipped one, or none where there is none. */
export const openModel = Effect.fn("openModel")(function* (asked: Option.Option<string>) {
  const files = yield* FileSystem.FileSystem
  if (Option.isNone(asked) && !(yield* files.exists(shippedModel))) return Option.none<OpenModel>()
  const { bytes, file } = yield* readModelFile(Option.getOrElse(asked, () => shippedModel))
  return Option.some<OpenModel>({ name: file.name, file, bytes })
})

export interface OpenModel {
  readonly name: string
  readonly file: ModelFile
  readonly bytes: Uint8Array
}
