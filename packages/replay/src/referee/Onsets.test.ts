import { assert, describe, it } from "@effect/vitest"
import {
  calmSpans,
  coverage,
  day,
  deviationBpsOf,
  findBreaks,
  findStress,
  hour,
  lengthOf,
  mergeBreaks,
  type PriceSeries
} from "./Onsets.ts"

const minute = 60_000
const series = (deviations: ReadonlyArray<number>, stepMillis = minute): PriceSeries => {
  const times = Float64Array.from(deviations, (_, bar) => bar * (stepMillis || hour))
  return { covered: times, times, deviationsBps: Float64Array.from(deviations), stepMillis }
}
const repeat = (count: number, value: number) => Array.from({ length: count }, () => value)

describe("Onsets", () => {
  it("takes three bars beyond a level for a break, and two of a quarter of an hour or of rounds", () => {
    const jump = [0, -60, -70, 0, ...repeat(5, -80), ...repeat(100, 0)]
    const [found, ...more] = findBreaks(series(jump), 50)
    assert.deepStrictEqual(more, [])
    assert.strictEqual(found!.onset, 4 * minute)
    assert.strictEqual(found!.confirmed, 7 * minute)
    assert.strictEqual(found!.end, 9 * minute)
    assert.strictEqual(found!.worstBps, -80)
    assert.strictEqual(findBreaks(series([0, -60, -70, 0], 15 * minute), 50)[0]!.onset, 15 * minute)
    assert.strictEqual(findBreaks(series([0, -60, -70, 0], 0), 50).length, 1)
  })

  it("calls neither a tie nor a wick nor two sides in turn a break", () => {
    assert.deepStrictEqual(findBreaks(series(repeat(10, -50)), 50), [])
    assert.deepStrictEqual(findBreaks(series([0, -900, 0, -900, 0, 0]), 50), [])
    assert.deepStrictEqual(findBreaks(series([60, -60, 60, -60]), 50), [])
  })

  it("ends a break with the first bar of an hour inside half of the level, or with a hole", () => {
    const back = [...repeat(5, -60), ...repeat(30, -20), -40, ...repeat(90, -20)]
    assert.strictEqual(findBreaks(series(back), 50)[0]!.end, 36 * minute)
    const { times, ...rest } = series(repeat(8, -60))
    const holed = { ...rest, times: times.map((time, bar) => (bar < 5 ? time : time + 3 * hour)) }
    assert.deepStrictEqual(
      findBreaks(holed, 50).map(({ end, onset }) => [onset, end]),
      [
        [0, 4 * minute],
        [5 * minute + 3 * hour, 7 * minute + 3 * hour]
      ]
    )
  })

  it("makes one event of breaks of one sign within a day, and leaves a day around each out of the calm", () => {
    const twice = [...repeat(1000, 0), ...repeat(5, -60), ...repeat(600, 0), ...repeat(5, -70), ...repeat(5000, 0)]
    const market = series(twice)
    const breaks = findBreaks(market, 50)
    assert.strictEqual(breaks.length, 2)
    const [event, ...more] = mergeBreaks(breaks)
    assert.deepStrictEqual(more, [])
    assert.strictEqual(event!.worstBps, -70)
    assert.strictEqual(mergeBreaks([breaks[0]!, { ...breaks[1]!, sign: 1 }]).length, 2)
    assert.strictEqual(lengthOf(coverage(market)), twice.length * minute)
    const calm = calmSpans(market, breaks)
    assert.deepStrictEqual(calm, [{ from: breaks[1]!.end + day, to: twice.length * minute }])
  })

  it("measures stress from where the coin has stood", () => {
    const offPeg = series([...repeat(500, -30), ...repeat(5, -55), ...repeat(200, -30)])
    assert.strictEqual(findStress(offPeg).length, 1)
    assert.strictEqual(findStress(offPeg)[0]!.onset, 500 * minute)
    assert.deepStrictEqual(findStress(series(repeat(500, -30))), [])
  })

  it("rounds a deviation so that a tie is a tie", () => {
    assert.strictEqual(deviationBpsOf(0.995), -50)
    assert.strictEqual(deviationBpsOf(1.002), 20)
  })
})
