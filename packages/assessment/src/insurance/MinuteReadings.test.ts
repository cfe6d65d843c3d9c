import { assert, describe, it } from "@effect/vitest"
import { minute, startsAt, stateOf } from "../../test/support/Covers.ts"
import { MinuteReadings } from "./MinuteReadings.ts"

/** Minutes, from 1, of the readings that states of these minutes give. */
const takenOf = (minutes: ReadonlyArray<number>, options = { leapMillisMin: 5 * minute }) => {
  const readings = new MinuteReadings(options)
  return minutes.flatMap((at) => readings.see(stateOf(at, 1), () => []).map(({ time }) => (time - startsAt) / minute))
}

describe("MinuteReadings", () => {
  it("takes the last state of each minute", () => {
    const readings = new MinuteReadings()
    const see = (at: number, price: number) => readings.see(stateOf(at, price), () => [])
    assert.deepStrictEqual(see(0.5, 1), [])
    assert.deepStrictEqual(see(1, 0.9), [])
    assert.deepInclude(see(1.5, 0.8)[0], { time: startsAt + minute, fairValue: 0.9 })
    assert.deepStrictEqual(see(0.9, 0.7), [], "one that is late is passed over")
    assert.deepInclude(readings.end(), { time: startsAt + 2 * minute, fairValue: 0.8 })
    assert.isUndefined(readings.end())
  })

  it("passes over a state from the future, and goes on with those after it", () => {
    assert.deepStrictEqual(takenOf([1, 2, 500, 3, 4]), [1, 2, 3])
    assert.deepStrictEqual(takenOf([1, 2, 500, 500, 3, 900, 4, 501, 5]), [1, 2, 3, 4], "also where they come again and again")
    assert.deepStrictEqual(takenOf([500, 1, 2, 3]), [1, 2], "also as the first of all")
  })

  it("goes on after a gap, once time does from there, and loses no minute of it", () => {
    assert.deepStrictEqual(takenOf([1, 2, 60, 60, 61, 62]), [1, 2, 60, 61])
    assert.deepStrictEqual(takenOf([1, 2, 60, 61], {} as { leapMillisMin: number }), [1, 2, 60], "recorded prices are in order")
  })
})
