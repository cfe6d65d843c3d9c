import { assert, describe, it } from "@effect/vitest"
import { Histogram } from "./Histogram.ts"

describe("Histogram", () => {
  it("keeps every quantile within its stated error over nine decades", () => {
    const histogram = new Histogram()
    const values: Array<number> = []
    let seed = 7
    for (let i = 0; i < 20_000; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      const value = Math.floor(10 ** ((seed / 2 ** 32) * 9))
      values.push(value)
      histogram.record(value)
    }
    values.sort((a, b) => a - b)
    for (const quantile of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = values[Math.max(0, Math.ceil(values.length * quantile) - 1)]!
      assert.closeTo(histogram.quantile(quantile), exact, exact / 64 + 1)
    }
  })

  it("counts what is out of range at its ends", () => {
    const histogram = new Histogram()
    for (const value of [-5, Number.NaN, 2 ** 50]) histogram.record(value)
    assert.strictEqual(histogram.count(), 3)
    assert.strictEqual(histogram.quantile(0.1), 0)
    assert.isAbove(histogram.quantile(1), 2 ** 41)
  })

  it("gives several quantiles at once, and the sum", () => {
    const histogram = new Histogram()
    for (let value = 1; value <= 1000; value++) histogram.record(value * 1000)
    const wanted = [0.5, 0.95, 0.99, 0.999, 1]
    assert.deepStrictEqual(
      histogram.quantiles(wanted),
      wanted.map((quantile) => histogram.quantile(quantile))
    )
    assert.closeTo(histogram.sum(), 500_500_000, 500_500_000 / 64)
    assert.deepStrictEqual(new Histogram().quantiles([0.5, 1]), [Number.NaN, Number.NaN])
  })

  it("says NaN of nothing", () => assert.isNaN(new Histogram().quantile(0.5)))
})
