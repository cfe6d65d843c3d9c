/** A program that serves an ONNX model which hangs, says the id of the process that runs it, and is killed. */
import { Effect } from "effect"
import { coinFeatureNames } from "../../src/feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../../src/hotpath/SignalRecord.ts"
import { allocateModelMemory, ModelPublisher, ModelReader } from "../../src/model/ModelMemory.ts"
import { liveLimits, startOnnxThread } from "../../src/onnx/OnnxThread.ts"
import { echoMetadata, echoModel } from "./EchoModel.ts"

const memory = allocateModelMemory()
const file = { file: "echo", name: "echo", version: 1, bytes: echoModel(), inputs: [0, 1], heads: echoMetadata.heads }
const address = new ModelPublisher(memory).publishQuestions({ inputs: file.inputs, heads: file.heads, waitMillis: 50 }, 1)

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const { process: pid } = yield* startOnnxThread(file, memory, address, { ...liveLimits, hungMillis: 60_000 })
      const row = Float64Array.from({ length: coinFeatureNames.length }, () => 2000)
      new ModelReader(memory).predict(row, false, new Float64Array(3 * horizonsMinutes.length))
      yield* Effect.sync(() => process.stdout.write(`${pid}\n`))
      return yield* Effect.never
    })
  )
)
