/**
 * What traces and logs have in common when they go to a collector: who is named as it, who they are from, and what happens while it is away.
 *
 * A collector that is away costs nothing but what it misses: a bounded queue, and behind it what comes is lost, counted, and said once for each time that it is
 * away.
 */
import { Config, Effect, Metric, Option } from "effect"
import type { Say } from "../log/LogRecord.ts"
import { shownAddress } from "./HiddenAddress.ts"
import { Metrics } from "./Metrics.ts"

export interface Collector {
  /** As it may be shown. */
  readonly address: string
  readonly serviceName: string
}

/** This run of the program, as `service.*` says it (semantic conventions 1.45.0, resource/service.md). */
export interface ServiceInstance {
  readonly version: string
  readonly id: string
}

/** Where the standard variables send a signal; undefined where nowhere. */
export const collectorOf = Effect.fnUntraced(function* (signal: "TRACES" | "LOGS") {
  const endpoint = yield* Config.String(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`).pipe(
    Config.orElse(() => Config.String("OTEL_EXPORTER_OTLP_ENDPOINT")),
    Config.option
  )
  const exporter = yield* Config.String(`OTEL_${signal}_EXPORTER`).pipe(Config.withDefault("otlp"))
  const disabled = yield* Config.String("OTEL_SDK_DISABLED").pipe(Config.withDefault("false"))
  if (Option.isNone(endpoint) || exporter !== "otlp" || disabled.toLowerCase() === "true") return undefined
  const serviceName = yield* Config.String("OTEL_SERVICE_NAME").pipe(Config.withDefault("evenkeel"))
  return { address: shownAddress(endpoint.value), serviceName } satisfies Collector
})

/** As the SDK's resource takes it. */
export const resourceOf = ({ serviceName }: Collector, { id, version }: ServiceInstance) => ({
  serviceName,
  serviceVersion: version,
  attributes: { "service.instance.id": id }
})

/** A whole number above 0 from a variable. */
export const numberFrom = (variable: string, otherwise: number) =>
  Config.String(variable).pipe(
    Config.withDefault(""),
    Effect.map((text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : otherwise))
  )

/** What the SDK says of an export: code 0 where it was taken. */
interface ExportResult {
  readonly code: number
  readonly error?: Error
}

interface Exporter<Item> {
  readonly export: (items: Array<Item>, done: (result: ExportResult) => void) => void
  readonly shutdown: () => Promise<void>
  readonly forceFlush?: () => Promise<void>
}

export interface ExportOptions {
  readonly what: "spans" | "log lines"
  readonly collector: Collector
  /** What waits at most. */
  readonly queueMax: number
  readonly say: Say
}

/** Counts what waits and what is lost; says when the collector takes nothing, and when it takes everything again. */
export const watchExport = Effect.fnUntraced(function* ({ collector, queueMax, say, what }: ExportOptions) {
  const context = yield* Effect.context<never>()
  const metric = Metric.withAttributes(Metrics.telemetryLost, { what })
  let waiting = 0
  let lost = 0

  const lose = (count: number, problem: string) => {
    if (lost === 0) say("WARN", `${what} are lost: the collector does not take them`, { collector: collector.address, problem })
    lost += count
    metric.updateUnsafe(count, context)
  }
  const taken = () => {
    if (lost > 0) say("INFO", `the collector takes ${what} again`, { collector: collector.address, lost })
    lost = 0
  }
  return {
    /** Takes a place for one; false where there is none, and the one is lost. */
    takePlace: (): boolean => {
      if (waiting < queueMax) return waiting++ < queueMax
      lose(1, "more come than it takes")
      return false
    },
    exporter: <Item>(inner: Exporter<Item>) => ({
      export: (items: Array<Item>, done: (result: ExportResult) => void) => {
        waiting -= items.length
        inner.export(items, (result) => {
          if (result.code === 0) taken()
          else lose(items.length, result.error?.message ?? "it was refused")
          done(result)
        })
      },
      shutdown: () => inner.shutdown(),
      forceFlush: () => inner.forceFlush?.() ?? Promise.resolve()
    })
  }
})
