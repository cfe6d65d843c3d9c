import { assert, describe, it } from "@effect/vitest"
import type { CoinView } from "@evenkeel/api/contract/group/Coins"
import { BreakProbabilities } from "./BreakProbabilities.ts"

const model = (horizons: Readonly<Record<number, number>>): CoinView["model"] => ({
  version: 1,
  horizons: Object.entries(horizons).map(([minutes, probability]) => ({ minutes: Number(minutes), probability, low: null, high: null }))
})
const values = (readings: ReturnType<BreakProbabilities["readings"]>) =>
  Object.fromEntries(readings.map(({ horizonMinutes, probability }) => [horizonMinutes, probability]))

describe("BreakProbabilities", () => {
  it("tells what the model says of each horizon", () => {
    const series = new BreakProbabilities()
    assert.deepStrictEqual(values(series.readings({ coin: "USDC", level: "watch", model: model({ 60: 0.1, 1440: 0.3 }) })), {
      60: 0.1,
      1440: 0.3
    })
  })

  it("tells no number once a coin is stale, a model has gone or it leaves out a horizon", () => {
    const series = new BreakProbabilities()
    const known = model({ 60: 0.1, 1440: 0.3 })
    series.readings({ coin: "USDC", level: "normal", model: known })
    assert.deepStrictEqual(values(series.readings({ coin: "USDC", level: "stale", model: known })), { 60: Number.NaN, 1440: Number.NaN })
    assert.deepStrictEqual(values(series.readings({ coin: "USDC", level: "normal", model: null })), { 60: Number.NaN, 1440: Number.NaN })
    assert.deepStrictEqual(values(series.readings({ coin: "USDC", level: "normal", model: model({ 60: 0.2 }) })), {
      60: 0.2,
      1440: Number.NaN
    })
  })

  it("says nothing of a coin of which nothing was known", () => {
    const series = new BreakProbabilities()
    series.readings({ coin: "USDC", level: "normal", model: model({ 60: 0.1 }) })
    assert.isEmpty(series.readings({ coin: "DAI", level: "stale", model: null }))
  })
})
