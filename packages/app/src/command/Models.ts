/** `evenkeel models`: which models there are, which one serves, and changing that. An engine that runs takes it up at its next turn. */
import { EventStore } from "@evenkeel/store/event/EventStore"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Clock, Console, DateTime, Effect, FileSystem, Layer, Option, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { auditKeyOf, databaseBeside } from "../engine/EngineSetup.ts"
import { databaseOfLog } from "./EngineLog.ts"
import { seenBy } from "@evenkeel/lab/evaluation/Evaluate"
import { predictSeries, reportHorizons } from "@evenkeel/lab/evaluation/Horizons"
import { eventsOf } from "@evenkeel/lab/training/Events"
import { marketsOf, readPriceFiles } from "@evenkeel/replay/price/Markets"
import { seriesOfMarket } from "@evenkeel/lab/training/Samples"
import { openModel, readModel, readModelFile, sha256Of } from "@evenkeel/detection/model/ModelFiles"
import { exportOnnx } from "@evenkeel/learning/onnx/OnnxExport"
import { headText } from "@evenkeel/learning/onnx/OnnxMetadata"

export class ModelNotWritten extends Schema.TaggedError<ModelNotWritten>()("ModelNotWritten", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} ${this.problem}`
  }
}

const registryOf = (config: EngineConfig) =>
  ModelRegistry.layer.pipe(Layer.provide(EventStore.layerSealed(auditKeyOf(config))), Layer.provide(databaseOfLog(config)))

/** A model may be added before the first engine starts. */
const registryOrNew = (config: EngineConfig) =>
  ModelRegistry.layer.pipe(Layer.provide(EventStore.layerSealed(auditKeyOf(config))), Layer.provide(databaseBeside(config)))

const when = (time: number | null): string => (time === null ? "-" : DateTime.formatIso(DateTime.makeUnsafe(Math.round(time))).slice(0, 16))

export const runModelsList = Effect.fn("runModelsList")(function* (config: EngineConfig) {
  const entries = yield* Effect.flatMap(ModelRegistry, ({ list }) => list).pipe(Effect.provide(registryOf(config)))
  if (entries.length === 0) {
    yield* Console.log("no models: the engine puts the shipped one here when it starts, `evenkeel models add FILE` another")
    return
  }
  yield* Console.log(
    `${"version".padEnd(9)}${"status".padEnd(12)}${"name".padEnd(26)}${"added".padEnd(18)}${"promoted".padEnd(18)}${"served, h".padEnd(11)}reward`
  )
  for (const { addedAt, name, promotedAt, reward, served, status, version } of entries) {
    const mean = served > 0 ? (reward / served).toFixed(4) : "-"
    yield* Console.log(
      `${String(version).padEnd(9)}${status.padEnd(12)}${name.padEnd(26)}${when(addedAt).padEnd(18)}${when(promotedAt).padEnd(18)}${served.toFixed(1).padEnd(11)}${mean}`
    )
  }
})

/** Adds a file as a challenger, once it is known to be a model that this version can serve. */
export const runModelsAdd = Effect.fn("runModelsAdd")(function* (config: EngineConfig, file: string) {
  const opened = Option.getOrThrow(yield* openModel(Option.some(file)))
  const version = yield* Effect.flatMap(ModelRegistry, (registry) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) =>
      registry.add({ name: opened.name, sha256: sha256Of(opened.bytes), bytes: opened.bytes, status: "challenger", at })
    )
  ).pipe(Effect.provide(registryOrNew(config)))
  yield* Console.log(`${opened.name} is version ${version}, a challenger`)
})

export const runModelsPromote = Effect.fn("runModelsPromote")(function* (config: EngineConfig, version: number, by: string) {
  yield* Effect.gen(function* () {
    const registry = yield* ModelRegistry
    // What cannot serve must not become the champion.
    yield* readModel(`version ${version}`, yield* registry.bytesOf(version))
    yield* registry.promote(version, yield* Clock.currentTimeMillis, by)
  }).pipe(Effect.provide(registryOf(config)))
  yield* Console.log(`version ${version} is the champion`)
})

export const runModelsRollback = Effect.fn("runModelsRollback")(function* (config: EngineConfig, by: string) {
  const version = yield* Effect.flatMap(ModelRegistry, (registry) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => registry.rollback(at, by))
  ).pipe(Effect.provide(registryOf(config)))
  yield* Console.log(`version ${version} is the champion again`)
})

/** A link to a file is that file. */
const isSameFile = Effect.fnUntraced(function* (one: string, other: string) {
  const files = yield* FileSystem.FileSystem
  const realOf = (path: string) => Effect.option(files.realPath(path))
  const [a, b] = [yield* realOf(one), yield* realOf(other)]
  return Option.isSome(a) && Option.isSome(b) && a.value === b.value
})

/** Whole or not at all: an engine may be about to read the file that there is. */
const writeBeside = Effect.fnUntraced(function* (path: string, bytes: Uint8Array) {
  const files = yield* FileSystem.FileSystem
  const part = `${path}.part`
  yield* files.writeFile(part, bytes).pipe(
    Effect.andThen(files.rename(part, path)),
    Effect.onError(() => Effect.ignore(files.remove(part))),
    Effect.mapError((error) => new ModelNotWritten({ file: path, problem: `cannot be written: ${error.message}` }))
  )
})

/** Writes a model as ONNX, for whoever serves it elsewhere. `model` is a version of the registry, or a file. */
export const runModelsExport = Effect.fn("runModelsExport")(function* (
  config: EngineConfig,
  { model, onnx }: { readonly model: string; readonly onnx: string }
) {
  const isVersion = /^[1-9][0-9]*$/.test(model)
  if (!isVersion && (yield* isSameFile(model, onnx))) return yield* new ModelNotWritten({ file: onnx, problem: "is the model itself" })
  const { bytes, file } = yield* isVersion
    ? Effect.gen(function* () {
        const bytes = yield* (yield* ModelRegistry).bytesOf(Number(model))
        return { bytes, file: yield* readModel(`version ${model}`, bytes) }
      }).pipe(Effect.provide(registryOf(config)))
    : readModelFile(model)
  const sha256 = sha256Of(bytes)
  const exported = exportOnnx(file.model, { name: file.name, sha256 })
  yield* writeBeside(onnx, exported)
  yield* Console.log(
    JSON.stringify({
      file: onnx,
      bytes: exported.length,
      model: file.name,
      sha256,
      features: file.model.features,
      heads: file.model.heads.map(headText)
    })
  )
})

/** Models side by side: average precision and Brier skill of each head, on files that none of them was trained on. */
export const runModelsCompare = Effect.fn("runModelsCompare")(function* (options: {
  readonly data: string
  readonly files: ReadonlyArray<string>
}) {
  const files = yield* readPriceFiles(options.data)
  const series = marketsOf(files).flatMap(seriesOfMarket)
  const events = eventsOf(series)
  for (const name of options.files) {
    const { file } = Option.getOrThrow(yield* openModel(Option.some(name)))
    const seen = seenBy(file, files)
    if (seen.length > 0) {
      yield* Console.log(`${name}: was trained on ${seen.length} of these files (${seen[0]!.file} is one): not judged on what it has seen`)
      continue
    }
    const predictions = predictSeries([{ model: file.model, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }], series)
    yield* Console.log(`${name}: ${file.name}`)
    for (const [label, byHorizon] of Object.entries(reportHorizons(series, predictions, events, () => true))) {
      for (const [horizon, { model }] of Object.entries(byHorizon)) {
        if (model === null) continue
        yield* Console.log(
          `  ${label.padEnd(6)} ${horizon.padEnd(6)} average precision ${model.averagePrecision.value.toFixed(4)} (base rate ${model.baseRate.toFixed(5)}), Brier skill ${model.brierSkill.value.toFixed(4)}`
        )
      }
    }
  }
})
