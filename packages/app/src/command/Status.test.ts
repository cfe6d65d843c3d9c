import { assert, describe, it } from "@effect/vitest"
import { afterKey } from "./Status.ts"

describe("top", () => {
  it("steps through the components within their bounds, and changes the period", () => {
    const start = { period: "recent", from: 0 } as const
    assert.deepStrictEqual(afterKey(start, "up", 3), start)
    assert.deepStrictEqual(afterKey({ ...start, from: 2 }, "down", 3), { ...start, from: 2 })
    assert.deepStrictEqual(afterKey(start, "down", 3), { ...start, from: 1 })
    assert.deepStrictEqual(afterKey(start, "right", 3), { period: "whole", from: 0 })
    assert.deepStrictEqual(afterKey({ period: "whole", from: 1 }, "left", 3), { period: "recent", from: 1 })
  })
})
