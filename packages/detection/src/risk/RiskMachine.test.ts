import { assert, describe, it } from "@effect/vitest"
import { riskLevels } from "@evenkeel/domain/risk/RiskLevel"
import { Confirmation } from "../detector/Confirmation.ts"
import { isRun, RiskEvidence, RiskMachine, warningLevelBps } from "./RiskMachine.ts"

const minute = 60_000

/** Levels after each minute's deviation. */
const levels = (deviations: ReadonlyArray<number>, over: Partial<RiskEvidence> = {}) => {
  const machine = new RiskMachine()
  const stress = new Confirmation()
  const warned = new Confirmation()
  const broken = new Confirmation()
  return deviations.map((deviationBps, index) => {
    const time = index * minute
    const evidence = Object.assign(new RiskEvidence(), { time, deviationBps, errorBps: 1, score: deviationBps / 2, ...over })
    const { barMillis } = evidence
    evidence.stressBars = stress.update(time, deviationBps, 20, barMillis)
    evidence.warningBars = warned.update(time, deviationBps, warningLevelBps(evidence), barMillis)
    evidence.breakBars = broken.update(time, deviationBps, 50, barMillis)
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

  it("takes one close of a longer bar for no break, whatever stood before it", () => {
    const fives = { barMillis: 5 * minute }
    assert.deepStrictEqual(levels([0, -25, -26, -27, -60, -27, -26], fives).slice(3), ["warning", "warning", "warning", "warning"])
    assert.strictEqual(levels([0, -25, -26, -27, -60, -60, -60], fives).at(-1), "critical")
  })

  it("rests at watch beyond 50 bps, however long the coin has stood there", () => {
    const usual = { baselineBps: -50, score: 0 }
    const around = Array.from({ length: 400 }, (_, at) => (at % 3 === 0 ? -49 : -50.6))
    assert.strictEqual(levels([...around, -50.6], usual).at(-1), "watch")
    assert.strictEqual(levels([...around, ...minutes(60, -45)], usual).at(-1), "normal")
  })

  it("never calls a premium more than a warning", () => {
    assert.deepStrictEqual(levels([0, 90, 90, 90, 200]), ["normal", "watch", "watch", "warning", "warning"])
  })

  it("stays calm for a coin that has stood off its peg for long, and when the error is as large as the distance", () => {
    assert.isTrue(levels(minutes(30, -45), { baselineBps: -44, score: 0 }).every((level) => level === "normal"))
    assert.isTrue(levels(minutes(30, -60), { errorBps: 40 }).every((level) => level === "normal"))
  })

  it("asks a premium to be twice as far, and long bars for more than short ones", () => {
    assert.isTrue(levels(minutes(10, 35)).every((level) => level === "normal" || level === "watch"))
    assert.include(levels(minutes(10, 45)), "warning")
    const quarterHours = { barMillis: 15 * minute }
    assert.notInclude(levels(minutes(10, -30), quarterHours), "warning")
    assert.include(levels(minutes(10, -40), quarterHours), "warning")
  })

  it("warns sooner of a coin that never strays", () => {
    assert.strictEqual(levels([0, -17, -17, -17], { score: -15 }).at(-1), "warning")
    assert.notStrictEqual(levels([0, -17, -17, -17], { score: -8 }).at(-1), "warning")
  })

  it("alarms nobody about a coin on its way back", () => {
    assert.isTrue(levels(minutes(30, -30), { baselineBps: -45, score: 12 }).every((level) => level === "normal"))
  })

  it("lets an alarm go that nothing renews, but never a break", () => {
    assert.strictEqual(levels(minutes(243, -30)).at(-1), "normal")
    assert.strictEqual(levels(minutes(245, -60)).at(-1), "critical")
    assert.strictEqual(levels([...minutes(200, -30), ...minutes(100, -38)]).at(-1), "warning")
  })

  it("warns of a run by order flow alone, and asks for a price where the sides were inferred", () => {
    const run = Object.assign(new RiskEvidence(), { flowShort: -6, flowLong: -5.5, flowSurge: 11, leanBps: -0.5, deviationBps: -1 })
    assert.isTrue(isRun(run))
    assert.isFalse(isRun(Object.assign(new RiskEvidence(), run, { flowSurge: 8 })))
    assert.isFalse(isRun(Object.assign(new RiskEvidence(), run, { leanBps: 0.5 })))
    assert.isFalse(isRun(Object.assign(new RiskEvidence(), run, { flowInferred: true })))
    assert.isTrue(isRun(Object.assign(new RiskEvidence(), run, { flowInferred: true, deviationBps: -18, score: -9 })))
    assert.isFalse(isRun(new RiskEvidence()))
    assert.strictEqual(levels(minutes(2, -1), { ...run, deviationBps: -1 }).at(-1), "warning")
  })
})
