import { assert, describe, it } from "@effect/vitest"
import { fitHead, type HeadOptions } from "../ensemble/FitHead.ts"
import { predictForest, fitForest } from "../forest/RandomForest.ts"
import { fitBoosting, predictBoosting } from "../boosting/GradientBoosting.ts"
import { fitScaler, grow, scaleRow } from "./Scaler.ts"
import { explainProblem, problemOf, tableOf, uselessFeatures } from "./Table.ts"
import { Random } from "./Random.ts"

const random = new Random(4)
const rows = 400
const values = Float64Array.from({ length: rows * 3 }, () => Math.fround(random.normal()))
const labels = Uint8Array.from({ length: rows }, (_, row) => (values[row * 3]! > 0.4 ? 1 : 0))
const table = tableOf(values, labels)
const options: HeadOptions = {
  members: [
    { kind: "logistic", penalty: 1, inputs: [0] },
    { kind: "forest", trees: 10, depthMax: 3, leafRowsMin: 5 }
  ],
  blend: "fitted",
  negatives: 1,
  negativesMin: 100,
  positivesMax: 1000,
  calmWeight: 3,
  eventsAlike: true,
  folds: 3,
  calibration: "platt",
  seed: 1
}
const groups = Array.from({ length: rows }, (_, row) => Math.floor(row / 40))

describe("Table", () => {
  it("says what is wrong with data that make no model, and what to do", () => {
    const check = (bad: typeof table) => problemOf(bad)!
    assert.strictEqual(check(tableOf(values.slice(0, 30), labels.slice(0, 10)))._tag, "TooFewRows")
    assert.strictEqual(check(tableOf(values, new Uint8Array(rows)))._tag, "OneClass")
    assert.strictEqual(check({ ...table, values: values.with(7, Number.NEGATIVE_INFINITY) })._tag, "InfiniteValue")
    assert.strictEqual(check({ ...table, weights: table.weights.with(3, -1) })._tag, "BadWeight")
    assert.strictEqual(check({ ...table, weights: table.weights.with(3, Number.NaN) })._tag, "BadWeight")
    assert.strictEqual(check({ ...table, values: values.slice(1) })._tag, "WrongShape")
    assert.strictEqual(check({ ...table, values: new Float64Array(rows * 3).fill(Number.NaN) })._tag, "NothingKnown")
    assert.strictEqual(check({ ...table, values: new Float64Array(rows * 3).fill(2) })._tag, "NothingKnown")
    assert.isUndefined(problemOf(table))
    assert.include(explainProblem(check(tableOf(values, new Uint8Array(rows)))), "add data of a break")
    assert.include(explainProblem({ _tag: "InfiniteValue", row: 2, feature: 1 }, ["a", "spread_bps"]), "spread_bps")
  })

  it("learns past features that are constant or missing, and rows with holes", () => {
    const holed = values.map((value, index) => (index % 3 === 1 ? 5 : index % 3 === 2 ? Number.NaN : index % 30 === 0 ? Number.NaN : value))
    const part = tableOf(holed, labels)
    assert.deepStrictEqual(uselessFeatures(part), [1, 2])
    const forest = fitForest(part, { trees: 20, depthMax: 3, leafRowsMin: 3, seed: 1 })
    const boosting = fitBoosting(part, { trees: 20, depthMax: 2, leafRowsMin: 3, rate: 0.2, penalty: 1, seed: 1 })
    for (const predict of [(row: Float64Array) => predictForest(forest, row), (row: Float64Array) => predictBoosting(boosting, row)]) {
      assert.isAbove(predict(Float64Array.of(2, 5, Number.NaN)), 0.7)
      assert.isBelow(predict(Float64Array.of(-2, 5, Number.NaN)), 0.3)
      assert.isTrue(Number.isFinite(predict(Float64Array.of(Number.NaN, Number.NaN, Number.NaN))))
    }
  })

  it("scales wild sizes to a few, what is missing to the middle, and what never varies to nothing", () => {
    const wild = Float64Array.from(values, (value, index) => (index % 3 === 0 ? value * 1e6 : index % 3 === 1 ? 7 : value))
    const scaler = fitScaler(tableOf(wild, labels))
    const out = new Float64Array(3)
    scaleRow(scaler, Float64Array.of(1e300, 7, Number.NaN), 0, out)
    assert.deepStrictEqual([...out], [6, 0, 0])
    scaleRow(scaler, Float64Array.of(-1e300, 9, 0), 0, out)
    assert.strictEqual(out[0], -6)
    for (const value of [0, 1e-9, 0.3, -5, 1e7, 1e9, -1e300])
      assert.closeTo(grow(value), Math.asinh(value), 1e-9 * Math.max(1, Math.abs(Math.asinh(value))))
  })

  it("makes no head of breaks of one event alone", () => {
    const one = tableOf(
      values,
      Uint8Array.from(labels, (label, row) => (row < 40 ? label : 0))
    )
    const problem = fitHead(one, groups, fitScaler(one), options)
    assert.deepInclude(problem, { _tag: "TooFewEvents", events: 1 })
  })

  it("fits the same head from the same seed, bit for bit, and another from another", () => {
    const fit = (seed: number) => fitHead(table, groups, fitScaler(table), { ...options, seed })
    assert.deepStrictEqual(fit(1), fit(1))
    assert.notDeepEqual(fit(1), fit(2))
  })
})
