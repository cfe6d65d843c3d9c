import { assert, describe, it } from "@effect/vitest"
import { keysOf } from "./Keys.ts"

describe("Keys", () => {
  it("knows q, Ctrl-C and arrows, and passes over the rest", () =>
    assert.deepStrictEqual(keysOf("x\u001b[A\u001b[Bq\u001b[C\u001b[D\u001b[Z\u0003"), ["up", "down", "quit", "right", "left", "quit"]))
})
