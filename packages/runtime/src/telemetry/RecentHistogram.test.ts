import { assert, describe, it } from "@effect/vitest"
import { Histogram } from "./Histogram.ts"
import { RecentHistogram } from "./RecentHistogram.ts"

describe("RecentHistogram", () => {
  it("forgets what is older than a minute", () => {
    const whole = new Histogram()
    const recent = new RecentHistogram(whole)
    recent.at(0)
    for (let i = 0; i < 10; i++) whole.record(1_400_000_000)
    assert.strictEqual(recent.at(1000).count(), 10)
    for (let second = 2; second <= 58; second++) {
      whole.record(1000)
      recent.at(second * 1000)
    }
    assert.strictEqual(recent.at(59_000).count(), 67, "the slow start is still within the minute")
    for (let second = 60; second <= 70; second++) {
      whole.record(1000)
      recent.at(second * 1000)
    }
    const last = recent.at(70_000)
    assert.isBelow(last.quantile(0.999), 2000)
    assert.isAtLeast(last.count(), 55)
    assert.isAtMost(last.count(), 68)
    assert.strictEqual(whole.count(), 78)
  })

  it("is empty when nothing came for a minute, though nobody looked meanwhile", () => {
    const whole = new Histogram()
    const recent = new RecentHistogram(whole)
    recent.at(0)
    whole.record(5)
    recent.at(5000)
    assert.strictEqual(recent.at(100_000).count(), 0)
  })
})
