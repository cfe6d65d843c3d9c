/**
 * Logs for people or machines, and traces to whatever the standard `OTEL_*` variables name.
 *
 * Traces leave the process only when `OTEL_EXPORTER_OTLP_ENDPOINT` (or its traces variant) is set: an engine that nobody
 * watches pays nothing. Metrics are pulled, from `/metrics`.
 */
import { Config, Effect, Layer, Logger, Option, References } from "effect"

/** `pretty` on a terminal, one JSON object a line elsewhere; both on standard error, so that output stays clean. */
export const layerLogs = (options: { readonly pretty: boolean; readonly level: "Debug" | "Info" | "Warn" | "Error" }) =>
  Layer.mergeAll(
    Logger.layer([options.pretty ? Logger.withConsoleError(Logger.formatLogFmt) : Logger.withConsoleError(Logger.formatJson)]),
    Layer.succeed(References.MinimumLogLevel, options.level)
  )

/** Exporter, sampler, resource and batching all follow the OpenTelemetry environment variables. */
export const layerTraces = Layer.unwrap(
  Effect.gen(function* () {
    const endpoint = yield* Config.String("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").pipe(
      Config.orElse(() => Config.String("OTEL_EXPORTER_OTLP_ENDPOINT")),
      Config.option
    )
    if (Option.isNone(endpoint)) return Layer.empty
    const serviceName = yield* Config.String("OTEL_SERVICE_NAME").pipe(Config.withDefault("evenkeel"))
    // Hundreds of modules, which most programs do without.
    const [NodeSdk, { OTLPTraceExporter }, { BatchSpanProcessor }] = yield* Effect.promise(() =>
      Promise.all([
        import("@effect/opentelemetry/NodeSdk"),
        import("@opentelemetry/exporter-trace-otlp-http"),
        import("@opentelemetry/sdk-trace-base")
      ])
    )
    return NodeSdk.layer(() => ({
      resource: { serviceName },
      spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter()),
      shutdownTimeout: "3 seconds"
    }))
  })
)
