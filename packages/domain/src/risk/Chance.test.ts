import { assert, describe, it } from "@effect/vitest"
import { chanceText } from "./Chance.ts"

describe("Chance", () => {
  it("is told in two digits, and never as certain or impossible", () => {
    assert.deepStrictEqual([1, 0.991, 0.99, 0.954, 0.1, 0.0999, 0.012345, 0.0005, 0.00009, 0].map(chanceText), [
      ">99%",
      ">99%",
      "99%",
      "95%",
      "10%",
      "10%",
      "1.2%",
      "0.050%",
      "<0.01%",
      "<0.01%"
    ])
  })
})
