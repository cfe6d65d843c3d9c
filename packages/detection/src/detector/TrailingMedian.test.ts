import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { TrailingMedian } from "./TrailingMedian.ts"

const minute = 60_000
const window = 60 * minute
const middleOf = (values: ReadonlyArray<number>) => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

describe("TrailingMedian", () => {
  it("is the median of the window's values, and the median distance from it, also over holes and repeated values", () => {
    const random = new Random(3)
    const trailing = new TrailingMedian(window)
    let kept: Array<readonly [number, number]> = []
    let time = 0
    for (let step = 0; step < 2000; step++) {
      time += minute * (step % 97 === 0 ? 45 : step % 401 === 0 ? 200 : 5 + random.below(3))
      const value = random.below(4) === 0 ? 3 : Math.round(20 * random.normal()) / 4
      trailing.update(time, value)
      kept = [...kept.filter(([at]) => at > time - window), [time, value]]
      const median = middleOf(kept.map(([, each]) => each))
      const distances = kept.map(([, each]) => Math.abs(each - median)).sort((a, b) => a - b)
      assert.closeTo(trailing.median, median, 1e-12)
      assert.closeTo(trailing.spread, distances[distances.length >> 1]!, 1e-12)
    }
  })

  it("means the same whether bars take a minute or five, and passes over what is not known", () => {
    const [fine, coarse] = [new TrailingMedian(window), new TrailingMedian(window)]
    for (let at = 0; at < 200; at++) {
      const value = Math.sin(Math.floor(at / 5))
      fine.update(at * minute, at % 5 === 2 ? Number.NaN : value)
      if (at % 5 === 0) coarse.update(at * minute, value)
    }
    assert.strictEqual(fine.median, coarse.median)
    assert.strictEqual(fine.spread, coarse.spread)
  })
})
