/**
 * Logs for people or machines, and traces to whatever the standard `OTEL_*` variables name.
 *
 * Traces leave the process only when `OTEL_EXPORTER_OTLP_ENDPOINT` (or its traces variant) is set: an engine that nobody
 * watches pays nothing. Metrics are pulled, from `/metrics`.
 */
import { Config, Effect, Layer, Logger, Option, References } from "effect"
import { plainText } from "./PlainText.ts"

const isFields = (part: unknown): part is Record<string, unknown> => typeof part === "object" && part !== null && !Array.isArray(part)
const valueText = (value: unknown): string => (typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value))

/** `2026-11-28T14:22:25.744Z WARN a pair was listed symbol=USDC/USD component=discovery` */
const formatLine = Logger.map(Logger.formatStructured, ({ annotations, cause, level, message, timestamp }) => {
  const parts = Array.isArray(message) ? message : [message]
  const fields = Object.assign({}, ...parts.filter(isFields), annotations, cause === undefined ? {} : { cause }) as Record<string, unknown>
  const words = parts.filter((part) => !isFields(part)).map((part) => (typeof part === "string" ? plainText(part) : JSON.stringify(part)))
  return [timestamp, level, ...words, ...Object.entries(fields).map(([key, value]) => `${key}=${valueText(value)}`)].join(" ")
})

/** `pretty` on a terminal, one JSON object a line elsewhere; both on standard error, so that output stays clean. */
export const layerLogs = (options: { readonly pretty: boolean; readonly level: "Debug" | "Info" | "Warn" | "Error" }) =>
  Layer.mergeAll(
    Logger.layer([options.pretty ? Logger.withConsoleError(formatLine) : Logger.withConsoleError(Logger.formatJson)]),
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
