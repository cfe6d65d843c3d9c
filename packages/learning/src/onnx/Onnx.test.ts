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
import { exportOnnx } from "./OnnxExport.ts"
import { headText, parseHead, readMetadata } from "./OnnxMetadata.ts"
import { explainOnnxProblem, isProblem, openOnnx } from "./OnnxSession.ts"

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

const bytes = exportOnnx(model, { name: "five", sha256: "of the model" })
const shape = { features, heads: 2 }

describe("ONNX", () => {
  it("an exported model says in onnxruntime what it says here, of missing values and with its intervals too", async () => {
    const session = await openOnnx(bytes, shape)
    if (isProblem(session)) return assert.fail(explainOnnxProblem(session))
    const said = await session.predict(values)
    if (isProblem(said)) return assert.fail(explainOnnxProblem(said))
    for (let index = 0; index < rows; index++) {
      for (const [head, { high, low, probability }] of predict(model, row(index)).entries()) {
        const at = index * 2 + head
        assert.closeTo(said.probabilities[at]!, probability, 1e-6, `row ${index}, head ${head}`)
        assert.closeTo(said.low![at]!, low, 1e-6, `row ${index}, head ${head}, low`)
        assert.closeTo(said.high![at]!, high, 1e-6, `row ${index}, head ${head}, high`)
      }
    }
    const noRow = await session.predict(new Float64Array(3))
    assert.strictEqual(isProblem(noRow) && noRow.reason, "OtherShape")
    await session.close()
  })

  it("refuses what is no ONNX model, and one of another shape", async () => {
    const reasonOf = async (bytes: Uint8Array, expected = shape) => {
      const session = await openOnnx(bytes, expected)
      return isProblem(session) ? session.reason : "none"
    }
    assert.strictEqual(await reasonOf(new Uint8Array(100)), "NotAModel")
    assert.strictEqual(await reasonOf(bytes.subarray(0, bytes.length >> 1)), "NotAModel")
    assert.strictEqual(await reasonOf(bytes, { features: features + 1, heads: 2 }), "OtherShape")
    assert.strictEqual(await reasonOf(bytes, { features, heads: 3 }), "OtherShape")
  })

  it("an exported model says what it is, and what its columns are", () => {
    assert.deepStrictEqual(readMetadata(bytes), {
      name: "five",
      sha256: "of the model",
      features: model.features,
      heads: [
        { label: "onset", horizonMinutes: 30 },
        { label: "state", horizonMinutes: 30 }
      ]
    })
  })

  it("reads the metadata of whatever bytes: cut off, altered, or of anybody", () => {
    const random = new Random(7)
    const from = bytes.length - 400
    for (let count = 0; count < 500; count++) {
      const altered = bytes.slice(0, from + random.below(400))
      for (let change = 0; change < 3; change++) altered[random.below(altered.length)] = random.below(256)
      const said = readMetadata(altered)
      for (const head of said?.heads ?? []) assert.deepStrictEqual(parseHead(headText(head)), head)
    }
    assert.isUndefined(readMetadata(new Uint8Array(0)))
    // Each field of two bytes, as many as a file may hold.
    const fields = (count: number) => Uint8Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? 8 : 0))
    assert.isDefined(readMetadata(Buffer.concat([bytes, fields(5000)])))
    assert.isUndefined(readMetadata(Buffer.concat([bytes, fields(10_000)])))
    const began = performance.now()
    assert.isUndefined(readMetadata(new Uint8Array(32 << 20).fill(8)))
    assert.isBelow(performance.now() - began, 500)
    assert.isUndefined(readMetadata(Uint8Array.from({ length: 1000 }, () => random.below(256))))
    assert.deepStrictEqual(["onset:5", "onset:05", "onset:0", "state:1e3", "offset:5", "onset:"].map(parseHead), [
      { label: "onset", horizonMinutes: 5 },
      ...Array.from({ length: 5 }, () => undefined)
    ])
  })
})
