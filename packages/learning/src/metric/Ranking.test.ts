import { assert, describe, it } from "@effect/vitest"
import { averagePrecision, brierScore, calibrationError, rocAuc } from "./Ranking.ts"

describe("Ranking", () => {
  it("agrees with scikit-learn's documented examples", () => {
    const labels = Uint8Array.of(0, 0, 1, 1)
    const scores = Float64Array.of(0.1, 0.4, 0.35, 0.8)
    assert.closeTo(averagePrecision(labels, scores), 0.8333333333333333, 1e-12)
    assert.closeTo(rocAuc(labels, scores), 0.75, 1e-12)
    assert.closeTo(brierScore(Uint8Array.of(0, 1, 1, 0), Float64Array.of(0.1, 0.9, 0.8, 0.3)), 0.0375, 1e-12)
  })

  it("lets ties enter together and says NaN where a class is missing", () => {
    assert.strictEqual(rocAuc(Uint8Array.of(0, 1, 0, 1), Float64Array.of(1, 1, 1, 1)), 0.5)
    assert.strictEqual(averagePrecision(Uint8Array.of(0, 1, 0, 1), Float64Array.of(1, 1, 1, 1)), 0.5)
    assert.isNaN(rocAuc(Uint8Array.of(1, 1), Float64Array.of(0, 1)))
    assert.isNaN(averagePrecision(Uint8Array.of(0, 0), Float64Array.of(0, 1)))
  })

  it("finds no calibration error in honest claims, and all of it in lies", () => {
    assert.closeTo(calibrationError(Uint8Array.of(0, 0, 1, 0), Float64Array.of(0.25, 0.25, 0.25, 0.25)), 0, 1e-12)
    assert.closeTo(calibrationError(Uint8Array.of(0, 0), Float64Array.of(1, 1)), 1, 1e-12)
  })
})
