/**
 * Reads an ONNX file that is to serve. Which features it asks for, and what its columns say, stands in its metadata (see `OnnxMetadata`) or is
 * told; a file of which this is not known, or that asks for what the engine does not make, is refused before it is run.
 */
import { headPattern, type OnnxHead, parseHead, readMetadata } from "@evenkeel/learning/onnx/OnnxMetadata"
import { onnxProblems } from "@evenkeel/learning/onnx/OnnxSession"
import { Effect, FileSystem, Schema } from "effect"
import { basename } from "node:path"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { sha256Of } from "../model/ModelFiles.ts"
import { questionFeaturesMax, questionHeadsMax } from "../model/ModelQuestions.ts"

export interface OnnxSource {
  readonly file: string
  /** The feature of each column of the input; as the file says when empty. */
  readonly features: ReadonlyArray<string>
  /** What each column of the output says, as in `onset:60`; as the file says when empty. */
  readonly heads: ReadonlyArray<string>
}

export interface OnnxFile {
  readonly file: string
  readonly name: string
  readonly version: number
  readonly bytes: Uint8Array
  /** Where each feature stands among the engine's. */
  readonly inputs: ReadonlyArray<number>
  readonly heads: ReadonlyArray<OnnxHead>
}

/** The file cannot serve; the message says what to do. */
export class OnnxUnusable extends Schema.TaggedError<OnnxUnusable>()("OnnxUnusable", {
  file: Schema.String,
  reason: Schema.Literals(["NotFound", "TooLarge", "Unnamed", "OtherFeatures", "OtherHeads", "NotLoaded", ...onnxProblems]),
  advice: Schema.String
}) {
  override get message() {
    return `${this.file} ${this.advice}`
  }
}

/** A served model is trees or a small network: this is a hundred times the shipped one. */
export const onnxBytesMax = 32 << 20

/** Versions of the registry count from 1. That of an ONNX file is above them all and follows from its bytes, so that a record tells which file spoke. */
const versionOf = (sha256: string): number => 2 ** 30 + (Number.parseInt(sha256.slice(0, 8), 16) >>> 2)

const nameLengthMax = 100

export const readOnnxFile = Effect.fn("readOnnxFile")(function* ({ file, ...told }: OnnxSource) {
  const files = yield* FileSystem.FileSystem
  const unusable = (reason: OnnxUnusable["reason"], advice: string) => new OnnxUnusable({ file, reason, advice })
  const notFound = Effect.mapError(() => unusable("NotFound", "cannot be read: check its name"))
  if ((yield* notFound(files.stat(file))).size > onnxBytesMax)
    return yield* unusable("TooLarge", `is larger than the ${onnxBytesMax} bytes that a served model may take`)
  const bytes = yield* notFound(files.readFile(file))
  const said = readMetadata(bytes)
  if (said === undefined) return yield* unusable("NotAModel", "is no ONNX model: make one with `evenkeel models export`")
  const features = told.features.length > 0 ? told.features : (said.features ?? [])
  const heads = told.heads.length > 0 ? told.heads.map(parseHead) : (said.heads ?? [])
  if (features.length === 0)
    return yield* unusable("Unnamed", "does not say which features it asks for: name them in `models.onnx.features`, in their order")
  if (heads.length === 0)
    return yield* unusable("Unnamed", "does not say what it gives: name its columns in `models.onnx.heads`, as in onset:60")
  const missing = features.filter((name) => !coinFeatureNames.includes(name))
  if (missing.length > 0 || features.length > questionFeaturesMax)
    return yield* unusable("OtherFeatures", `asks for features that this version does not make (${missing.slice(0, 5).join(", ")})`)
  const known = heads.flatMap((head) => head ?? [])
  if (known.length < heads.length) return yield* unusable("OtherHeads", `has columns that are not named as in ${headPattern.source}`)
  if (heads.length > questionHeadsMax || !known.some(({ horizonMinutes }) => horizonsMinutes.some((each) => each === horizonMinutes)))
    return yield* unusable("OtherHeads", `says nothing of the horizons that are told, which are ${horizonsMinutes.join(", ")} minutes`)
  return {
    file,
    name: (said.name ?? basename(file)).slice(0, nameLengthMax),
    version: versionOf(sha256Of(bytes)),
    bytes,
    inputs: features.map((name) => coinFeatureNames.indexOf(name)),
    heads: known
  } satisfies OnnxFile
})
