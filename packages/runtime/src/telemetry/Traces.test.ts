import { assert, describe, it } from "@effect/vitest"
import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  SamplingDecision,
  SimpleSpanProcessor
} from "@opentelemetry/sdk-trace-base"
import { Context, Effect, Metric, Option } from "effect"
import { watchExport } from "./Collector.ts"
import { Metrics } from "./Metrics.ts"
import { alertWay, spanName, spanOptions, startSpan } from "./Spans.ts"
import { keeping, samplerOf } from "./Traces.ts"

describe("sampling", () => {
  it.effect("keeps an alert's way, and of the rest what the sampler says", () =>
    Effect.gen(function* () {
      const exporter = new InMemorySpanExporter()
      const { sampler, tracerOf } = keeping(
        { decision: SamplingDecision.RECORD_AND_SAMPLED },
        new ParentBasedSampler({ root: new AlwaysOffSampler() })
      )
      const provider = new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(exporter)] })
      const tracer = tracerOf(yield* Effect.provideService(OtelTracer.make, OtelTracer.OtelTracer, provider.getTracer("test")))
      const below = Effect.withSpan(Effect.void, "below")
      yield* Effect.withSpan(below, "a request").pipe(Effect.withTracer(tracer))
      yield* Effect.withSpan(below, spanName("levelRecorded"), { ...spanOptions("levelRecorded"), annotations: alertWay }).pipe(
        Effect.withTracer(tracer)
      )
      // A frame that was not sampled, and behind which a level changes nevertheless.
      const frame = startSpan(tracer, "frameSent", { parent: Option.none(), annotations: Context.empty(), startTime: 0n })
      const change = startSpan(tracer, "frameProcessed", { parent: Option.some(frame), annotations: alertWay, startTime: 0n })
      for (const span of [change, frame]) span.end(1n, yield* Effect.exit(Effect.void))
      assert.isFalse(frame.sampled)
      assert.deepStrictEqual(
        exporter.getFinishedSpans().map(({ name }) => name),
        ["below", "process signals", "process frames"]
      )
      const [, recorded] = exporter.getFinishedSpans()
      assert.deepStrictEqual(recorded!.attributes, {
        "messaging.system": "evenkeel",
        "messaging.destination.name": "signals",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "code.function.name": "LevelRecorder.record"
      })
    })
  )

  it("reads the names of OpenTelemetry's samplers", () => {
    assert.deepStrictEqual(
      ["always_off", "parentbased_always_off", "parentbased_traceidratio", "parentbased_always_on", "other"].map(samplerOf),
      ["always_off", "always_off", "traceidratio", "always_on", "always_on"]
    )
  })
})

describe("a collector that is away", () => {
  it.effect("costs what it misses, which is counted and said once, and said again when it is back", () =>
    Effect.gen(function* () {
      const said: Array<unknown> = []
      let answer = 1
      const done: Array<() => void> = []
      const watched = yield* watchExport({
        what: "spans",
        collector: { address: "http://127.0.0.1:4318", serviceName: "evenkeel" },
        queueMax: 3,
        say: (level, message, { lost, problem }) => said.push([level, message, problem ?? lost])
      })
      const exporter = watched.exporter<string>({
        export: (_items, answered) => void done.push(() => answered(answer === 0 ? { code: 0 } : { code: 1, error: new Error("away") })),
        shutdown: () => Promise.resolve()
      })
      const place = () => watched.takePlace()
      assert.deepStrictEqual([place(), place(), place(), place(), place()], [true, true, true, false, false])
      exporter.export(["a", "b", "c"], () => {})
      assert.isTrue(place(), "what is on its way waits no longer")
      done.shift()!()
      answer = 0
      exporter.export(["d"], () => {})
      done.shift()!()
      assert.deepStrictEqual(said, [
        ["WARN", "spans are lost: the collector does not take them", "more come than it takes"],
        ["INFO", "the collector takes spans again", 5]
      ])
      const { count } = yield* Metric.value(Metric.withAttributes(Metrics.telemetryLost, { what: "spans" }))
      assert.strictEqual(count, 5)
    })
  )
})
