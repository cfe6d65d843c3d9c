import { assert, describe, it } from "@effect/vitest"
import type { TuneReport } from "@evenkeel/lab/tuning/TuneReport"
import { tuneTable } from "./Tune.ts"

const best: TuneReport["allEvents"]["best"] = {
  member: "boosting",
  options: { trees: 20, rate: 0.05 },
  features: "selected",
  names: ["rsi"],
  score: 0.3
}
const contender = (value: number) => ({
  horizons: { "60m": { averagePrecision: { value, low: value / 2, high: value * 1.5 }, averagePrecisionEqual: value }, "240m": null },
  geometricMean: value
})
const reportWith = (nested: number, shipped: number): TuneReport => ({
  method: "grid",
  trials: 5,
  seed: 1,
  rows: 900,
  folds: [{ event: "2030-01-10T03:00:00.000Z", coins: ["USDC", "DAI"], best, bestByMember: { boosting: 0.3 } }],
  allEvents: { best: { ...best, member: "logistic" }, bestByMember: { logistic: 0.3 } },
  figures: {
    nested: contender(nested),
    naive: contender(0.4),
    optimism: { horizons: { "60m": 0.4 - nested, "240m": null }, geometricMean: 0.4 - nested },
    shipped: contender(shipped),
    deviation: contender(0.1)
  },
  beatsShipped: nested > shipped,
  beatsDeviation: nested > 0.1,
  features: ["rsi", "cusum"].map((name, index) => ({
    name,
    meanRank: 3 + 20 * index,
    foldsAmongFirst: 1 - index,
    informationNats: 0.01,
    foldsUsed: 0,
    importance: null,
    importanceMeanRank: null
  }))
})

describe("the table of a tuning", () => {
  it("says plainly that the tuned members do not beat the shipped recipe", () => {
    const table = tuneTable(reportWith(0.2, 0.25))
    assert.include(table, "do NOT beat the shipped recipe on events that were not seen: 0.2 against 0.25. Keep the shipped recipe.")
    assert.include(table, "They beat |deviation| alone, which has 0.1.")
    assert.match(tuneTable(reportWith(0.05, 0.25)), /do NOT beat \|deviation\|/)
  })

  it("says that they do, and shows what was found, where there is a figure and where there is none", () => {
    const table = tuneTable(reportWith(0.25, 0.125))
    assert.include(table, "The tuned members beat the shipped recipe on events that were not seen: 0.25 against 0.125.")
    assert.match(table, /2030-01-10 USDC DAI +boosting +0\.3 +selected +trees 20, rate 0\.05/)
    assert.match(table, /tuned, nested +0\.25 \(0\.125 to 0\.375\) +- +0\.25/)
    assert.notMatch(table, /undefined|NaN|cusum/)
  })
})
