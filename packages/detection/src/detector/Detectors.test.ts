import { assert, describe, it } from "@effect/vitest"
import { Baseline } from "./Baseline.ts"
import { Changepoint } from "./Changepoint.ts"
import { barsToConfirm, Confirmation } from "./Confirmation.ts"
import { Cusum } from "./Cusum.ts"
import { Flow } from "./Flow.ts"
import { RollingMoments } from "./RollingMoments.ts"

const minute = 60_000
let seed = 1
const noise = () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5) * 4

describe("Confirmation", () => {
  const counts = (deviations: ReadonlyArray<number>, gap = minute) => {
    const confirmation = new Confirmation()
    return deviations.map((deviation, index) => confirmation.update(index * gap, deviation, 20, minute))
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

describe("RollingMoments", () => {
  const size = 50
  const walked = (values: ReadonlyArray<number>) => {
    const last = values.slice(-size)
    const mean = last.reduce((sum, value) => sum + value, 0) / last.length
    const variance = last.reduce((sum, value) => sum + (value - mean) ** 2, 0) / last.length
    return (last.at(-1)! - mean) / Math.sqrt(variance)
  }
  const scored = (values: ReadonlyArray<number>) => {
    const moments = new RollingMoments(size)
    return values.map((value) => {
      moments.push(value)
      return moments.score
    })
  }

  it("says what a walk over the last values says, also after one that dwarfed them has left", () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index % 170 === 60 ? 1e14 : 1e4 + 100 * noise()))
    scored(values).forEach((score, index) => {
      if (index > 0) assert.closeTo(score, walked(values.slice(0, index + 1)), 1e-6, `value ${index}`)
    })
  })
  it("says nothing where nothing varies", () => {
    assert.isTrue(scored(Array.from({ length: 200 }, () => 7)).every(Number.isNaN))
    assert.isNaN(scored([...Array.from({ length: 30 }, () => noise()), ...Array.from({ length: size }, () => 0.1)]).at(-1))
  })
})

describe("Flow", () => {
  /** Days of five-minute buckets of even trading, then an hour of it with `bought` of ten times the volume. */
  const after = (bought: number, moveBps = 0) => {
    const flow = new Flow()
    let price = 0
    for (let bucket = 0; bucket < 1200; bucket++) {
      const hurried = bucket >= 1188
      const volume = (hurried ? 10_000 : 1000) * (1 + noise() / 20)
      const share = hurried ? bought : 0.5 + noise() / 10
      price += hurried ? moveBps : noise() / 8
      flow.add(volume, Number.isNaN(bought) ? Number.NaN : share * volume, price)
      flow.close((bucket + 1) * 5 * minute)
    }
    return flow
  }

  it("says nothing before there is a usual", () => {
    const flow = new Flow()
    flow.add(1000, 0, 0)
    flow.close(5 * minute)
    assert.isNaN(flow.shortScore)
    assert.strictEqual(flow.usualVolume, 0)
  })

  it("sees takers sell, and how much more is traded than usual", () => {
    const sold = after(0.1)
    assert.isBelow(sold.shortScore, -5)
    assert.isBelow(sold.longScore, -5)
    assert.isAbove(sold.surge, 4)
    assert.isFalse(sold.inferred)
    assert.isAbove(after(0.9).shortScore, 5)
    assert.isBelow(Math.abs(after(0.5).shortScore), 3)
  })

  it("infers the sides from prices where nobody says them", () => {
    const sold = after(Number.NaN, -3)
    assert.isTrue(sold.inferred)
    assert.isBelow(sold.shortScore, -4)
  })

  it("counts quiet time as no volume, however long it was", () => {
    const flow = after(0.5)
    flow.add(1, 1, 0)
    flow.close((1200 + 5000) * 5 * minute)
    assert.strictEqual(flow.usualVolume, 0)
    assert.isNaN(flow.surge)
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
