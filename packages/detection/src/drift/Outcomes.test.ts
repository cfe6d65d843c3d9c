import { assert, describe, it } from "@effect/vitest"
import { Outcomes, pendingMax } from "./Outcomes.ts"

const minute = 60_000
const bar = (at: number, deviationBps: number, over: { coin?: number; version?: number; probability?: number } = {}) => ({
  coin: 0,
  version: 1,
  probability: 0.2,
  time: at * minute,
  deviationBps,
  ...over
})

describe("Outcomes", () => {
  it("knows after an hour of bars near the peg that no break began", () => {
    const outcomes = new Outcomes()
    outcomes.update(bar(0, 5))
    for (let at = 1; at < 60; at++) assert.deepStrictEqual(outcomes.update(bar(at, 5, { version: 0 })), [])
    assert.deepStrictEqual(outcomes.update(bar(60, 5, { version: 0 })), [{ version: 1, probability: 0.2, broke: false }])
    assert.strictEqual(outcomes.pending, 0)
  })

  it("knows a break at its third bar beyond 50 bps, whichever way, and predicts nothing within it", () => {
    const outcomes = new Outcomes()
    outcomes.update(bar(0, 5, { probability: 0.9 }))
    assert.deepStrictEqual(
      [1, 2].flatMap((at) => outcomes.update(bar(at, -60))),
      []
    )
    assert.deepStrictEqual(outcomes.update(bar(3, -60)), [{ version: 1, probability: 0.9, broke: true }])
    assert.strictEqual(outcomes.pending, 0)
  })

  it("takes two bars beyond 50 bps, or three that are not in a row, for no break", () => {
    const outcomes = new Outcomes()
    outcomes.update(bar(0, 0))
    const known = [60, 60, 10, 60, 10].flatMap((deviation, index) => outcomes.update(bar(index + 1, deviation, { version: 0 })))
    assert.deepStrictEqual(known, [])
    assert.deepStrictEqual(outcomes.update(bar(60, 0, { version: 0 })), [{ version: 1, probability: 0.2, broke: false }])
  })

  it("credits the model that made the prediction, whoever serves by then, and keeps coins apart", () => {
    const outcomes = new Outcomes()
    outcomes.update(bar(0, 0, { version: 1 }))
    outcomes.update(bar(0, 0, { version: 1, coin: 1, probability: 0.4 }))
    outcomes.update(bar(30, 0, { version: 2, probability: 0.3 }))
    assert.deepStrictEqual(outcomes.update(bar(61, 0, { version: 2 })), [{ version: 1, probability: 0.2, broke: false }])
    assert.deepStrictEqual(outcomes.update(bar(61, 0, { version: 0, coin: 1 })), [{ version: 1, probability: 0.4, broke: false }])
  })

  it("ignores a bar that is not newer, and a prediction that a model did not make", () => {
    const outcomes = new Outcomes()
    outcomes.update(bar(5, 0))
    outcomes.update(bar(5, 0))
    outcomes.update(bar(4, 0))
    outcomes.update(bar(6, 0, { probability: Number.NaN }))
    outcomes.update(bar(7, 0, { version: 0 }))
    assert.strictEqual(outcomes.pending, 1)
  })

  it("keeps at most so many predictions, the newest", () => {
    const outcomes = new Outcomes()
    for (let coin = 0; coin <= pendingMax; coin++) outcomes.update(bar(0, 0, { coin }))
    assert.strictEqual(outcomes.pending, pendingMax)
    assert.deepStrictEqual(outcomes.update(bar(61, 0, { coin: 0, version: 0 })), [])
    assert.strictEqual(outcomes.update(bar(61, 0, { coin: pendingMax, version: 0 })).length, 1)
  })
})
