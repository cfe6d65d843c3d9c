import { assert, describe, it } from "@effect/vitest"
import { depthMid, FastLane } from "./FastLane.ts"

/** Bids and asks, `[price, quantity]`, best first. */
const bookOf = (...sides: [ReadonlyArray<readonly [number, number]>, ReadonlyArray<readonly [number, number]>]) => ({
  count: (side: 0 | 1) => sides[side].length,
  price: (side: 0 | 1, depth: number) => sides[side][depth]![0],
  quantity: (side: 0 | 1, depth: number) => sides[side][depth]![1]
})

describe("depthMid", () => {
  it("is between the average prices that the same money finds on both sides, whatever a thin best level says", () => {
    assert.closeTo(depthMid(bookOf([[0.999, 1e6]], [[1.001, 1e6]])), 1, 1e-9)
    const thin = depthMid(
      bookOf(
        [
          [0.95, 10],
          [0.9499, 1e6]
        ],
        [
          [0.96, 20],
          [1.001, 1e6]
        ]
      )
    )
    assert.closeTo(thin, 0.5 * (0.9499 + 1.001), 5e-4)
  })

  it("says nothing of a book that is too thin on a side", () => {
    assert.isNaN(depthMid(bookOf([[0.999, 1000]], [[1.001, 1e6]])))
    assert.isNaN(depthMid(bookOf([], [[1.001, 1e6]])))
  })
})

describe("FastLane", () => {
  /** Judged each second of the venues' deviations; what was said. */
  const play = (seconds: ReadonlyArray<ReadonlyArray<number>>) => {
    const lane = new FastLane()
    return seconds.map((venues, second) => {
      lane.begin()
      for (const deviation of venues) lane.count(deviation)
      return lane.judge(second * 1000)
    })
  }
  const times = (count: number, venues: ReadonlyArray<number>) => Array.from({ length: count }, () => venues)

  it("says once, after three seconds, that two venues are beyond 100 bps", () => {
    assert.deepStrictEqual(play(times(6, [-120, -150, -80])), [0, 0, 0, 2, 0, 0])
    assert.deepStrictEqual(play([...times(3, [-120, -150]), [-120, -60], ...times(3, [-120, -150])]), [0, 0, 0, 0, 0, 0, 0])
    assert.deepStrictEqual(play(times(6, [-120, -150, 0, 0])), [0, 0, 0, 0, 0, 0], "as many hold")
  })

  it("says after ten seconds that one venue is beyond 300 bps where no other says otherwise", () => {
    assert.strictEqual(play(times(12, [-400])).indexOf(1), 10)
    assert.notInclude(play(times(60, [-400, -10])), 1)
    assert.notInclude(play(times(60, [-250])), 1)
  })

  it("never speaks of a premium, nor of what is not known", () => {
    assert.isTrue(play(times(60, [400, 500, Number.NaN])).every((said) => said === 0))
  })
})
