/** The real thread and process, on the memory that the hot path reads its model from. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Context, Effect, FileSystem, Layer } from "effect"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { allocateModelMemory, ModelReader } from "../model/ModelMemory.ts"
import { echoModel } from "../../test/support/EchoModel.ts"
import { Detection } from "./Detection.ts"
import { layerOnnxPrediction } from "./OnnxPrediction.ts"
import { Prediction } from "./Prediction.ts"

const services = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeServices.layer))
/** On a busy machine an answer may take long; a wait ends with the process that hangs. */
const limits = { waitMillis: 20_000, hungMillis: 1500, loadMillis: 60_000 }

/** The engine over a file of these bytes, and the hot path's side. */
const open = Effect.fnUntraced(function* (bytes: Uint8Array, loadMillis = limits.loadMillis) {
  const files = yield* FileSystem.FileSystem
  const file = `${yield* files.makeTempDirectoryScoped()}/some.onnx`
  yield* files.writeFile(file, bytes)
  const models = allocateModelMemory()
  const prediction = Context.get(
    yield* Layer.build(
      layerOnnxPrediction({ file, features: [], heads: [] }, { ...limits, loadMillis }).pipe(Layer.provide(Detection.layerTest({ models })))
    ),
    Prediction
  )
  const reader = new ModelReader(models)
  const out = new Float64Array(3 * horizonsMinutes.length)
  /** Closes a bar; the first probability, undefined where there is none. */
  const bar = (first: number): number | undefined =>
    reader.predict(
      Float64Array.from({ length: coinFeatureNames.length }, () => first),
      false,
      out
    )
      ? out[0]
      : undefined
  return { prediction, bar, reader }
})
const health = Effect.map(
  Effect.flatMap(HealthRegistry, ({ snapshot }) => snapshot),
  (all) => all.find(({ component }) => component === "prediction")!
)
const until = <R>(condition: Effect.Effect<boolean, never, R>) =>
  condition.pipe(Effect.tap(Effect.sleep("5 millis")), Effect.repeat({ until: (met) => met }))

describe("OnnxPrediction", () => {
  it.live("serves the file, goes without it where it hangs and says so, and serves it again", () =>
    Effect.gen(function* () {
      const { bar, prediction, reader } = yield* open(echoModel())
      const model = prediction.serving()!
      assert.strictEqual(model.name, "echo")
      assert.strictEqual(bar(0.25), 0.25)
      assert.strictEqual(reader.version, model.version)
      assert.include((yield* health).detail, `echo, version ${model.version}`)

      assert.isUndefined(bar(2000))
      yield* until(Effect.map(health, ({ status }) => status === "degraded"))
      yield* until(Effect.sync(() => prediction.serving() === undefined))
      assert.isUndefined(bar(0.5))
      const { detail, gauges } = yield* health
      assert.match(detail, /the detectors alone decide: .* did not answer within 1500 ms/)
      assert.strictEqual(gauges["bars_without_answer"], 2)

      yield* until(Effect.sync(() => prediction.serving() !== undefined))
      assert.strictEqual(bar(0.75), 0.75)
      assert.deepInclude(yield* health, { status: "running", restarts: 1 })
    }).pipe(Effect.provide(services))
  )

  it.live("leaves the detectors alone with a file that cannot serve, and says why", () =>
    Effect.gen(function* () {
      for (const [bytes, says] of [
        [new Uint8Array(10), "is no ONNX model"],
        [echoModel({ features: ["tarot"] }), "asks for features that this version does not make (tarot)"],
        [echoModel({ features: coinFeatureNames.slice(0, 3) }), "has columns other than those that are named"]
      ] as const) {
        const { bar, prediction } = yield* open(bytes)
        assert.isUndefined(prediction.serving())
        assert.isUndefined(bar(0.25))
        const { detail, status } = yield* health
        assert.strictEqual(status, "degraded")
        assert.include(detail, says)
      }
    }).pipe(Effect.provide(services))
  )

  it.live("tries a file that hangs while it is loaded no more than three times", () =>
    Effect.gen(function* () {
      const { prediction } = yield* open(echoModel({}, -1000), 300)
      yield* until(Effect.map(health, ({ detail }) => detail.includes("not tried again")))
      assert.isUndefined(prediction.serving())
      const { detail, restarts } = yield* health
      assert.include(detail, "was not loaded 3 times in a row")
      assert.include(detail, "did not answer within 300 ms")
      assert.strictEqual(restarts, 2)
    }).pipe(Effect.provide(services))
  )
})
