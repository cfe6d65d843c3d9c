import { assert, describe, it } from "@effect/vitest"
import { goneMillis, type RuleState, type RuleTiming, step } from "./RuleState.ts"

const above: RuleTiming = { comparison: "above", threshold: 50, clear: 50, forMillis: 0, keepFiringMillis: 0 }

/** Looks one after the other, each at its second: what happened, and where the instance stands at the end. */
const play = (timing: Partial<RuleTiming>, looks: ReadonlyArray<readonly [second: number, value: number | null | undefined]>) => {
  let state: RuleState | undefined
  const events: Array<string> = []
  for (const [second, value] of looks) {
    const { event, state: after } = step({ ...above, ...timing }, state, value, second * 1000)
    state = after
    if (event !== undefined) events.push(`${second} ${event}`)
  }
  return { events, phase: state?.phase ?? "inactive" }
}

describe("an instance of a rule", () => {
  it("fires at once without `for`, only beyond its threshold, and is over when it is back there", () => {
    assert.deepStrictEqual(
      play({}, [
        [0, 50],
        [1, 50.1],
        [2, 60],
        [3, 50]
      ]),
      { events: ["1 fired", "3 cleared"], phase: "inactive" }
    )
    assert.deepStrictEqual(play({ comparison: "below", threshold: -50, clear: -50 }, [[0, -50.1]]).events, ["0 fired"])
    assert.deepStrictEqual(play({ comparison: "below", threshold: -50, clear: -50 }, [[0, -50]]).events, [])
  })

  it("waits for `for`, and begins anew when it does not hold once, or cannot be seen", () => {
    const looks = (between: number | null | undefined) =>
      play({ forMillis: 10_000 }, [
        [0, 60],
        [9, between],
        [10, 60],
        [19, 60],
        [20, 60]
      ])
    assert.deepStrictEqual(looks(60).events, ["10 fired"])
    for (const between of [40, null, undefined]) assert.deepStrictEqual(looks(between).events, ["20 fired"])
  })

  it("fires on until it is back at `clear`, so that a signal at the edge does not flap", () => {
    const looks: ReadonlyArray<readonly [number, number]> = [
      [0, 51],
      [1, 49],
      [2, 51],
      [3, 31],
      [4, 30]
    ]
    assert.deepStrictEqual(play({ clear: 30 }, looks).events, ["0 fired", "4 cleared"])
    assert.deepStrictEqual(play({}, looks).events, ["0 fired", "1 cleared", "2 fired", "3 cleared"])
  })

  it("fires on for `keepFiring`, and as if it had never stopped when it holds again within that", () => {
    assert.deepStrictEqual(
      play({ keepFiringMillis: 10_000 }, [
        [0, 60],
        [1, 40],
        [10, 40],
        [10.5, 60],
        [11, 40],
        [20.9, 40],
        [21, 40]
      ]),
      { events: ["0 fired", "21 cleared"], phase: "inactive" }
    )
  })

  it("ends nothing while the signal is not known, and after a while what nobody publishes any more", () => {
    const seconds = goneMillis / 1000
    assert.deepStrictEqual(
      play({}, [
        [0, 60],
        [1, null],
        [10 * seconds, null]
      ]),
      { events: ["0 fired"], phase: "firing" }
    )
    assert.deepStrictEqual(
      play({}, [
        [0, 60],
        [1, undefined],
        [seconds, undefined],
        [seconds + 0.5, null],
        [seconds + 1, undefined],
        [2 * seconds, undefined],
        [2 * seconds + 1, undefined]
      ]),
      { events: ["0 fired", `${2 * seconds + 1} gone`], phase: "inactive" }
    )
  })
})
