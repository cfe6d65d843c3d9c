import { BucketedHistograms } from "./BucketedHistograms.ts"
import { assert, describe, it } from "@effect/vitest"
import { LatencyMeter } from "./LatencyStages.ts"

describe("LatencyStages", () => {
  it("tells each stage's last minute from its time since the start", () => {
    const meter = new LatencyMeter()
    meter.know("record")
    meter.summaries(0)
    for (let n = 0; n < 100; n++) meter.record("record", 5e9)
    assert.strictEqual(meter.summaries(1000)[0]!.recent.count, 100)
    meter.summaries(6000)
    for (let n = 0; n < 10; n++) meter.record("record", 1e6)
    const [later] = meter.summaries(70_000)
    assert.strictEqual(later!.recent.count, 10)
    assert.closeTo(later!.recent.max!, 1e6, 1e6 / 64)
    assert.strictEqual(later!.whole.count, 110)
    assert.closeTo(later!.whole.p50!, 5e9, 5e9 / 64)
  })

  it("measures from a mark, and nothing where there is none", () => {
    const meter = new LatencyMeter()
    meter.mark("a", 1000)
    meter.since("delivery", "a", 4000)
    meter.since("delivery", "b", 4000)
    const [delivery] = meter.summaries(0)
    assert.strictEqual(delivery!.whole.count, 1)
    assert.closeTo(delivery!.whole.p50!, 3000, 3000 / 64)
  })

  it("forgets the oldest marks beyond its bound", () => {
    const meter = new LatencyMeter()
    meter.know("delivery")
    for (let n = 0; n <= 1000; n++) meter.mark(String(n), 0)
    meter.since("delivery", "0", 10)
    assert.strictEqual(meter.summaries(0)[0]!.whole.count, 0)
    meter.since("delivery", "1", 10)
    assert.strictEqual(meter.summaries(0)[0]!.whole.count, 1)
  })

  it("keeps the last trace of each bucket, and of none that is not kept", () => {
    const meter = new LatencyMeter()
    const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), time: 1000 }
    meter.record("delivery", 2e6, trace)
    meter.record("delivery", 2.1e6)
    const [shown] = new BucketedHistograms("stage_seconds", "How long", "stage").shown(meter.counted)
    const found = shown!.buckets.flatMap(({ exemplar, upTo }) => (exemplar === undefined ? [] : [[upTo, exemplar.value, exemplar.traceId]]))
    assert.deepStrictEqual(found, [[2.5e-3, 2e-3, trace.traceId]])
  })
})
