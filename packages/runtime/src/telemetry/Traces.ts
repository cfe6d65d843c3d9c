/**
 * Traces to whatever the standard `OTEL_*` variables name: an engine without a collector makes none that leave it, and loads nothing for it.
 *
 * Spans of an alert's way are always kept (`Spans.alertWay`). Of the others a trace's first span asks the sampler of `OTEL_TRACES_SAMPLER`, and those below it
 * follow. Frames are sampled before that, one in `hotPath.traceEvery`.
 */
import type { Sampler } from "@opentelemetry/sdk-trace-base"
import { Config, Context, Effect, Layer, Tracer } from "effect"
import { Logs } from "../log/Logs.ts"
import { collectorOf, numberFrom, resourceOf, type ServiceInstance, watchExport } from "./Collector.ts"
import { Kept } from "./Spans.ts"

/** The SDK's own bound. */
const queueMaxDefault = 2048
/** The collector is given so long at the end. */
const endsWithin = "3 seconds"

/** What `OTEL_TRACES_SAMPLER` says of a trace's first span (OpenTelemetry specification, configuration/sdk-environment-variables.md). */
export const samplerOf = (name: string): "always_on" | "always_off" | "traceidratio" => {
  const root = name.replace(/^parentbased_/, "")
  return root === "always_off" || root === "traceidratio" ? root : "always_on"
}

/** All that is kept, and of the rest what `otherwise` says. `tracer` marks a span as kept for as long as it is begun. */
export const keeping = <S extends Pick<Sampler, "shouldSample">>(kept: ReturnType<S["shouldSample"]>, otherwise: S) => {
  let isKept = false
  const sampler = {
    shouldSample: (...span: Parameters<Sampler["shouldSample"]>) => (isKept ? kept : otherwise.shouldSample(...span)),
    toString: () => "AlertWay"
  }
  const tracerOf = (inner: Tracer.Tracer): Tracer.Tracer =>
    Tracer.make({
      ...inner,
      span: (options) => {
        // A tracer asks the sampler before it returns.
        isKept = Context.get(options.annotations, Kept)
        const span = inner.span(options)
        isKept = false
        return span
      }
    })
  return { sampler, tracerOf }
}

/** Exporter, sampler, resource and batching follow the OpenTelemetry environment variables. */
export const layerTraces = (service: ServiceInstance) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const collector = yield* collectorOf("TRACES")
      if (collector === undefined) return Layer.empty
      const { say } = yield* Logs
      // Hundreds of modules, which most programs do without.
      const [NodeSdk, OtelTracer, Resource, { OTLPTraceExporter }, sdk] = yield* Effect.promise(() =>
        Promise.all([
          import("@effect/opentelemetry/NodeSdk"),
          import("@effect/opentelemetry/OtelTracer"),
          import("@effect/opentelemetry/Resource"),
          import("@opentelemetry/exporter-trace-otlp-http"),
          import("@opentelemetry/sdk-trace-base")
        ])
      )
      const queueMax = yield* numberFrom("OTEL_BSP_MAX_QUEUE_SIZE", queueMaxDefault)
      const watched = yield* watchExport({ what: "spans", collector, queueMax, say })
      const batches = new sdk.BatchSpanProcessor(watched.exporter(new OTLPTraceExporter()), { maxQueueSize: queueMax })
      const processor = {
        onStart: batches.onStart.bind(batches),
        onEnd: (span: Parameters<typeof batches.onEnd>[0]) => {
          if ((span.spanContext().traceFlags & 1) === 1 && watched.takePlace()) batches.onEnd(span)
        },
        forceFlush: () => batches.forceFlush(),
        shutdown: () => batches.shutdown()
      }
      const ratio = Number(yield* Config.String("OTEL_TRACES_SAMPLER_ARG").pipe(Config.withDefault("1")))
      const root = {
        always_on: () => new sdk.AlwaysOnSampler(),
        always_off: () => new sdk.AlwaysOffSampler(),
        traceidratio: () => new sdk.TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1)
      }[samplerOf(yield* Config.String("OTEL_TRACES_SAMPLER").pipe(Config.withDefault("always_on")))]()
      const { sampler, tracerOf } = keeping({ decision: sdk.SamplingDecision.RECORD_AND_SAMPLED }, new sdk.ParentBasedSampler({ root }))
      return Layer.effect(Tracer.Tracer, Effect.map(OtelTracer.make, tracerOf)).pipe(
        Layer.provide(OtelTracer.layerTracer),
        Layer.provide(NodeSdk.layerTracerProvider(processor, { sampler, shutdownTimeout: endsWithin })),
        Layer.provide(Resource.layerFromEnv(Resource.configToAttributes(resourceOf(collector, service))))
      )
    })
  )
