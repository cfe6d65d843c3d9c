import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { insertInto, placeIn, removeFrom } from "./Ascending.ts"

describe("Ascending", () => {
  it("holds what was put in and not taken out, in order, equal values as often as they came", () => {
    const random = new Random(9)
    const sorted = new Float64Array(65)
    const held: Array<number> = []
    for (let step = 0; step < 3000; step++) {
      if (held.length > 0 && (held.length === 64 || random.below(3) === 0)) {
        const [value] = held.splice(random.below(held.length), 1)
        removeFrom(sorted, held.length + 1, value!)
      } else {
        const value = random.below(40) - 20
        insertInto(sorted, held.length, value)
        held.push(value)
      }
      assert.deepStrictEqual(
        [...sorted.subarray(0, held.length)],
        held.toSorted((a, b) => a - b)
      )
    }
    assert.strictEqual(placeIn(sorted, held.length, Number.NEGATIVE_INFINITY), 0)
    assert.strictEqual(placeIn(sorted, held.length, Number.POSITIVE_INFINITY), held.length)
  })
})
