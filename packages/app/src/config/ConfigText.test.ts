import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { configText } from "./ConfigText.ts"

describe("a configuration as text", () => {
  it("differs where a secret does, and shows none", () => {
    const of = (secret: string) => configText({ hooks: [{ name: "desk", secret: Redacted.make(secret) }] })
    assert.strictEqual(of("one"), of("one"))
    assert.notStrictEqual(of("one"), of("two"))
    assert.notInclude(of("hunter2"), "hunter2")
  })

  it("is there for what is not", () => {
    assert.strictEqual(configText(undefined), "")
    assert.strictEqual(configText({ a: null, b: [1, "x"] }), '{"a":null,"b":[1,"x"]}')
  })
})
