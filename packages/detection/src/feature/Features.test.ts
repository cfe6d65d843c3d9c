import { assert, describe, it } from "@effect/vitest"
import { featureCount, FeatureInput, featureNames, Features } from "./Features.ts"
import { ReferenceFeatures } from "./ReferenceFeatures.ts"

/** A seeded walk of quotes and trades around one. */
const walk = (seed: number) => {
  let state = seed
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  let price = 1
  let time = 0
  return (input: FeatureInput) => {
    price *= 1 + (random() - 0.5) * 1e-3
    const spread = 1e-4 * (1 + random())
    const traded = random() < 0.6
    time += Math.floor(random() * 500)
    input.values.set([
      price - spread,
      1 + random() * 9,
      price + spread,
      1 + random() * 9,
      price,
      traded ? random() * 3 : 0,
      random() < 0.5 ? 1 : -1,
      time
    ])
  }
}

describe("Features", () => {
  it("equals the formulas computed anew at each tick, for thousands of ticks", () => {
    const features = new Features(2)
    const reference = new ReferenceFeatures()
    const input = new FeatureInput()
    const next = walk(5)
    for (let tick = 0; tick < 3900; tick++) {
      next(input)
      features.update(1, input)
      if (tick < 50 || tick % 97 === 0 || tick > 3880) {
        reference.update(input)
        for (let feature = 0; feature < featureCount; feature++) {
          const expected = reference.output[feature]!
          const actual = features.output[featureCount + feature]!
          if (Number.isNaN(expected)) assert.isNaN(actual, featureNames[feature])
          else assert.closeTo(actual, expected, 1e-6 * (1 + Math.abs(expected)), `${featureNames[feature]} at tick ${tick}`)
        }
      } else reference.skip(input)
    }
  })

  it("keeps instruments apart", () => {
    const features = new Features(2)
    const input = new FeatureInput()
    const next = walk(9)
    for (let tick = 0; tick < 100; tick++) {
      next(input)
      features.update(0, input)
    }
    assert.isTrue(features.output.subarray(featureCount).every(Number.isNaN))
    assert.isFalse(features.output.subarray(0, featureCount).some(Number.isNaN))
  })

  it("says missing, not zero, where nothing is known", () => {
    const features = new Features(1)
    const input = new FeatureInput()
    input.values.set([1, 0, 1, 0, 0, 0, 0, 1000])
    features.update(0, input)
    for (const name of ["book_imbalance", "rsi", "trade_flow", "vwap_distance_bps", "skewness"] as const) {
      assert.isNaN(features.output[featureNames.indexOf(name)], name)
    }
  })
})
