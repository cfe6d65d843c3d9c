/** One trace, from a frame received to the webhook's answer, as an OTLP receiver gets it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serve, startProgram, until } from "./support/Program.ts"

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

const path = [
  "Connector.frame",
  "HotPath.process",
  "LevelRecorder.record",
  "EventStore.append",
  "AlertManager.record",
  "Dispatcher.deliver",
  "HttpReceiver.send"
]

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
        const collector = yield* serve((_request, body) => {
          const payload = JSON.parse(body.toString()) as { resourceSpans: Array<{ scopeSpans: Array<{ spans: Array<Span> }> }> }
          for (const { scopeSpans } of payload.resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
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
          OTEL_BSP_SCHEDULE_DELAY: "300"
        })
        const traces = () => [...Map.groupBy(spans, ({ traceId }) => traceId).values()]
        const traceOf = () => traces().find((trace) => path.every((name) => trace.some((span) => span.name === name)))
        yield* until("an alert is delivered", () => delivered > 0, 60, program)
        yield* until("the whole trace has arrived", () => traceOf() !== undefined, 20, program)
        // A frame that was sampled at its socket has its hot path in the same trace as well.
        const sampled = traces().filter((trace) => trace.length === 2)
        assert.isTrue(
          sampled.some(
            (trace) =>
              trace
                .map(({ name }) => name)
                .sort()
                .join() === "Connector.frame,HotPath.process"
          )
        )

        const trace = traceOf()!
        const byId = new Map(trace.map((span) => [span.spanId, span]))
        const roots = trace.filter(({ parentSpanId }) => parentSpanId === undefined || parentSpanId === "")
        assert.deepStrictEqual(
          roots.map(({ name }) => name),
          ["Connector.frame"]
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
          ancestors(named("HttpReceiver.send")).filter((name) => path.includes(name)),
          ["Dispatcher.deliver", "AlertManager.record", "LevelRecorder.record", "HotPath.process", "Connector.frame"]
        )
        assert.include(ancestors(named("EventStore.append")), "LevelRecorder.record")
        assert.isTrue(BigInt(named("Connector.frame").startTimeUnixNano) <= BigInt(named("HttpReceiver.send").endTimeUnixNano))
        assert.include(propagated ?? "", trace[0]!.traceId, "the webhook's receiver can go on with the trace")
        program.process.kill("SIGTERM")
        assert.strictEqual(yield* program.exit, 0)
      }),
    120_000
  )
})
