/**
 * Sends log lines to a collector as well, by OpenTelemetry's protocol, where the standard variables name one.
 *
 * The official SDK does it, as it does for spans: it reads the same `OTEL_*` variables, and its queue has a bound (`OTEL_BLRP_MAX_QUEUE_SIZE`). Effect's own
 * exporter has no bound while a collector hangs, and sends a line's fields as a part of its text.
 */
import { Context, Effect, Layer } from "effect"
import { collectorOf, numberFrom, resourceOf, type ServiceInstance, watchExport } from "../telemetry/Collector.ts"
import { attributes } from "../telemetry/Spans.ts"
import { type LogRecord, type Say, severities } from "./LogRecord.ts"

/** The collector is given so long at the end. */
const endsWithin = "3 seconds"

/** Undefined where no collector is named. */
export const makeLogExport = Effect.fnUntraced(function* (say: Say, service: ServiceInstance) {
  const collector = yield* collectorOf("LOGS")
  if (collector === undefined) return undefined
  // Hundreds of modules, which most programs do without.
  const [{ ROOT_CONTEXT, trace, TraceFlags }, { OTLPLogExporter }, { BatchLogRecordProcessor, LoggerProvider }, Resource] =
    yield* Effect.promise(() =>
      Promise.all([
        import("@opentelemetry/api"),
        import("@opentelemetry/exporter-logs-otlp-http"),
        import("@opentelemetry/sdk-logs"),
        import("@effect/opentelemetry/Resource")
      ])
    )
  const maxQueueSize = yield* numberFrom("OTEL_BLRP_MAX_QUEUE_SIZE", 2048)
  const scheduledDelayMillis = yield* numberFrom("OTEL_BLRP_SCHEDULE_DELAY", 1000)
  const watched = yield* watchExport({ what: "log lines", collector, queueMax: maxQueueSize, say })
  const resource = Context.get(
    yield* Layer.build(Resource.layerFromEnv(Resource.configToAttributes(resourceOf(collector, service)))),
    Resource.Resource
  )
  const provider = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new LoggerProvider({
          resource,
          processors: [
            new BatchLogRecordProcessor({ exporter: watched.exporter(new OTLPLogExporter()), maxQueueSize, scheduledDelayMillis })
          ]
        })
    ),
    (opened) => Effect.promise(() => opened.shutdown().catch(() => {})).pipe(Effect.interruptible, Effect.timeoutOption(endsWithin))
  )
  const logger = provider.getLogger("evenkeel")
  return ({ component, fields, kind, level, message, time, trace: span }: LogRecord): void => {
    if (!watched.takePlace()) return
    logger.emit({
      timestamp: time,
      severityText: level,
      severityNumber: severities[level],
      body: message,
      attributes: {
        ...(fields as Record<string, string>),
        [attributes.component]: component,
        ...(kind === undefined ? {} : { [attributes.kind]: kind })
      },
      ...(span === undefined
        ? {}
        : {
            context: trace.setSpanContext(ROOT_CONTEXT, {
              traceId: span.traceId,
              spanId: span.spanId,
              traceFlags: span.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
            })
          })
    })
  }
})
