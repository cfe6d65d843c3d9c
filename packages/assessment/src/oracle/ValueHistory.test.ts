import { assert, describe, it } from "@effect/vitest"
import { ValueHistory } from "./ValueHistory.ts"

const minute = 60_000
const filled = (values: ReadonlyArray<number>): ValueHistory => {
  const history = new ValueHistory()
  values.forEach((value, index) => history.add(index * minute, value))
  return history
}

describe("ValueHistory", () => {
  it("says when the value last stood at a price, within the tolerance", () => {
    const history = filled([1, 1, 0.999, 0.99, 0.98])
    assert.deepStrictEqual(history.lastStood(1, 1), { time: minute, isBound: false })
    assert.deepStrictEqual(history.lastStood(0.9899, 2), { time: 3 * minute, isBound: false })
    assert.deepStrictEqual(history.lastStood(0.98, 0), { time: 4 * minute, isBound: false })
  })

  it("counts a price that was crossed between two values", () => {
    assert.deepStrictEqual(filled([1, 0.98, 0.98]).lastStood(0.99, 1), { time: minute, isBound: false })
  })

  it("gives the oldest time as a bound for a price that never was", () => {
    assert.deepStrictEqual(filled([0.98, 0.98]).lastStood(1, 1), { time: 0, isBound: true })
    assert.isUndefined(new ValueHistory().lastStood(1, 1))
  })

  it("keeps one value a minute and a day of them, and takes none that is out of order or no price", () => {
    const history = new ValueHistory()
    for (let second = 0; second < 600; second++) history.add(second * 1000, 1 + second * 1e-6)
    assert.strictEqual(history.size, 12)
    history.add(1, 2)
    history.add(1e9, Number.NaN)
    assert.strictEqual(history.size, 12)
    for (let n = 1; n < 5000; n++) history.add(1e6 + n * minute, 1)
    assert.strictEqual(history.size, 1440)
    assert.deepStrictEqual(history.lastStood(2, 1), { time: 1e6 + 3560 * minute, isBound: true })
  })
})
