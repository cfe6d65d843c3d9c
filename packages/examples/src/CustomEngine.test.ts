import { assert, describe, it } from "@effect/vitest"
import { watchPrices } from "./CustomEngine.ts"

describe("a custom engine in one file", () => {
  it("says nothing of a steady coin, and everything of one that falls", () => {
    const steady = Array.from({ length: 120 }, (_, minute) => 1 + (minute % 3) * 1e-5)
    assert.deepStrictEqual(watchPrices(steady), [])
    const said = watchPrices([...steady, ...Array.from({ length: 10 }, (_, minute) => 0.998 - minute * 0.001)])
    assert.deepStrictEqual(
      said.map(({ kind, level }) => `${kind} ${level}`),
      ["break watch", "break warning", "break critical"]
    )
  })
})
