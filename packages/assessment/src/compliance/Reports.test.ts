import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Clock, Effect, FileSystem, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"
import { Report, ReportJson } from "./Report.ts"
import { reportHtml } from "./ReportHtml.ts"
import { Reports } from "./Reports.ts"

const layerLog = Layer.unwrap(
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()),
    (directory) => EventStore.layerSealed(`${directory}/audit.key`)
  )
).pipe(Layer.provideMerge(layerMemoryDatabase), Layer.provideMerge(NodeServices.layer))
const layer = Reports.layer({ publicKey: undefined }).pipe(Layer.provideMerge(layerLog))

const at = (day: number, hour = 0, month = 10) => Date.UTC(2026, month, day, hour)

/** One fact, written at a time. */
const say = (time: number, stream: string, kind: string, payload: Schema.Json) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const then: Clock.Clock = {
      sleep: (duration) => clock.sleep(duration),
      currentTimeMillisUnsafe: () => time,
      currentTimeMillis: Effect.succeed(time),
      currentTimeNanosUnsafe: () => BigInt(time) * 1_000_000n,
      currentTimeNanos: Effect.succeed(BigInt(time) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos
    }
    const append = (yield* EventStore).append(stream, "any", [{ kind, payload }])
    return (yield* append.pipe(Effect.provideService(Clock.Clock, then))).position
  })

const change = (coin: string, level: string, previous: string, time: number, fairValue = 1) => ({
  time,
  coin,
  level,
  previous,
  kind: level === "stale" ? "stale" : "break",
  fairValue,
  errorBps: 1,
  deviationBps: (fairValue - 1) * 1e4,
  venues: { agree: [], differ: [], own: [] },
  evidence: {
    baselineBps: null,
    beyond: null,
    fast: null,
    flow: null,
    carrier: null,
    grounded: true,
    share: null,
    model: null,
    drivers: []
  }
})

const alert = (level: string, openedPosition: number, over: object = {}) => ({
  alert: {
    fingerprint: "f1",
    status: "firing",
    labels: { alertname: "Depeg", coin: "USDC" },
    level,
    startsAt: at(3),
    endsAt: null,
    ...over
  },
  openedPosition,
  position: openedPosition
})

const hostile = '<script>alert("x")</script>'

/** What happened in November, and what stood from October. */
const november = Effect.gen(function* () {
  yield* say(at(30, 0, 9), "engine/live", "EngineStarted", { engine: "first", configuration: "a" })
  yield* say(at(30, 1, 9), "coin/DAI", "LevelChanged", change("DAI", "stale", "normal", at(30, 1, 9)))
  yield* say(at(30, 2, 9), "model/registry", "ModelPromoted", { version: 7, former: null })
  yield* say(at(2), "coin/DAI", "LevelChanged", change("DAI", "normal", "stale", at(2)))
  const opened = yield* say(at(3), "coin/USDC", "LevelChanged", change("USDC", "warning", "normal", at(3), 0.98))
  yield* say(at(3), "alert/f1", "AlertOpened", alert("warning", opened))
  yield* say(at(3), "notified/g", "Notified", {
    idempotencyKey: "k",
    groupKey: "g",
    why: "firing",
    receivers: ["desk", "pager"],
    alerts: [{ fingerprint: "f1", status: "firing", position: opened }],
    digest: ""
  })
  yield* say(at(3, 1), "acknowledgement/f1", "AlertAcknowledged", {
    fingerprint: "f1",
    openedPosition: opened,
    level: "warning",
    by: "ann",
    comment: hostile,
    at: at(3, 1)
  })
  yield* say(at(4), "alert/f1", "AlertResolved", alert("warning", opened, { status: "resolved", endsAt: at(4) }))
  yield* say(at(5), "engine/live", "EngineStopMissing", { engine: "second", before: "first", startedAt: at(30, 0, 9) })
  yield* say(at(5), "engine/live", "ConfigurationChanged", {
    engine: "second",
    from: "a",
    to: "b",
    changes: [{ setting: "coins", from: "[]", to: '["USDC"]' }]
  })
  yield* say(at(5), "engine/live", "EngineStarted", { engine: "second", configuration: "b" })
  yield* say(at(6), "silence/s", "SilenceSet", {
    id: "s",
    matchers: ['coin="USDC"'],
    startsAt: at(6),
    endsAt: at(7),
    createdBy: "bob",
    comment: "known"
  })
  yield* say(at(8), "model/registry", "ModelPromoted", { version: 8, former: 7, by: "carl" })
  yield* say(at(9), "rule/r", "RuleFired", { whatever: true })
  yield* say(at(9), "engine/live", "EngineStopped", { engine: "second", seconds: 1 })
})

const reportOf = (month: string) => Effect.flatMap(Reports, (reports) => reports.of(month))
const bytesOf = (report: Report) => Effect.map(Schema.encodeEffect(ReportJson)(report), (json) => `${json}${reportHtml(report)}`)

describe("a month's report", () => {
  it.live("tells alerts with who was told and who acknowledged, actions, runs, gaps, settings and models", () =>
    Effect.gen(function* () {
      yield* november
      const report = yield* reportOf("2026-11")
      assert.deepStrictEqual(report.alerts, [
        {
          fingerprint: "f1",
          labels: { alertname: "Depeg", coin: "USDC" },
          simulated: false,
          startsAt: at(3),
          endsAt: at(4),
          closedReason: null,
          levels: [{ at: at(3), level: "warning" }],
          notified: [{ at: at(3), why: "firing", receivers: ["desk", "pager"] }],
          acknowledged: [{ at: at(3, 1), by: "ann", comment: hostile, afterSeconds: 3600 }]
        }
      ])
      assert.deepStrictEqual(
        report.actions.map(({ what, who, why }) => [what.split(" ")[0], who, why]),
        [
          ["acknowledged", "ann", hostile],
          ["silenced", "bob", "known"],
          ["promoted", "carl", ""]
        ]
      )
      assert.deepStrictEqual(
        report.runs.map(({ end, run, startedAt, stoppedAt }) => [run, startedAt, stoppedAt, end]),
        [["second", at(5), at(9), "stopped"]],
        "one that was killed before the month is not of it"
      )
      assert.deepStrictEqual(report.stale, [{ coin: "DAI", simulated: false, from: at(30, 1, 9), until: at(2) }])
      assert.deepStrictEqual(report.levels, [
        { coin: "DAI", simulated: false, changes: { normal: 1 }, lowestValue: 1, lowestAt: at(2) },
        { coin: "USDC", simulated: false, changes: { warning: 1 }, lowestValue: 0.98, lowestAt: at(3) }
      ])
      assert.deepStrictEqual(
        report.settings.map(({ changes, what }) => [what, changes]),
        [["changed", [{ setting: "coins", from: "[]", to: '["USDC"]' }]]]
      )
      assert.strictEqual(report.championBefore, 7)
      assert.deepInclude(report.counts, { family: "rule", kind: "RuleFired", facts: 1 })
      assert.strictEqual(report.unreadable, 0)
      assert.isTrue(report.audit.holds)
      const before = yield* reportOf("2026-10")
      assert.deepStrictEqual(
        before.runs.map(({ end, run }) => [run, end]),
        [["first", "running"]]
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("counts the time to an acknowledgement from an alert's opening, also from one of the month before", () =>
    Effect.gen(function* () {
      const began = at(30, 20, 9)
      const opened = yield* say(began, "alert/f1", "AlertOpened", alert("warning", 1, { startsAt: began - 5000 }))
      assert.isAbove(opened, 0)
      yield* say(at(31, 0, 9), "alert/f1", "AlertChanged", alert("critical", 1, { startsAt: began - 5000 }))
      // Retention has removed the opening of this one.
      yield* say(at(31, 0, 9), "alert/f2", "AlertChanged", alert("critical", 2, { fingerprint: "f2", startsAt: at(31, 0, 9) - 60_000 }))
      for (const [fingerprint, openedPosition] of [
        ["f1", 1],
        ["f2", 2]
      ] as const)
        yield* say(at(1), `acknowledgement/${fingerprint}`, "AlertAcknowledged", {
          fingerprint,
          openedPosition,
          level: "critical",
          by: "ann",
          comment: "",
          at: at(1)
        })
      const { alerts } = yield* reportOf("2026-11")
      assert.deepStrictEqual(
        alerts.map(({ acknowledged, fingerprint, levels }) => [
          fingerprint,
          acknowledged[0]?.afterSeconds,
          levels.map(({ level }) => level)
        ]),
        [
          ["f1", (at(1) - began) / 1000, ["warning", "critical"]],
          ["f2", (at(1) - at(31, 0, 9)) / 1000 + 60, ["critical"]]
        ]
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("marks each row of a made-up market, and keeps its levels from the real coin's", () =>
    Effect.gen(function* () {
      yield* say(at(2), "coin/USDC", "LevelChanged", change("USDC", "watch", "normal", at(2), 0.999))
      yield* say(at(2), "coin/simulated/USDC", "LevelChanged", { ...change("USDC", "critical", "normal", at(2), 0.9), simulated: true })
      yield* say(at(2), "alert/f1", "AlertOpened", alert("critical", 1, { simulated: true }))
      yield* say(at(2), "engine/demo", "EngineStarted", { engine: "third", simulated: true })
      const report = yield* reportOf("2026-11")
      assert.deepStrictEqual(
        report.levels.map(({ coin, lowestValue, simulated }) => [coin, simulated, lowestValue]),
        [
          ["USDC", false, 0.999],
          ["USDC", true, 0.9]
        ]
      )
      assert.isTrue(report.alerts[0]?.simulated)
      const html = reportHtml(report)
      for (const row of ["simulated: USDC", "simulated: Depeg USDC", "simulated: demo"]) assert.include(html, `<td>${row}`)
      assert.include(html, "<td>USDC</td>")
    }).pipe(Effect.provide(layer))
  )

  it.live("is the same bytes each time, also once the log has grown, and shows nothing of the outside as markup", () =>
    Effect.gen(function* () {
      yield* november
      const bytes = yield* Effect.flatMap(reportOf("2026-11"), bytesOf)
      assert.strictEqual(yield* Effect.flatMap(reportOf("2026-11"), bytesOf), bytes)
      yield* say(at(1, 0, 11), "coin/DAI", "LevelChanged", change("DAI", "stale", "normal", at(1, 0, 11)))
      assert.strictEqual(yield* Effect.flatMap(reportOf("2026-11"), bytesOf), bytes)
      const report = yield* reportOf("2026-11")
      const through = yield* Schema.decodeEffect(ReportJson)(yield* Schema.encodeEffect(ReportJson)(report))
      assert.strictEqual(yield* bytesOf(through), bytes, "whoever gets it from the API has the same")
      const html = reportHtml(report)
      assert.include(html, "&lt;script&gt;")
      assert.notInclude(html, "<script")
      yield* say(at(29), "coin/DAI", "LevelChanged", change("DAI", "normal", "stale", at(29)))
      assert.notStrictEqual(yield* Effect.flatMap(reportOf("2026-11"), bytesOf), bytes, "a fact of the month makes another")
    }).pipe(Effect.provide(layer))
  )

  it.live("says that facts were altered, removed, or cannot be understood", () =>
    Effect.gen(function* () {
      yield* november
      const sql = yield* SqlClient.SqlClient
      yield* say(at(10), "coin/USDC", "LevelChanged", { nonsense: true })
      assert.strictEqual((yield* reportOf("2026-11")).unreadable, 1)
      const [row] = yield* sql<{ hash: string }>`select hash from event where family = 'engine' and chain_index = 3`
      yield* sql`insert into event_anchor (family, chain_index, hash) values ('engine', 3, ${row!.hash})`
      yield* sql`delete from event where family = 'engine' and chain_index <= 3`
      const cut = yield* reportOf("2026-11")
      assert.deepStrictEqual(cut.removed, [{ family: "engine", facts: 3, keptSince: at(5) }])
      assert.include(reportHtml(cut), "retention has removed the first 3 facts")
      yield* sql`update event set payload = replace(payload, 'ann', 'eve') where kind = 'AlertAcknowledged'`
      const altered = yield* reportOf("2026-11")
      assert.isFalse(altered.audit.holds)
      assert.include(altered.audit.problem, "acknowledgement")
    }).pipe(Effect.provide(layer))
  )

  it.live("Reports.layerTest knows one report", () =>
    Effect.gen(function* () {
      const report = yield* reportOf("2026-11").pipe(Effect.provide(layer))
      assert.strictEqual(yield* reportOf("2026-11").pipe(Effect.provide(Reports.layerTest(report))), report)
    })
  )
})
