import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import type { Model } from "@evenkeel/learning/model/Model"
import { coinFeatureNames } from "../feature/coin/CoinFeatures.ts"
import { horizonsMinutes } from "../hotpath/SignalRecord.ts"
import { allocateModelMemory, ModelPublisher, ModelReader } from "./ModelMemory.ts"

/** A model whose every head says the same whatever it is given. */
export const constantModel = (odds: number, features: ReadonlyArray<string> = ["distance_bps", "slope_1h"]): Model => ({
  features,
  scaler: {
    scales: new Float64Array(features.length).fill(1),
    means: new Float64Array(features.length),
    deviations: new Float64Array(features.length).fill(1)
  },
  heads: (["onset", "state"] as const).flatMap((label) =>
    horizonsMinutes.map((horizonMinutes) => ({
      label,
      horizonMinutes,
      members: [
        { kind: "logistic" as const, model: { intercept: label === "onset" ? odds : -odds, weights: new Float64Array(features.length) } }
      ],
      blend: { kind: "vote" as const, weights: Float64Array.of(1), intercept: 0 },
      calibration: { kind: "platt" as const, curve: { slope: 1, intercept: 0 } },
      interval: { scores: Float64Array.of(-30, 30), low: Float64Array.of(0, 1), high: Float64Array.of(0, 1) }
    }))
  )
})
const sigmoid = (odds: number) => 1 / (1 + Math.exp(-odds))
const row = new Float64Array(coinFeatureNames.length)

describe("ModelMemory", () => {
  it("says nothing before a model is published, and then what the latest says", () => {
    const memory = allocateModelMemory()
    const publisher = new ModelPublisher(memory)
    const reader = new ModelReader(memory)
    const out = new Float64Array(15)
    assert.isFalse(reader.predict(row, false, out))
    assert.isUndefined(publisher.publish(constantModel(-2), 7))
    assert.isTrue(reader.predict(row, false, out))
    assert.strictEqual(reader.version, 7)
    assert.closeTo(out[0]!, sigmoid(-2), 1e-6)
    assert.isUndefined(publisher.publish(constantModel(1), 8))
    reader.predict(row, false, out)
    assert.closeTo(out[12]!, sigmoid(1), 1e-6)
    reader.predict(row, true, out)
    assert.closeTo(out[0]!, sigmoid(-1), 1e-6)
  })

  it("is not free until the reader has taken up what was published", () => {
    const memory = allocateModelMemory()
    const publisher = new ModelPublisher(memory)
    const reader = new ModelReader(memory)
    assert.isTrue(publisher.free)
    publisher.publish(constantModel(0), 1)
    assert.isFalse(publisher.free)
    reader.predict(row, false, new Float64Array(15))
    assert.isTrue(publisher.free)
  })

  it("refuses a model that asks for what the engine does not make, and keeps the one that serves", () => {
    const memory = allocateModelMemory()
    const publisher = new ModelPublisher(memory)
    const reader = new ModelReader(memory)
    publisher.publish(constantModel(-1), 1)
    reader.predict(row, false, new Float64Array(15))
    assert.deepInclude(publisher.publish(constantModel(3, ["distance_bps", "tarot"]), 2), { _tag: "OtherFeatures", missing: ["tarot"] })
    assert.strictEqual(publisher.version, 1)
    const out = new Float64Array(15)
    reader.predict(row, false, out)
    assert.closeTo(out[0]!, sigmoid(-1), 1e-6)
  })

  it("never lets a longer horizon be less likely than a shorter one", () => {
    const memory = allocateModelMemory()
    const model = constantModel(0)
    const random = new Random(3)
    const heads = model.heads.map((head) => ({
      ...head,
      members: [
        { kind: "logistic" as const, model: { intercept: random.normal(), weights: Float64Array.of(random.normal(), random.normal()) } }
      ]
    }))
    new ModelPublisher(memory).publish({ ...model, heads }, 1)
    const reader = new ModelReader(memory)
    const out = new Float64Array(15)
    for (let i = 0; i < 100; i++) {
      reader.predict(
        row.map(() => random.normal() * 3),
        false,
        out
      )
      for (let horizon = 1; horizon < 5; horizon++) assert.isAtLeast(out[horizon * 3]!, out[horizon * 3 - 3]!)
    }
  })
})
