import { assert, describe, it } from "@effect/vitest"
import { Histogram } from "./Histogram.ts"
import { BucketedHistograms } from "./BucketedHistograms.ts"
import { prometheusHistograms } from "./OpenMetrics.ts"

const valueOf = (text: string, series: string) =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.split(" ")[1]
  )

describe("BucketedHistograms", () => {
  it("gives cumulative buckets, a sum and a count, in seconds", () => {
    const decode = new Histogram()
    const family = new BucketedHistograms("stage_seconds", "How long", "stage")
    for (let n = 0; n < 10; n++) decode.record(2000)
    decode.record(3e12)
    const text = prometheusHistograms(family.shown(new Map([["decode", { histogram: decode, exemplars: [] }]])))
    assert.include(text, "# TYPE stage_seconds histogram\n")
    assert.strictEqual(valueOf(text, 'stage_seconds_bucket{stage="decode",le="0.000001"}'), 0)
    assert.strictEqual(valueOf(text, 'stage_seconds_bucket{stage="decode",le="0.0000025"}'), 10)
    assert.strictEqual(valueOf(text, 'stage_seconds_bucket{stage="decode",le="300.0"}'), 10)
    assert.strictEqual(valueOf(text, 'stage_seconds_bucket{stage="decode",le="+Inf"}'), 11)
    assert.strictEqual(valueOf(text, 'stage_seconds_count{stage="decode"}'), 11)
    assert.closeTo(valueOf(text, 'stage_seconds_sum{stage="decode"}'), 3000, 50)
  })

  it("grows although a count of 32 bits begins anew, and shows what has counted nothing", () => {
    const memory = new SharedArrayBuffer(38 * 64 * 4)
    const counts = new Uint32Array(memory)
    const score = new Histogram(memory)
    const family = new BucketedHistograms("stage_seconds", "How long", "stage")
    const sources = new Map([["score", { histogram: score, exemplars: [] }]])
    assert.strictEqual(valueOf(prometheusHistograms(family.shown(sources)), 'stage_seconds_count{stage="score"}'), 0)
    counts[5] = 2 ** 32 - 1
    assert.strictEqual(valueOf(prometheusHistograms(family.shown(sources)), 'stage_seconds_count{stage="score"}'), 2 ** 32 - 1)
    counts[5] = 4
    assert.strictEqual(valueOf(prometheusHistograms(family.shown(sources)), 'stage_seconds_count{stage="score"}'), 2 ** 32 + 4)
  })
})
