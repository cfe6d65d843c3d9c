import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { openMetricsText, prefersOpenMetrics, prometheusHistograms, type ShownHistogram } from "./OpenMetrics.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const exemplar = (value: number) => ({ value, traceId, spanId, time: 1_764_339_745_744 })

const histogram: ShownHistogram = {
  name: "stage_seconds",
  description: "A stage",
  labels: { stage: "decode" },
  buckets: [
    { upTo: 0.001, count: 3, exemplar: exemplar(0.0005) },
    // It belongs to another bucket: a scraper would refuse the whole answer.
    { upTo: 1, count: 4, exemplar: exemplar(0.0005) }
  ],
  sum: 7.5,
  count: 5,
  exemplar: exemplar(7)
}

describe("metrics in OpenMetrics", () => {
  it.effect("have each family once, counters by its name without their suffix, and an end", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("calls_total", { description: 'Calls, "all"\nof them', incremental: true })
      yield* Metric.update(Metric.withAttributes(counter, { host: 'a"b\\c' }), 2)
      yield* Metric.update(Metric.withAttributes(counter, { host: "d" }), 1)
      yield* Metric.update(Metric.gauge("fill_ratio"), 0.5)
      assert.deepStrictEqual(openMetricsText(yield* Metric.snapshot, []).split("\n"), [
        "# TYPE calls counter",
        '# HELP calls Calls, \\"all\\"\\nof them',
        'calls_total{host="a\\"b\\\\c"} 2',
        'calls_total{host="d"} 1',
        "# TYPE fill_ratio gauge",
        "fill_ratio 0.5",
        "# EOF",
        ""
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it("carry the trace of a measurement at the bucket that it fell into", () => {
    const lines = openMetricsText([], [histogram]).split("\n")
    const shown = `{trace_id="${traceId}",span_id="${spanId}"}`
    assert.deepStrictEqual(lines, [
      "# TYPE stage_seconds histogram",
      "# HELP stage_seconds A stage",
      `stage_seconds_bucket{stage="decode",le="0.001"} 3 # ${shown} 0.0005 1764339745.744`,
      'stage_seconds_bucket{stage="decode",le="1.0"} 4',
      `stage_seconds_bucket{stage="decode",le="+Inf"} 5 # ${shown} 7 1764339745.744`,
      'stage_seconds_sum{stage="decode"} 7.5',
      'stage_seconds_count{stage="decode"} 5',
      "# EOF",
      ""
    ])
    assert.notInclude(prometheusHistograms([histogram]), traceId)
    assert.include(prometheusHistograms([histogram]), 'stage_seconds_bucket{stage="decode",le="+Inf"} 5\n')
  })

  it("are what Prometheus asks for, and nobody who does not", () => {
    const prometheus =
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    assert.isTrue(prefersOpenMetrics(prometheus))
    for (const accept of [
      undefined,
      "",
      "*/*",
      "text/plain",
      "text/plain, application/openmetrics-text;q=0.5",
      "application/openmetrics-text;q=0"
    ])
      assert.isFalse(prefersOpenMetrics(accept), accept)
  })
})
