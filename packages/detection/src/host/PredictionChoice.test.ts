import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import type { ModelEntry } from "@evenkeel/store/model/ModelRegistry"
import { chooseModel } from "./PredictionChoice.ts"

const entry = (version: number, status: ModelEntry["status"], served = 0, reward = 0): ModelEntry => ({
  version,
  name: `model ${version}`,
  sha256: "",
  status,
  addedAt: 0,
  promotedAt: null,
  served,
  reward
})

describe("chooseModel", () => {
  it("chooses the champion where challengers do not take turns, and nobody where there is none", () => {
    const entries = [entry(3, "challenger", 100, 100), entry(2, "champion"), entry(1, "retired", 100, 100)]
    assert.strictEqual(chooseModel(entries, { challengers: false }, new Random(1))?.version, 2)
    assert.isUndefined(chooseModel([entry(3, "challenger")], { challengers: true }, new Random(1)))
  })

  it("gives challengers turns as they earn them, and retired models none", () => {
    const random = new Random(1)
    const turns = (entries: ReadonlyArray<ModelEntry>) => {
      const counts = new Map<number, number>()
      for (let turn = 0; turn < 1000; turn++) {
        const version = chooseModel(entries, { challengers: true }, random)!.version
        counts.set(version, (counts.get(version) ?? 0) + 1)
      }
      return (version: number) => counts.get(version) ?? 0
    }
    const even = turns([entry(3, "challenger"), entry(2, "champion", 200, 190), entry(1, "retired", 900, 900)])
    assert.isAbove(even(2), 5 * even(3))
    assert.isAbove(even(3), 0)
    assert.strictEqual(even(1), 0)
    const better = turns([entry(3, "challenger", 2000, 1950), entry(2, "champion", 2000, 1700)])
    assert.isAbove(better(3), 900)
  })
})
