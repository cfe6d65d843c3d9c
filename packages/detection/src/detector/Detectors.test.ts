import { assert, describe, it } from "@effect/vitest"
import { Baseline } from "./Baseline.ts"
import { Changepoint } from "./Changepoint.ts"
import { barsToConfirm, Confirmation } from "./Confirmation.ts"
import { Cusum } from "./Cusum.ts"

const minute = 60_000
let seed = 1
const noise = () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5) * 4

describe("Confirmation", () => {
  const counts = (deviations: ReadonlyArray<number>, gap = minute) => {
    const confirmation = new Confirmation(20)
    return deviations.map((deviation, index) => confirmation.update(index * gap, deviation, minute))
  }
  it("counts bars in a row on one side; a tie with the level is not beyond it", () => {
    assert.deepStrictEqual(counts([0, -25, -30, -21, -20, -25]), [0, 1, 2, 3, 0, 1])
    assert.deepStrictEqual(counts([25, -25, -25]), [1, 1, 2])
  })
  it("starts anew after a hole", () => assert.deepStrictEqual(counts([-25, -25, -25], 20 * minute), [1, 1, 1]))
  it("asks for two bars of fifteen minutes and three shorter ones", () => {
    assert.strictEqual(barsToConfirm(15 * minute), 2)
    assert.strictEqual(barsToConfirm(5 * minute), 3)
  })
})

describe("Baseline", () => {
  it("settles where the coin has stood for days, and a crash does not move it", () => {
    const baseline = new Baseline()
    for (let bar = 0; bar < 3 * 1440; bar++) baseline.update(bar * minute, -30 + noise(), false)
    assert.closeTo(baseline.medianBps, -30, 1.5)
    assert.isBelow(baseline.scaleBps, 3)
    for (let bar = 0; bar < 60; bar++) baseline.update((3 * 1440 + bar) * minute, -500, false)
    assert.closeTo(baseline.medianBps, -31, 2)
    assert.isBelow(baseline.score(-500), -50)
  })
  it("does not take a crisis for normal when it starts in one", () => {
    const baseline = new Baseline()
    baseline.update(0, -900, false)
    assert.isAtLeast(baseline.medianBps, -46)
  })
})

describe("Cusum", () => {
  it("adds up a small shift that lasts and stays near zero without one", () => {
    const calm = new Cusum()
    const shifted = new Cusum()
    let quiet = 0
    let loud = 0
    for (let bar = 0; bar < 500; bar++) {
      quiet = Math.max(quiet, Math.abs(calm.update(noise() / 2)))
      loud = shifted.update(noise() / 2 - (bar > 400 ? 2 : 0))
    }
    assert.isBelow(quiet, 5)
    assert.isBelow(loud, -50)
  })
})

describe("Changepoint", () => {
  it("rises when the level moves and falls again as the new regime ages", () => {
    const changepoint = new Changepoint()
    const probabilities = Array.from({ length: 400 }, (_, bar) => changepoint.update(noise() / 2 + (bar >= 300 ? 6 : 0)))
    assert.isBelow(Math.max(...probabilities.slice(50, 300)), 0.2)
    assert.isAbove(Math.max(...probabilities.slice(300, 305)), 0.9)
    assert.isBelow(probabilities[350]!, 0.2)
  })
})
