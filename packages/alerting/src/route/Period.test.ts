import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Period, periodMillis, periodText } from "./Period.ts"

describe("Period", () => {
  it("is read as Prometheus reads it", () => {
    assert.deepStrictEqual(
      ["0", "30s", "5m", "1h30m", "1d", "1w2d", "1y", "250ms"].map(periodMillis),
      [0, 30_000, 300_000, 5_400_000, 86_400_000, 777_600_000, 31_536_000_000, 250]
    )
  })

  it("is written as it is read", () => {
    const texts = ["0s", "30s", "5m", "1h30m", "4h", "1d", "250ms"]
    assert.deepStrictEqual(
      texts.map((text) => periodText(periodMillis(text))),
      texts
    )
  })

  it("is refused where a unit is missing, unknown or out of order", () => {
    for (const text of ["", "5", "m", "5 m", "1m1h", "-5m", "1.5h", "5M"])
      assert.throws(() => Schema.decodeUnknownSync(Period)(text), undefined, undefined, text)
  })

  it("is a year at most, and refused in words beyond", () => {
    const decode = Schema.decodeUnknownSync(Period)
    for (const text of ["1y", "365d", "52w1d", "8760h"]) assert.strictEqual(decode(text), text)
    for (const text of ["1y1ms", "366d", "999999999y", "999999999y999999999w999999999d", "31536000001ms"])
      assert.throws(() => decode(text), /length of time/, undefined, text)
    assert.throws(() => decode("2y"), /at most a year/)
  })
})
