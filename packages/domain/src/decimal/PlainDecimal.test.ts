import { assert, describe, it } from "@effect/vitest"
import { DecimalSum, plainDecimal } from "./PlainDecimal.ts"

describe("PlainDecimal", () => {
  it("writes doubles without an exponent", () => {
    for (const [value, text] of [
      [1e-7, "0.0000001"],
      [1.25e-9, "0.00000000125"],
      [1e21, "1000000000000000000000"],
      [-3.5e-8, "-0.000000035"],
      [0.5, "0.5"],
      [1.5e22, "15000000000000000000000"]
    ] as const) {
      assert.strictEqual(plainDecimal(value), text)
      assert.strictEqual(Number(plainDecimal(value)), value)
    }
  })

  it("sums without rounding", () => {
    const sum = new DecimalSum()
    for (let i = 0; i < 10; i++) sum.add(0.1)
    sum.add(0.00000001)
    assert.strictEqual(sum.format(), "1.00000001")
    sum.add(98.99999999)
    assert.strictEqual(sum.format(), "100")
  })
})
