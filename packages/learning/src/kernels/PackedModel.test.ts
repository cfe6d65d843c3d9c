import { assert, describe, it } from "@effect/vitest"
import { fitBoosting } from "../boosting/GradientBoosting.ts"
import { fitIsotonic } from "../calibration/Isotonic.ts"
import { fitPlatt } from "../calibration/Platt.ts"
import { fitVennAbers } from "../calibration/VennAbers.ts"
import { Random } from "../data/Random.ts"
import { fitScaler, scaleTable } from "../data/Scaler.ts"
import { tableOf } from "../data/Table.ts"
import { fitForest } from "../forest/RandomForest.ts"
import { fitKernelMachine } from "../kernel/KernelMachine.ts"
import { fitLogistic, logit } from "../logistic/LogisticRegression.ts"
import { type Member, type Model, predict, predictMember } from "../model/Model.ts"
import { fitNetwork } from "../network/Network.ts"
import { allocateKernelMemory } from "./Kernels.ts"
import { packModel, PackedModel, scratchBytes } from "./PackedModel.ts"

const features = 13
const rows = 400
const random = new Random(5)
/** Rows of wild sizes, some values missing. */
const values = Float64Array.from({ length: rows * features }, (_, index) =>
  random.uniform() < 0.1 ? Number.NaN : Math.fround(random.normal() * 10 ** (index % 5))
)
const labels = Uint8Array.from({ length: rows }, (_, row) => ((values[row * features] || 0) + random.normal() > 0 ? 1 : 0))
const table = tableOf(values, labels)
const scaler = fitScaler(table)
const scaled = scaleTable(scaler, table)
const members: ReadonlyArray<Member> = [
  { kind: "logistic", model: fitLogistic(scaled) },
  { kind: "forest", model: fitForest(table, { trees: 33, depthMax: 7, leafRowsMin: 2, seed: 1 }) },
  { kind: "boosting", model: fitBoosting(table, { trees: 47, depthMax: 4, leafRowsMin: 4, rate: 0.1, penalty: 1, seed: 1 }) },
  { kind: "network", model: fitNetwork(scaled, { hidden: [20, 9], epochs: 20, batch: 16, rate: 0.01, decay: 0, seed: 1 }) },
  { kind: "kernel", model: fitKernelMachine(scaled, { supports: 37, penalty: 1, seed: 1 }) }
]
const row = (index: number) => values.slice(index * features, (index + 1) * features)
const odds = Float64Array.from({ length: rows }, (_, index) =>
  logit(predictMember(members[1]!, row(index), scaled.values.subarray(index * features)))
)
const model: Model = {
  features: Array.from({ length: features }, (_, index) => `f${index}`),
  scaler,
  heads: [
    ...members.map((member) => ({
      label: "state" as const,
      horizonMinutes: 60,
      members: [member],
      blend: { kind: "vote" as const, weights: Float64Array.of(1), intercept: 0 },
      calibration: { kind: "platt" as const, curve: { slope: 1, intercept: 0 } },
      interval: fitVennAbers(odds, labels)
    })),
    {
      label: "onset",
      horizonMinutes: 240,
      members,
      blend: { kind: "stack", weights: Float64Array.of(0.2, 0.5, 0.3, 0.1, 0), intercept: 0.1 },
      calibration: { kind: "isotonic", curve: fitIsotonic(odds, labels) },
      interval: fitVennAbers(odds, labels)
    },
    {
      label: "onset",
      horizonMinutes: 5,
      members: members.slice(1, 3),
      blend: { kind: "vote", weights: Float64Array.of(0.4, 0.6), intercept: 0 },
      calibration: { kind: "platt", curve: fitPlatt(odds, labels) },
      interval: fitVennAbers(odds, labels)
    }
  ]
}

describe("PackedModel", () => {
  it("says what the plain reference says, to 1e-6, of every member and of ensembles", () => {
    const memory = allocateKernelMemory(4 << 20)
    assert.isAbove(packModel(model, memory, scratchBytes, 2 << 20), 0)
    const packed = new PackedModel(memory)
    packed.select(scratchBytes)
    assert.strictEqual(packed.heads, model.heads.length)
    assert.strictEqual(packed.horizonOf(5), 240)
    const out = new Float64Array(3)
    for (let index = 0; index < rows; index++) {
      const expected = predict(model, row(index))
      packed.open(row(index))
      for (const [head, { high, low, probability }] of expected.entries()) {
        packed.predictHead(head, out, 0)
        assert.closeTo(out[0]!, probability, 1e-6, `row ${index}, head ${head}`)
        assert.closeTo(out[1]!, low, 1e-5)
        assert.closeTo(out[2]!, high, 1e-5)
        assert.isTrue(out[1]! <= out[0]! && out[0]! <= out[2]!)
      }
    }
  })

  it("answers for rows of nothing but missing or enormous values", () => {
    const memory = allocateKernelMemory(4 << 20)
    packModel(model, memory, scratchBytes, 2 << 20)
    const packed = new PackedModel(memory)
    packed.select(scratchBytes)
    const out = new Float64Array(3)
    for (const value of [Number.NaN, 1e300, -1e300, Number.POSITIVE_INFINITY]) {
      packed.open(new Float64Array(features).fill(value))
      for (let head = 0; head < model.heads.length; head++) {
        packed.predictHead(head, out, 0)
        assert.isTrue(out[0]! >= 0 && out[0]! <= 1, `${value}, head ${head}: ${out[0]}`)
      }
    }
  })

  it("refuses a model that the room does not hold, and leaves the one beside it alone", () => {
    const memory = allocateKernelMemory(4 << 20)
    const first = packModel(model, memory, scratchBytes, 2 << 20)
    const packed = new PackedModel(memory)
    packed.select(scratchBytes)
    const out = new Float64Array(3)
    packed.open(row(0))
    packed.predictHead(5, out, 0)
    const [before] = out
    assert.strictEqual(packModel(model, memory, scratchBytes + 2 * first, first / 2), -1)
    packed.open(row(0))
    packed.predictHead(5, out, 0)
    assert.strictEqual(out[0], before)
  })
})
