/** One trace, from a frame received to the webhook's answer, and its log lines, as an OTLP receiver gets them. */
import { assert, describe, it } from "@effect/vitest"
import { type SpanKey, spanName } from "@evenkeel/runtime/telemetry/Spans"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serve, startProgram, until } from "./support/Program.ts"

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string }
}

interface Span {
  readonly kind: number
  readonly attributes: ReadonlyArray<Attribute>
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

interface LogLine {
  readonly body: { readonly stringValue: string }
  readonly severityText: string
  readonly traceId?: string
  readonly attributes: ReadonlyArray<Attribute>
}

/** What a collector is sent. */
interface Sent {
  readonly resourceSpans?: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
  }>
  readonly resourceLogs?: ReadonlyArray<{ readonly scopeLogs: ReadonlyArray<{ readonly logRecords: ReadonlyArray<LogLine> }> }>
}

/** In OTLP, by number: internal, server, client, producer, consumer. */
const [client, producer, consumer] = [3, 4, 5]

const steps: ReadonlyArray<SpanKey> = [
  "frameSent",
  "frameProcessed",
  "levelRecorded",
  "factAppended",
  "alertDecided",
  "notificationSent",
  "notificationDelivered"
]
const path = [...steps.map(spanName), "HttpReceiver.send", "POST"]

const attribute = ({ attributes }: Pick<Span, "attributes">, name: string) => attributes.find(({ key }) => key === name)?.value.stringValue

describe("a level change", () => {
  it.live(
    "is one trace from the venue's frame through the hot path's thread to the webhook's answer",
    () =>
      Effect.gen(function* () {
        const data = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
          (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
        )
        const spans: Array<Span> = []
        let delivered = 0
        let propagated: string | undefined
        const lines: Array<LogLine> = []
        let resource: ReadonlyArray<Attribute> = []
        const collector = yield* serve((_request, body) => {
          const { resourceLogs = [], resourceSpans = [] } = JSON.parse(body.toString()) as Sent
          for (const each of resourceSpans) {
            resource = each.resource.attributes
            for (const scope of each.scopeSpans) spans.push(...scope.spans)
          }
          for (const { scopeLogs } of resourceLogs) for (const { logRecords } of scopeLogs) lines.push(...logRecords)
          return 200
        })
        const webhook = yield* serve((request) => {
          delivered++
          propagated ??= String(request.headers["traceparent"])
          return 204
        })
        const program = yield* startProgram(["demo", "--configured", "--scenario", "jump", "--speed", "1200"], {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_HOT_PATH_TRACE_EVERY: "20",
          EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
          EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "test", url: webhook.url, secret: "secret" }]),
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          EVENKEEL_LOG_LEVELS: JSON.stringify({ alerting: "Debug" }),
          OTEL_BSP_SCHEDULE_DELAY: "300",
          OTEL_BLRP_SCHEDULE_DELAY: "300",
          // Nothing is kept but what a level change does.
          OTEL_TRACES_SAMPLER: "parentbased_always_off"
        })
        const traces = () => [...Map.groupBy(spans, ({ traceId }) => traceId).values()]
        const traceOf = () => traces().find((trace) => path.every((name) => trace.some((span) => span.name === name)))
        yield* until("an alert is delivered", () => delivered > 0, 60, program)
        yield* until("the whole trace has arrived", () => traceOf() !== undefined, 20, program)
        const trace = traceOf()!
        const byId = new Map(trace.map((span) => [span.spanId, span]))
        const roots = trace.filter(({ parentSpanId }) => parentSpanId === undefined || parentSpanId === "")
        assert.deepStrictEqual(
          roots.map(({ name }) => name),
          [spanName("frameSent")]
        )
        for (const span of trace) {
          if (roots.includes(span)) continue
          assert.isTrue(byId.has(span.parentSpanId ?? ""), `${span.name} has its parent in the trace`)
        }
        const named = (name: string) => trace.find((span) => span.name === name)!
        const ancestors = (span: Span): ReadonlyArray<string> => {
          const parent = byId.get(span.parentSpanId ?? "")
          return parent === undefined ? [] : [parent.name, ...ancestors(parent)]
        }
        assert.deepStrictEqual(
          ancestors(named("POST")).filter((name) => path.includes(name)),
          path.filter((name) => name !== "POST" && name !== spanName("factAppended")).reverse()
        )
        assert.include(ancestors(named(spanName("factAppended"))), spanName("levelRecorded"))
        for (const [key, kind, type, code] of [
          ["frameSent", producer, "send", "FrameSink.offer"],
          ["frameProcessed", consumer, "process", "HotPath.process"],
          ["levelRecorded", consumer, "process", "LevelRecorder.record"],
          ["factAppended", producer, "send", "EventStore.append"],
          ["notificationDelivered", consumer, "process", "Dispatcher.deliver"]
        ] as const) {
          const span = named(spanName(key))
          assert.strictEqual(span.kind, kind, key)
          assert.strictEqual(attribute(span, "messaging.operation.type"), type)
          assert.strictEqual(attribute(span, "code.function.name"), code)
        }
        assert.strictEqual(named("POST").kind, client)
        assert.strictEqual(attribute(named("POST"), "server.address"), "127.0.0.1")
        assert.isTrue(trace.some((span) => attribute(span, "db.system.name") === "postgresql" && span.kind === client))
        for (const [name, value] of [
          ["service.name", /^evenkeel$/],
          ["service.version", /^\d+\.\d+/],
          ["service.instance.id", /^[0-9a-f-]{36}$/]
        ] as const)
          assert.match(attribute({ attributes: resource }, name) ?? "", value)
        const logged = () => lines.filter(({ traceId }) => traceId === trace[0]!.traceId)
        const words = () => logged().map(({ body }) => body.stringValue)
        yield* until("its log lines have arrived", () => words().includes("a notification is delivered"), 20, program)
        const changed = logged().find(({ body }) => body.stringValue === "level changed")!
        assert.strictEqual(attribute(changed, "evenkeel.kind"), "alert")
        assert.strictEqual(attribute(changed, "evenkeel.component"), "level-recorder")
        assert.strictEqual(changed.severityText, "INFO")
        // Polling the database is no alert's way.
        assert.isTrue(traces().every((each) => each.some(({ name }) => path.includes(name))))
        assert.isTrue(BigInt(named(spanName("frameSent")).startTimeUnixNano) <= BigInt(named("HttpReceiver.send").endTimeUnixNano))
        assert.include(propagated ?? "", trace[0]!.traceId, "the webhook's receiver can go on with the trace")
        program.process.kill("SIGTERM")
        assert.strictEqual(yield* program.exit, 0)
      }),
    120_000
  )
})
