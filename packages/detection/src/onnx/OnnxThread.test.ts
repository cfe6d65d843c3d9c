/** The real thread, the real process and the real runtime. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { predict } from "@evenkeel/learning/model/Model"
import { exportOnnx } from "@evenkeel/learning/onnx/OnnxExport"
import { encodeMetadata } from "@evenkeel/learning/onnx/OnnxMetadata"
import { explainOnnxProblem, isProblem, openOnnx } from "@evenkeel/learning/onnx/OnnxSession"
import { ProtoWriter } from "@evenkeel/learning/onnx/ProtoWriter"
import { Effect, FileSystem, Option } from "effect"
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { constants, getPriority } from "node:os"
import { fileURLToPath } from "node:url"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { openModel, sha256Of } from "../model/ModelFiles.ts"
import { allocateModelMemory, ModelPublisher, ModelReader } from "../model/ModelMemory.ts"
import { QuestionAnswerer } from "../model/ModelQuestions.ts"
import { echoMetadata, echoModel } from "../../test/support/EchoModel.ts"
import { readOnnxFile } from "./OnnxFiles.ts"
import type { OnnxLimits } from "./OnnxMessages.ts"
import { replayLimits, startOnnxThread } from "./OnnxThread.ts"

/** A thread that serves a model's bytes, and the hot path's side of it. */
const serve = Effect.fnUntraced(function* (bytes: Uint8Array, limits: OnnxLimits = replayLimits) {
  const files = yield* FileSystem.FileSystem
  const path = `${yield* files.makeTempDirectoryScoped()}/some.onnx`
  yield* files.writeFile(path, bytes)
  const file = yield* readOnnxFile({ file: path, features: [], heads: [] })
  const memory = allocateModelMemory()
  const { heads, inputs, version } = file
  const address = new ModelPublisher(memory).publishQuestions({ inputs, heads, waitMillis: limits.waitMillis }, version)
  const thread = yield* startOnnxThread(file, memory, address, limits)
  return { ...thread, reader: new ModelReader(memory), questions: new QuestionAnswerer(memory, address) }
})

const champion = Effect.map(openModel(Option.none()), Option.getOrThrow)
const out = new Float64Array(3 * horizonsMinutes.length)
const rowOf = (...values: ReadonlyArray<number>) => Float64Array.from({ length: coinFeatureNames.length }, (_, index) => values[index] ?? 0)
/** Waits until there is no such process, or one that has ended and that nobody has asked for its end. */
const gone = (pid: number) =>
  Effect.try({
    try: () => {
      process.kill(pid, 0)
      if (/^State:\tZ/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "")) throw new Error("ended")
    },
    catch: () => "gone"
  }).pipe(Effect.andThen(Effect.sleep("5 millis")), Effect.forever, Effect.ignore)

describe("OnnxThread", () => {
  it.effect("the shipped model says the same in onnxruntime, and through the thread what it says when it is packed", () =>
    Effect.gen(function* () {
      const { bytes, file, name } = yield* champion
      const { features, heads } = file.model
      const exported = exportOnnx(file.model, { name, sha256: sha256Of(bytes) })
      const count = 500
      const random = new Random(5)
      const thresholds = heads
        .flatMap(({ members }) => members.flatMap((member) => ("trees" in member.model ? member.model.trees : [])))
        .flatMap((tree) => [...tree.features].flatMap((feature, node) => (feature < 0 ? [] : [[feature, tree.thresholds[node]!] as const])))
      const valuesOf = features.map((_, feature) => thresholds.flatMap(([of, value]) => (of === feature ? [value] : [])))
      const values = Float64Array.from({ length: count * features.length }, (_, index) => {
        const chance = random.uniform()
        const exact = valuesOf[index % features.length]!
        if (chance < 0.1) return Number.NaN
        if (chance < 0.4 && exact.length > 0) return exact[random.below(exact.length)]!
        return chance < 0.45 ? random.normal() * 1e10 : random.normal() * 4 ** random.below(5)
      })

      const shape = { features: features.length, heads: heads.length }
      const session = yield* Effect.promise(() => openOnnx(exported, shape))
      const said = isProblem(session) ? session : yield* Effect.promise(() => session.predict(values))
      if (isProblem(said)) return assert.fail(explainOnnxProblem(said))
      const { reader } = yield* serve(exported)
      const packed = allocateModelMemory()
      new ModelPublisher(packed).publish(file.model, 1)
      const packedReader = new ModelReader(packed)
      const expected = out.slice()
      for (let index = 0; index < count; index++) {
        const row = values.slice(index * features.length, (index + 1) * features.length)
        for (const [head, { high, low, probability }] of predict(file.model, row).entries()) {
          const at = index * heads.length + head
          assert.closeTo(said.probabilities[at]!, probability, 1e-6, `row ${index}, head ${head}`)
          assert.closeTo(said.low![at]!, low, 1e-6, `row ${index}, head ${head}, low`)
          assert.closeTo(said.high![at]!, high, 1e-6, `row ${index}, head ${head}, high`)
        }
        if (index >= 30) continue
        const all = rowOf()
        for (const [feature, feature_] of features.entries()) all[coinFeatureNames.indexOf(feature_)] = row[feature]!
        for (const broken of [false, true]) {
          packedReader.predict(all, broken, expected)
          assert.isTrue(reader.predict(all, broken, out))
          for (const [at, value] of expected.entries()) assert.closeTo(out[at]!, value, 1e-6, `row ${index}, number ${at}`)
        }
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("gives no probabilities where an answer is none, and none of heads that there are not", () =>
    Effect.gen(function* () {
      const { questions, reader } = yield* serve(echoModel())
      assert.isTrue(reader.predict(rowOf(0.25, 0.5), false, out))
      assert.deepStrictEqual([...out.subarray(0, 6)], [0.25, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN])
      for (const wrong of [Number.NaN, -0.1, 1.1]) assert.isFalse(reader.predict(rowOf(0.25, wrong), false, out))
      assert.isTrue(reader.predict(rowOf(0, 1), true, out))
      assert.strictEqual(out[6], 1)
      assert.deepStrictEqual(questions.counts(), { answered: 2, late: 0, notAsked: 0, refused: 3 })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("a model that hangs costs one wait, and its process is ended", () =>
    Effect.gen(function* () {
      const limits = { waitMillis: 50, hungMillis: 300, loadMillis: 60_000 }
      const { ended, process, questions, reader } = yield* serve(echoModel(), limits)
      const began = performance.now()
      for (let bar = 0; bar < 100; bar++) assert.isFalse(reader.predict(rowOf(2000, 0.5), false, out))
      assert.isBelow(performance.now() - began, 50 * limits.waitMillis)
      const stopped = yield* Effect.flip(ended)
      assert.include(stopped.message, "did not answer within 300 ms")
      yield* gone(process)
      assert.isFalse(reader.predict(rowOf(0.1, 0.1), false, out))
      assert.deepStrictEqual(questions.counts(), { answered: 0, late: 1, notAsked: 100, refused: 0 })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("says when its process or its thread is killed, and nobody waits for either", () =>
    Effect.gen(function* () {
      for (const [what, says] of [
        ["process", "ended with SIGKILL"],
        ["thread", "has a thread that ended"]
      ] as const) {
        const { ended, process: pid, reader, worker } = yield* serve(echoModel())
        assert.isTrue(reader.predict(rowOf(0.1, 0.1), false, out))
        if (what === "process") process.kill(pid, "SIGKILL")
        else yield* Effect.promise(() => worker.terminate())
        assert.include((yield* Effect.flip(ended)).message, says)
        const began = performance.now()
        assert.isFalse(reader.predict(rowOf(0.1, 0.1), false, out))
        assert.isBelow(performance.now() - began, replayLimits.waitMillis / 2)
        if (what === "process") yield* gone(pid)
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("has a process of a lower priority, which ends also in the midst of a model that hangs when the engine is killed", () =>
    Effect.gen(function* () {
      const engine = yield* Effect.acquireRelease(
        Effect.sync(() => spawn(process.execPath, [fileURLToPath(import.meta.resolve("../../test/support/Orphan.ts"))])),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      const pid = yield* Effect.callback<number>((resume) => {
        engine.stdout.once("data", (text) => resume(Effect.succeed(Number(text))))
      })
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.try(() => process.kill(pid, "SIGKILL"))))
      assert.strictEqual(getPriority(pid), constants.priority.PRIORITY_BELOW_NORMAL)
      engine.kill("SIGKILL")
      yield* gone(pid)
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a model that the runtime cannot run", () =>
    Effect.gen(function* () {
      const refusal = (bytes: Uint8Array) =>
        Effect.map(Effect.flip(serve(bytes)), (error) => ("reason" in error ? error.reason : error._tag))
      // The graph is there, and holds nothing.
      const empty = new ProtoWriter().message(7, () => {})
      for (const [key, value] of encodeMetadata(echoMetadata)) empty.message(14, (entry) => entry.text(1, key).text(2, value))
      assert.strictEqual(yield* refusal(empty.finish()), "NotAModel")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
