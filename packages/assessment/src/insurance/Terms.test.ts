import { assert, describe, it } from "@effect/vitest"
import { termsOf } from "../../test/support/Covers.ts"
import { describeTerms, digestOfTerms } from "./Terms.ts"

describe("Terms", () => {
  it.each([
    ["two marks", { bps: 500 }],
    ["no mark", { price: undefined }],
    ["a recovery below the mark", { recoveryPrice: 0.94 }],
    ["a recovery in another unit", { recoveryBps: 10 }],
    ["an average of more than a day", { condition: "average", minutes: 1441 }],
    ["an end before the beginning", { until: "2029-01-01T00:00:00Z" }],
    ["more than two years", { until: "2033-01-01T00:00:00Z" }],
    ["a time that is none", { from: "2030-13-01T00:00:00Z" }],
    ["a time without a zone", { from: "2030-01-01T00:00:00" }],
    ["a price above the peg", { price: 1.01 }],
    ["more sources than there are", { sources: ["kraken"], minSources: 2 }],
    ["the same source twice", { sources: ["kraken", "kraken"], minSources: 2 }],
    ["a name that is no name", { name: "USDC/95" }]
  ])("refuse %s", (_, over) => {
    assert.throws(() => termsOf(over))
  })

  it("have one digest however they are written, and another when a figure differs", () => {
    const { name, ...rest } = termsOf()
    assert.strictEqual(digestOfTerms({ ...rest, name }), digestOfTerms(termsOf()))
    assert.notStrictEqual(digestOfTerms(termsOf({ minutes: 6 })), digestOfTerms(termsOf()))
  })

  it("are told in a sentence", () => {
    assert.strictEqual(
      describeTerms(termsOf({ recoveryPrice: 0.99 })),
      "USDC below 0.95 for 5 minutes without being back at 0.99, by the fair value of all sources (at least 2), from 2030-01-07T00:00:00Z until 2030-01-08T00:00:00Z"
    )
  })
})
