import { assert, describe, it } from "@effect/vitest"
import { riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { Confirmation } from "../detector/Confirmation.ts"
import { RiskEvidence, RiskMachine } from "./RiskMachine.ts"

const minute = 60_000

/** Levels after each minute's deviation. */
const levels = (deviations: ReadonlyArray<number>, over: Partial<RiskEvidence> = {}) => {
  const machine = new RiskMachine()
  const stress = new Confirmation(20)
  const broken = new Confirmation(50)
  return deviations.map((deviationBps, index) => {
    const time = index * minute
    const evidence = Object.assign(new RiskEvidence(), {
      time,
      deviationBps,
      errorBps: 1,
      score: deviationBps / 2,
      stressBars: stress.update(time, deviationBps, minute),
      breakBars: broken.update(time, deviationBps, minute),
      ...over
    })
    machine.update(evidence)
    return riskLevels[machine.level]
  })
}
const minutes = (count: number, deviation: number) => Array.from({ length: count }, () => deviation)

describe("RiskMachine", () => {
  it("watches one bar, warns at the third and turns critical at the first bar beyond 50 after a warning", () => {
    assert.deepStrictEqual(levels([0, -25, -26, -27, -55]), ["normal", "watch", "watch", "warning", "critical"])
  })

  it("calls a jump critical when it is confirmed, and a wick nothing but a watch", () => {
    assert.deepStrictEqual(levels([0, -300, -300, -300]), ["normal", "watch", "watch", "critical"])
    assert.deepStrictEqual(levels([0, -300, 0, 0]), ["normal", "watch", "watch", "watch"])
  })

  it("comes down only after an hour inside half of the level", () => {
    const path = [...minutes(4, -60), ...minutes(59, -20), -30, ...minutes(61, -20), ...minutes(62, -2)]
    const seen = levels(path)
    assert.strictEqual(seen[4 + 59], "critical")
    assert.strictEqual(seen[4 + 59 + 1 + 59], "critical")
    assert.notStrictEqual(seen[4 + 59 + 1 + 60], "critical")
    assert.strictEqual(seen.at(-1), "normal")
  })

  it("never calls a premium more than a warning", () => {
    assert.deepStrictEqual(levels([0, 90, 90, 90, 200]), ["normal", "watch", "watch", "warning", "warning"])
  })

  it("stays calm for a coin that has stood off its peg for long, and when the error is as large as the distance", () => {
    assert.isTrue(levels(minutes(30, -28), { baselineBps: -27, score: 0 }).every((level) => level === "normal"))
    assert.isTrue(levels(minutes(30, -60), { errorBps: 40 }).every((level) => level === "normal"))
  })
})
