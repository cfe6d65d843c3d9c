/** The shipped model, exported by the command and served through its thread, on a whole simulated market. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { coinState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { openModel, shippedModel } from "@evenkeel/detection/model/ModelFiles"
import { allocateModelMemory, ModelPublisher } from "@evenkeel/detection/model/ModelMemory"
import { QuestionAnswerer } from "@evenkeel/detection/model/ModelQuestions"
import { readOnnxFile } from "@evenkeel/detection/onnx/OnnxFiles"
import { replayLimits, startOnnxThread } from "@evenkeel/detection/onnx/OnnxThread"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { Effect, FileSystem, Option } from "effect"
import { runModelsExport } from "../src/command/Models.ts"
import { loadConfig } from "../src/config/LoadConfig.ts"
import { playScenario } from "./support/LocalMarket.ts"

const minutes = 60
const coin = 1

/** Probabilities and intervals of a coin after each minute, and the changes of its level. */
const play = (models: KernelMemory) => {
  const rows: Array<ReadonlyArray<number>> = []
  const row = new Float64Array(stateFields)
  const changes = playScenario(scenarios["usdc-2023-03"](), minutes, 1, 30_000, {
    models,
    onStep: ({ state }) => {
      if (state.read(coin, row)) rows.push([...row.subarray(coinState.probabilities, coinState.intervals + 10)])
    }
  })
  return { rows, changes }
}

describe("a served ONNX file", () => {
  it.effect("says what the packed model says, bar by bar, and changes no level", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const onnx = `${yield* files.makeTempDirectoryScoped()}/champion.onnx`
      yield* runModelsExport(yield* loadConfig(Option.none(), {}), { model: shippedModel, onnx })
      const file = yield* readOnnxFile({ file: onnx, features: [], heads: [] })
      const served = allocateModelMemory()
      const { heads, inputs, version } = file
      const address = new ModelPublisher(served).publishQuestions({ inputs, heads, waitMillis: replayLimits.waitMillis }, version)
      yield* startOnnxThread(file, served, address, replayLimits)
      const packed = allocateModelMemory()
      new ModelPublisher(packed).publish(Option.getOrThrow(yield* openModel(Option.none())).file.model, 1)

      const expected = play(packed)
      const said = play(served)
      const { answered, ...without } = new QuestionAnswerer(served, address).counts()
      assert.isAtLeast(answered, minutes * 3)
      assert.deepStrictEqual(without, { late: 0, notAsked: 0, refused: 0 })
      assert.isAtLeast(expected.rows.length, minutes)
      assert.lengthOf(said.rows, expected.rows.length)
      for (const [index, row] of expected.rows.entries()) {
        for (const [at, value] of row.entries()) assert.closeTo(said.rows[index]![at]!, value, 1e-6, `row ${index}, number ${at}`)
      }
      const levels = ({ changes }: typeof said) => changes.map(({ coin, level, time }) => [time, coin, level])
      assert.isNotEmpty(said.changes)
      assert.deepStrictEqual(levels(said), levels(expected))
      assert.isTrue(said.changes.some(({ evidence }) => evidence.model?.version === version))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
