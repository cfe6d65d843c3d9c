import { assert, describe, it } from "@effect/vitest"
import { tableOf } from "../data/Table.ts"
import { fitLogistic, predictLogistic } from "./LogisticRegression.ts"

describe("LogisticRegression", () => {
  it("finds the weights that made the data", () => {
    let seed = 9
    const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
    const count = 20_000
    const rows = Float64Array.from({ length: count * 2 }, () => random() * 4 - 2)
    const labels = Uint8Array.from({ length: count }, (_, row) =>
      random() < 1 / (1 + Math.exp(-(0.5 + 1.5 * rows[row * 2]! - 2 * rows[row * 2 + 1]!))) ? 1 : 0
    )
    const model = fitLogistic(tableOf(rows, labels), 0)
    assert.closeTo(model.intercept, 0.5, 0.08)
    assert.closeTo(model.weights[0]!, 1.5, 0.1)
    assert.closeTo(model.weights[1]!, -2, 0.1)
  })

  it("sets its gradient to zero, penalty included", () => {
    const rows = Float64Array.of(0, 1, 2, 3, 4, 5)
    const labels = Uint8Array.of(0, 0, 1, 0, 1, 1)
    const model = fitLogistic(tableOf(rows, labels), 1)
    let slope = -model.weights[0]!
    let free = 0
    for (const [row, label] of labels.entries()) {
      const miss = label - predictLogistic(model, rows, row)
      slope += miss * rows[row]!
      free += miss
    }
    assert.closeTo(slope, 0, 1e-8)
    assert.closeTo(free, 0, 1e-8)
  })

  it("takes a row of weight two for two rows", () => {
    const once = tableOf(Float64Array.of(0, 1, 1, 2, 3), Uint8Array.of(0, 1, 1, 0, 1))
    const twice = tableOf(Float64Array.of(0, 1, 2, 3), Uint8Array.of(0, 1, 0, 1), Float64Array.of(1, 2, 1, 1))
    assert.closeTo(fitLogistic(once).weights[0]!, fitLogistic(twice).weights[0]!, 1e-10)
  })

  it("gives the same bits however many rows of no weight stand behind", () => {
    const values = Float64Array.of(0.3, 1.1, -0.7, 2.2, 3.1)
    const labels = Uint8Array.of(0, 1, 0, 0, 1)
    const { intercept, weights } = fitLogistic(tableOf(values, labels))
    for (const more of [1, 2, 3, 4, 5]) {
      const padded = fitLogistic(
        tableOf(
          Float64Array.of(...values, ...Array.from({ length: more }, () => 5)),
          Uint8Array.of(...labels, ...Array.from({ length: more }, () => 1)),
          Float64Array.of(1, 1, 1, 1, 1, ...Array.from({ length: more }, () => 0))
        )
      )
      assert.deepStrictEqual([padded.intercept, ...padded.weights], [intercept, ...weights])
    }
  })

  it("stays finite when the classes can be told apart perfectly", () => {
    const model = fitLogistic(tableOf(Float64Array.of(-2, -1, 1, 2), Uint8Array.of(0, 0, 1, 1)), 0.1)
    assert.isTrue(Number.isFinite(model.weights[0]!))
    assert.isAbove(predictLogistic(model, Float64Array.of(2)), 0.9)
  })
})
