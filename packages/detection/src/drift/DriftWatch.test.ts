import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { profileOf } from "@evenkeel/learning/drift/Drift"
import { comparedEvery, type DriftFinding, DriftWatch, errorsAveraged } from "./DriftWatch.ts"

const random = new Random(11)
const trained = Float64Array.from({ length: 5000 }, () => random.normal())
const watchOf = (names: ReadonlyArray<string>) =>
  new DriftWatch({ names, columns: names.map((_, index) => index + 1), profiles: names.map(() => profileOf(trained)) })

/** Rows of column 0 (not a feature of the model) and of each feature's mean. */
const feed = (watch: DriftWatch, rows: number, means: ReadonlyArray<number>): ReadonlyArray<DriftFinding> =>
  Array.from({ length: rows }).flatMap(() => {
    const finding = watch.features(Float64Array.of(1e9, ...means.map((mean) => mean + random.normal())))
    return finding === undefined ? [] : [finding]
  })

describe("DriftWatch", () => {
  it("finds nothing while features are what they were in training", () => {
    assert.deepStrictEqual(feed(watchOf(["distance", "slope"]), 3 * comparedEvery, [0, 0]), [])
  })

  it("names the features that have moved, once, at the end of a day's rows", () => {
    const watch = watchOf(["distance", "slope", "flow"])
    assert.deepStrictEqual(feed(watch, comparedEvery - 1, [2, 0, 2]), [])
    const [finding, ...more] = feed(watch, 2 * comparedEvery, [2, 0, 2])
    assert.deepStrictEqual(finding, { kind: "features", detail: "2 of 3 features have moved since training: distance, flow" })
    assert.deepStrictEqual(more, [])
    watch.again()
    assert.lengthOf(feed(watch, 2 * comparedEvery, [2, 0, 2]), 1)
  })

  it("finds nothing when less than half of the features have moved", () => {
    assert.deepStrictEqual(feed(watchOf(["distance", "slope", "flow"]), 2 * comparedEvery, [2, 0, 0]), [])
  })

  it("finds an error that has grown, and not one that always was large", () => {
    const watch = watchOf([])
    const errors = (hours: number, mean: number) =>
      Array.from({ length: hours * errorsAveraged }, () => watch.error(Math.max(0, mean + 0.05 * random.normal()))).filter(
        (finding) => finding !== undefined
      )
    assert.deepStrictEqual(errors(500, 0.3), [])
    assert.strictEqual(errors(100, 0.6)[0]?.kind, "errors")
  })
})
