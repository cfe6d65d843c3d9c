import { assert, describe, it } from "@effect/vitest"
import { Random } from "../data/Random.ts"
import { logit, sigmoid } from "../logistic/LogisticRegression.ts"
import { finish, type Head } from "../model/Model.ts"
import { ShiftEvidence, shiftHead } from "./Shift.ts"

const most = 1.5

/** Predictions of spread odds that come true as if they were shifted. */
const evidenceOf = (seed: number, predictions: number, shift: number) => {
  const random = new Random(seed)
  const evidence = new ShiftEvidence()
  for (let row = 0; row < predictions; row++) {
    const odds = -3 + 1.5 * random.normal()
    evidence.add(odds, 1, random.uniform() < sigmoid(odds + shift))
  }
  return evidence
}

describe("ShiftEvidence", () => {
  it("finds the shift that predictions lack, nearer to none the less was seen", () => {
    for (const shift of [-1, 0, 0.8]) assert.closeTo(evidenceOf(3, 200_000, shift).fit(4, most), shift, 0.05)
    const little = evidenceOf(4, 60, 0.8)
    assert.isBelow(Math.abs(little.fit(1000, most)), 0.05)
    assert.closeTo(new ShiftEvidence().fit(4, most), 0, 1e-8)
  })

  it("is worth its prior: as many events that came as expected", () => {
    // Rare events: (0 + 4) / (4 + 4) of those that were expected came.
    const evidence = new ShiftEvidence()
    for (let row = 0; row < 40_000; row++) evidence.add(logit(1e-4), 1, false)
    assert.closeTo(evidence.fit(4, most), Math.log(0.5), 0.01)
  })

  it("is bounded both ways, whatever comes", () => {
    const evidence = new ShiftEvidence()
    for (let row = 0; row < 1000; row++) evidence.add(logit(0.9), 1, false)
    assert.strictEqual(evidence.fit(1, most), -most)
    for (let row = 0; row < 100_000; row++) evidence.add(logit(1e-6), 1, true)
    assert.strictEqual(evidence.fit(1, most), most)
    evidence.add(Number.NaN, 1, true)
    evidence.add(Number.POSITIVE_INFINITY, 1, true)
    assert.isTrue(Number.isFinite(evidence.expected()))
  })

  it("goes on from its parts, and fades", () => {
    const evidence = evidenceOf(5, 1000, 0.5)
    const again = new ShiftEvidence(evidence.parts)
    assert.strictEqual(again.fit(4, most), evidence.fit(4, most))
    const { seen } = evidence
    evidence.fade(0.5)
    assert.closeTo(evidence.seen, seen / 2, 1e-9)
    assert.closeTo(evidence.expected(), again.expected() / 2, 1e-9)
  })
})

describe("shiftHead", () => {
  const interval = { scores: Float64Array.of(-2, 2), low: Float64Array.of(0, 0.5), high: Float64Array.of(0.4, 1) }
  const head: Head = {
    label: "onset",
    horizonMinutes: 60,
    members: [],
    blend: { kind: "vote", weights: Float64Array.of(1), intercept: 0 },
    calibration: { kind: "platt", curve: { slope: 0.8, intercept: -1 } },
    interval
  }
  const isotonic: Head = {
    ...head,
    calibration: { kind: "isotonic", curve: { scores: Float64Array.of(-2, 0, 2), values: Float64Array.of(0.01, 0.3, 0.9) } }
  }

  it("shifts the log odds of probability and interval, and leaves the order and the head itself as they were", () => {
    for (const each of [head, isotonic]) {
      const shifted = shiftHead(each, 0.7)
      let last = 0
      for (const blended of [sigmoid(-2), 0.5, sigmoid(2)]) {
        const [before, after] = [finish(each, blended), finish(shifted, blended)]
        assert.closeTo(logit(after.probability), logit(before.probability) + 0.7, 1e-9)
        assert.isAtLeast(after.high + 1e-8, before.high)
        assert.isAtLeast(after.low + 1e-8, before.low)
        assert.isAbove(after.probability, last)
        last = after.probability
      }
      assert.strictEqual(shiftHead(each, 0), each)
    }
    assert.deepStrictEqual([...interval.high], [0.4, 1])
  })
})
