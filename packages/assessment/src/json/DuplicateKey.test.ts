import { assert, describe, it } from "@effect/vitest"
import { duplicateKeyOf } from "./DuplicateKey.ts"

describe("duplicateKeyOf", () => {
  it("finds a key that one object has twice, however it is written", () => {
    for (const text of [
      '{"a":1,"a":2}',
      '{"b":{"a":[1,{"x":1}],"a":2}}',
      '[{"a":"}","a":0}]',
      '{"a":1,"\\u0061":2}',
      ' { "a" : "\\"" , "a" : 1 } ',
      '{"c":"\\\\","a":1,"a":1}'
    ])
      assert.strictEqual(duplicateKeyOf(text), "a", text)
  })

  it("finds none where each object has its own", () => {
    for (const text of ['{"a":{"a":1},"b":["a","a","a"]}', '[{"a":1},{"a":1}]', '{"a":"a\\",\\"a\\":1"}', '"a"', "[]", "{}", "1"])
      assert.isUndefined(duplicateKeyOf(text), text)
  })
})
