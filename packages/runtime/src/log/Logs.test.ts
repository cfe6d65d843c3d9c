import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, FileSystem, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { memoryTarget } from "../../test/support/MemoryTarget.ts"
import { alertLine } from "./LogRecord.ts"
import { layerLogs, Logs, type LogsOptions } from "./Logs.ts"

/** What these effects log. */
const linesOf = <A, E>(logged: Effect.Effect<A, E, Logs>, options: Partial<LogsOptions> = {}) =>
  Effect.gen(function* () {
    const target = memoryTarget()
    yield* logged.pipe(Effect.provide(layerLogs({ format: "json", level: "Info", levels: {}, target, ...options })))
    return target.lines()
  })

describe("a log line", () => {
  it.effect("has its keys in JSON, and no others", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_764_339_745_744)
      const [line, bare] = yield* linesOf(
        Effect.logWarning("level changed", { ...alertLine, coin: "USDC", deviationBps: -12.5 }, "again").pipe(
          Effect.annotateLogs({ component: "level-recorder" }),
          Effect.withSpan("a span"),
          Effect.andThen(Effect.logInfo("bare"))
        )
      )
      const { span_id, trace_id, ...rest } = JSON.parse(line!) as Record<string, unknown>
      assert.match(String(trace_id), /^[0-9a-f]{32}$/)
      assert.match(String(span_id), /^[0-9a-f]{16}$/)
      assert.deepStrictEqual(rest, {
        timestamp: "2025-11-28T14:22:25.744Z",
        level: "WARN",
        message: "level changed again",
        component: "level-recorder",
        kind: "alert",
        trace_flags: "01",
        fields: { coin: "USDC", deviationBps: -12.5 }
      })
      assert.strictEqual(bare, '{"timestamp":"2025-11-28T14:22:25.744Z","level":"INFO","message":"bare","component":"engine"}')
    })
  )

  it.effect("carries the ids of its span for people too", () =>
    Effect.gen(function* () {
      const ids: Array<string> = []
      const logged = Effect.currentSpan.pipe(
        Effect.tap(({ spanId, traceId }) => Effect.sync(() => ids.push(`trace_id=${traceId}`, `span_id=${spanId}`))),
        Effect.andThen(Effect.logInfo("hello", { text: "two words" })),
        Effect.withSpan("a span")
      )
      const [line] = yield* linesOf(logged, { format: "pretty" })
      assert.match(line!, /^1970-01-01T00:00:00.000Z INFO hello text="two words" component=engine trace_id=/)
      for (const id of ids) assert.include(line, id)
    })
  )

  it.effect("shows no secret, however deep it lies, and has a bound", () =>
    Effect.gen(function* () {
      const secret = Redacted.make("hunter2")
      const circle: Record<string, unknown> = { secret }
      circle["circle"] = circle
      const logged = Effect.logError("a call failed", { circle, list: [secret], big: 12n, long: "x".repeat(100_000) }, secret)
      for (const format of ["json", "pretty"] as const) {
        const [line] = yield* linesOf(logged, { format })
        assert.notInclude(line, "hunter2")
        assert.include(line, "<redacted>")
        assert.isBelow(line!.length, 20_000)
      }
    })
  )

  it.effect("names an exception as OpenTelemetry does", () =>
    Effect.gen(function* () {
      const [line] = yield* linesOf(Effect.logError("component restarts", Cause.fail(new TypeError("no such book"))))
      const { fields, message } = JSON.parse(line!) as { message: string; fields: Record<string, string> }
      assert.strictEqual(message, "component restarts")
      assert.strictEqual(fields["exception.type"], "TypeError")
      assert.strictEqual(fields["exception.message"], "no such book")
      assert.include(fields["exception.stacktrace"], "no such book")
    })
  )
})

describe("logs", () => {
  it.effect("change their levels while they run", () =>
    Effect.gen(function* () {
      const debug = Effect.logDebug("in detail").pipe(Effect.annotateLogs({ component: "kraken#0" }))
      const lines = yield* linesOf(
        Effect.gen(function* () {
          const logs = yield* Logs
          yield* debug
          logs.setLevels({ level: "Error", levels: { kraken: "Debug" } })
          yield* debug
          yield* Effect.logWarning("not an error")
        })
      )
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "in detail")
    })
  )

  it.effect("go to their file, errors to standard error as well, and lines about alerts to a file of their own besides", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const logged = Effect.logInfo("level changed", alertLine).pipe(
        Effect.andThen(Effect.logInfo("a pair was listed")),
        Effect.andThen(Effect.logError("a component gave up"))
      )
      const shown = yield* linesOf(logged, {
        file: { file: `${directory}/evenkeel.log`, format: "json" },
        kindFiles: { alert: `${directory}/alerts.log` }
      })
      const linesIn = (name: string) => Effect.map(files.readFileString(`${directory}/${name}`), (text) => text.trim().split("\n"))
      assert.lengthOf(shown, 1)
      assert.include(shown[0], "a component gave up")
      assert.lengthOf(yield* linesIn("evenkeel.log"), 3)
      const alerts = yield* linesIn("alerts.log")
      assert.lengthOf(alerts, 1)
      assert.include(alerts[0], "level changed")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
