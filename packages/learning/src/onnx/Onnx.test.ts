import { assert, describe, it } from "@effect/vitest"
import { fitBoosting } from "../boosting/GradientBoosting.ts"
import { fitIsotonic } from "../calibration/Isotonic.ts"
import { fitVennAbers } from "../calibration/VennAbers.ts"
import { Random } from "../data/Random.ts"
import { fitScaler, scaleTable } from "../data/Scaler.ts"
import { tableOf } from "../data/Table.ts"
import { fitForest } from "../forest/RandomForest.ts"
import { fitKernelMachine } from "../kernel/KernelMachine.ts"
import { fitLogistic, logit } from "../logistic/LogisticRegression.ts"
import { type Model, predict, predictMember } from "../model/Model.ts"
import { fitNetwork } from "../network/Network.ts"
import { Effect } from "effect"
import { exportOnnx } from "./OnnxExport.ts"
import { OnnxModel } from "./OnnxModel.ts"

const features = 6
const rows = 300
const random = new Random(11)
const values = Float64Array.from({ length: rows * features }, (_, index) =>
  random.uniform() < 0.08 ? Number.NaN : Math.fround(random.normal() * 5 ** (index % 3))
)
const labels = Uint8Array.from({ length: rows }, (_, row) => ((values[row * features] || 0) + random.normal() > 0 ? 1 : 0))
const table = tableOf(values, labels)
const scaler = fitScaler(table)
const scaled = scaleTable(scaler, table)
const members = [
  { kind: "logistic" as const, model: fitLogistic(scaled) },
  { kind: "forest" as const, model: fitForest(table, { trees: 15, depthMax: 5, leafRowsMin: 3, seed: 1 }) },
  { kind: "boosting" as const, model: fitBoosting(table, { trees: 25, depthMax: 3, leafRowsMin: 5, rate: 0.1, penalty: 1, seed: 1 }) },
  { kind: "network" as const, model: fitNetwork(scaled, { hidden: [7, 5], epochs: 10, batch: 16, rate: 0.01, decay: 0, seed: 1 }) },
  { kind: "kernel" as const, model: fitKernelMachine(scaled, { supports: 20, penalty: 1, seed: 1 }) }
]
const row = (index: number) => values.slice(index * features, (index + 1) * features)
const odds = Float64Array.from({ length: rows }, (_, index) =>
  logit(predictMember(members[1]!, row(index), scaled.values.subarray(index * features)))
)
const common = { members, interval: fitVennAbers(odds, labels) }
const model: Model = {
  features: Array.from({ length: features }, (_, index) => `f${index}`),
  scaler,
  heads: [
    {
      ...common,
      label: "onset",
      horizonMinutes: 30,
      blend: { kind: "vote", weights: Float64Array.of(0.3, 0.2, 0.1, 0.2, 0.2), intercept: 0 },
      calibration: { kind: "platt", curve: { slope: 1.2, intercept: -2 } }
    },
    {
      ...common,
      label: "state",
      horizonMinutes: 30,
      blend: { kind: "stack", weights: Float64Array.of(0.2, 0.2, 0.2, 0.2, 0.2), intercept: 0.1 },
      calibration: { kind: "isotonic", curve: fitIsotonic(odds, labels, undefined, true) }
    }
  ]
}

describe("ONNX", () => {
  it.effect("an exported model says in onnxruntime what it says here, of missing values too", () =>
    Effect.gen(function* () {
      const onnx = yield* OnnxModel
      assert.deepStrictEqual([...onnx.inputs, ...onnx.outputs], ["features", "probabilities"])
      const said = yield* onnx.predict(Float32Array.from(values), features)
      for (let index = 0; index < rows; index++) {
        for (const [head, { probability }] of predict(model, row(index)).entries()) {
          assert.closeTo(said[index * 2 + head]!, probability, 2e-5, `row ${index}, head ${head}`)
        }
      }
      assert.strictEqual((yield* Effect.flip(onnx.predict(new Float32Array(3), 3)))._tag, "OnnxFailed")
    }).pipe(Effect.provide(OnnxModel.layer(exportOnnx(model))))
  )

  it.effect("refuses what is no ONNX model", () =>
    Effect.gen(function* () {
      const failed = yield* Effect.flip(Effect.provide(OnnxModel, OnnxModel.layer(new Uint8Array(100))))
      assert.include(failed.message, "no ONNX model")
    })
  )
})
