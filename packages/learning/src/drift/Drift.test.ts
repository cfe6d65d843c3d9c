import { assert, describe, it } from "@effect/vitest"
import { Random } from "../data/Random.ts"
import { DriftCounter, OnlineRecalibration, PageHinkley, profileOf } from "./Drift.ts"
import { chooseArm } from "./ThompsonSampling.ts"

const random = new Random(6)
const normals = (count: number, mean = 0) => Float64Array.from({ length: count }, () => mean + random.normal())

describe("drift", () => {
  it("finds no change in more of the same, much in what has moved or gone missing", () => {
    const profile = profileOf(normals(5000))
    const index = (values: Float64Array) => {
      const counter = new DriftCounter(profile)
      for (const value of values) counter.update(value)
      return counter.index
    }
    assert.isBelow(index(normals(5000)), 0.02)
    assert.isAbove(index(normals(5000, 1)), 0.5)
    assert.isAbove(index(new Float64Array(1000).fill(Number.NaN)), 0.5)
    assert.isNaN(new DriftCounter(profile).index)
    assert.isBelow(Math.abs(new DriftCounter(profileOf(new Float64Array(50).fill(3))).index || 0), 1e-9)
  })

  it("alarms when losses grow, and not before", () => {
    const watch = new PageHinkley({ slack: 0.02, threshold: 2 })
    const losses = (count: number, mean: number) => Array.from({ length: count }, () => mean + 0.05 * random.normal())
    assert.isFalse(losses(2000, 0.1).some((loss) => watch.update(loss)))
    assert.isTrue(losses(200, 0.3).some((loss) => watch.update(loss)))
    assert.isFalse(watch.update(Number.NaN))
  })

  it("brings probabilities that are too bold back to what happens", () => {
    const recalibration = new OnlineRecalibration()
    for (let i = 0; i < 6000; i++) {
      const odds = 4 * random.normal()
      const truth = 1 / (1 + Math.exp(-(0.5 * odds - 1)))
      recalibration.update(odds, random.uniform() < truth ? 1 : 0)
    }
    assert.closeTo(recalibration.slope, 0.5, 0.12)
    assert.closeTo(recalibration.intercept, -1, 0.3)
  })

  it("lets the model serve that earns most, and a newcomer only as it earns it", () => {
    const turns = (arms: ReadonlyArray<{ served: number; reward: number }>) => {
      const counts = arms.map(() => 0)
      for (let i = 0; i < 2000; i++) counts[chooseArm(arms, random)]!++
      return counts
    }
    const [champion, newcomer] = turns([
      { served: 200, reward: 190 },
      { served: 0, reward: 0 }
    ])
    assert.isAbove(champion!, newcomer! * 5)
    const [worse, better] = turns([
      { served: 2000, reward: 1700 },
      { served: 2000, reward: 1950 }
    ])
    assert.isAbove(better!, worse! * 50)
  })
})
