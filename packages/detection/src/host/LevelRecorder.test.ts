import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Context, Effect, Exit, Fiber, Layer, Scope, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { LevelRecorder } from "./LevelRecorder.ts"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"
import { criticalBreak } from "../../../domain/test/support/CriticalBreak.ts"

const change = (time: number, over: Partial<LevelChange> = {}): LevelChange => ({ ...criticalBreak, time, ...over })
const span = Tracer.externalSpan({ traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false })

const store = EventStore.layer.pipe(
  Layer.provideMerge(layerMemoryDatabase),
  Layer.provideMerge(Layer.merge(layerRuntime, NodeServices.layer))
)
/** Times of the changes in the log. */
const recorded = Effect.gen(function* () {
  const events = yield* (yield* EventStore).read({ after: beginning, limit: 5000, families: ["coin"] })
  return events.map(({ payload }) => (JSON.parse(payload) as LevelChange).time)
})

describe("LevelRecorder", () => {
  it.live(
    "records what it was offered before it is closed, in order, and a change that it is offered again once",
    () =>
      Effect.gen(function* () {
        yield* Effect.gen(function* () {
          const recorder = yield* LevelRecorder
          for (let time = 0; time < 50; time++) assert.isTrue(recorder.offer({ change: change(time), span }))
          assert.isTrue(recorder.offer({ change: change(7), span }))
        }).pipe(Effect.provide(LevelRecorder.layer))
        assert.deepStrictEqual(
          yield* recorded,
          Array.from({ length: 50 }, (_, time) => time)
        )
      }).pipe(Effect.provide(store)),
    30_000
  )

  it.live(
    "says that a market is made up, which begins anew each time, and takes up no level of one",
    () =>
      Effect.gen(function* () {
        const standing = Effect.map(LevelRecorder, (recorder) => recorder.standing().map(({ coin, level }) => `${coin} ${level}`))
        const offer = (of: Partial<LevelChange>) => Effect.map(LevelRecorder, (recorder) => recorder.offer({ change: change(1, of), span }))
        yield* Effect.provide(offer({ coin: "USDC", level: "critical" }), Layer.fresh(LevelRecorder.layer))
        yield* Effect.provide(offer({ coin: "USDC", level: "watch", time: 2 }), Layer.fresh(LevelRecorder.layerSimulated))
        const events = yield* EventStore
        const facts = yield* events.read({ after: beginning, limit: 10, families: ["coin"] })
        assert.deepStrictEqual(
          facts.map(({ payload }) => (JSON.parse(payload) as LevelChange).simulated),
          [undefined, true]
        )
        assert.deepStrictEqual(yield* Effect.provide(standing, Layer.fresh(LevelRecorder.layer)), ["USDC critical"])
        assert.deepStrictEqual(yield* Effect.provide(standing, Layer.fresh(LevelRecorder.layerSimulated)), [])
        // What a run of the same made-up market has said is no change of the next run's.
        yield* Effect.provide(offer({ coin: "USDC", level: "watch", time: 2 }), Layer.fresh(LevelRecorder.layerSimulated))
        assert.deepStrictEqual(yield* recorded, [1, 2, 2])
        // Closing a made-up market's alerts says nothing of the real one's level.
        yield* events.append("operator/simulated/USDC", "any", [
          { kind: "AlertsClosed", payload: { coin: "USDC", reason: "another demo began", time: 3, simulatedOnly: true } }
        ])
        assert.deepStrictEqual(yield* Effect.provide(standing, Layer.fresh(LevelRecorder.layer)), ["USDC critical"])
      }).pipe(Effect.provide(store)),
    30_000
  )

  it.live(
    "knows the level that each coin stands at, but for one whose alerts were closed by hand since",
    () =>
      Effect.gen(function* () {
        const events = yield* EventStore
        const standing = Effect.map(LevelRecorder, (recorder) => recorder.standing().map(({ coin, level }) => `${coin} ${level}`)).pipe(
          Effect.provide(Layer.fresh(LevelRecorder.layer))
        )
        for (const coin of ["DAI", "USDC"])
          yield* events.append(`coin/${coin}`, "any", [{ kind: "LevelChanged", payload: change(1, { coin }) }])
        yield* events.append("operator/USDC", "any", [{ kind: "AlertsClosed", payload: { coin: "USDC", reason: "delisted", time: 2 } }])
        assert.deepStrictEqual(yield* standing, ["DAI critical"])
        yield* events.append("coin/USDC", "any", [{ kind: "LevelChanged", payload: change(3, { level: "watch" }) }])
        assert.deepStrictEqual(yield* standing, ["DAI critical", "USDC watch"])
      }).pipe(Effect.provide(store)),
    30_000
  )

  it.live(
    "refuses a change whose numbers are none, counts and says it, and records what comes after",
    () =>
      Effect.gen(function* () {
        const health = yield* HealthRegistry
        yield* Effect.gen(function* () {
          const recorder = yield* LevelRecorder
          const numbers = [{ fairValue: Number.NaN }, { errorBps: Number.POSITIVE_INFINITY }, { deviationBps: Number.NaN }]
          for (const [time, over] of numbers.entries()) assert.isTrue(recorder.offer({ change: change(time, over), span }))
          assert.isTrue(recorder.offer({ change: change(7), span }))
          yield* Effect.sleep("5 millis").pipe(Effect.repeat({ while: () => recorder.recorded() < 1 }))
          const own = (yield* health.snapshot).find(({ component }) => component === "level-recorder")!
          assert.deepInclude(own, { status: "degraded" })
          assert.include(own.detail, "3 level changes")
          assert.strictEqual(own.gauges["refused"], 3)
        }).pipe(Effect.provide(LevelRecorder.layer))
        assert.deepStrictEqual(yield* recorded, [7])
      }).pipe(Effect.provide(store)),
    30_000
  )

  it.live(
    "knows the level of each coin from the log, and from what it is offered",
    () =>
      Effect.gen(function* () {
        yield* Effect.gen(function* () {
          const { offer } = yield* LevelRecorder
          for (const [time, coin] of ["DAI", "USDC", "USDC"].entries()) offer({ change: change(time, { coin }), span })
          offer({ change: change(3, { level: "stale", previous: "critical", kind: "stale" }), span })
        }).pipe(Effect.provide(LevelRecorder.layer))
        yield* Effect.gen(function* () {
          const { offer, standing } = yield* LevelRecorder
          assert.deepStrictEqual(standing(), [
            { coin: "DAI", level: "critical", stale: false, kind: "break", since: 0 },
            { coin: "USDC", level: "critical", stale: true, kind: "stale", since: 3 }
          ])
          offer({ change: change(4, { coin: "DAI", level: "normal", previous: "critical", kind: "recovery" }), span })
          assert.deepInclude(standing()[0], { coin: "DAI", level: "normal", since: 4 })
        }).pipe(Effect.provide(LevelRecorder.layer))
      }).pipe(Effect.provide(store)),
    30_000
  )

  it.live(
    "refuses what finds no room, and loses nothing of what waits while the log cannot be written",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const health = yield* HealthRegistry
        yield* Effect.gen(function* () {
          const recorder = yield* LevelRecorder
          yield* sql`alter table event rename to away`
          let taken = 0
          while (recorder.offer({ change: change(taken), span })) taken++
          assert.strictEqual(taken, 256)
          const status = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "level-recorder")?.status)
          yield* Effect.andThen(Effect.sleep("5 millis"), status).pipe(Effect.repeat({ while: (seen) => seen !== "degraded" }))
          yield* sql`alter table away rename to event`
          yield* Effect.andThen(Effect.sleep("5 millis"), status).pipe(Effect.repeat({ while: (seen) => seen !== "running" }))
          assert.isTrue(recorder.offer({ change: change(taken), span }), "there is room again")
          yield* Effect.sleep("10 millis").pipe(Effect.repeat({ while: () => recorder.recorded() < 257 }))
        }).pipe(Effect.provide(LevelRecorder.layer))
        assert.deepStrictEqual(
          yield* recorded,
          Array.from({ length: 257 }, (_, time) => time)
        )
      }).pipe(Effect.provide(store)),
    30_000
  )

  it.effect("says that a statement hangs, is started again, and records the change once", () => {
    const written: Array<string> = []
    let appends = 0
    const events = Layer.mock(EventStore)({
      id: "log",
      lastOfStreams: () => Effect.succeed([]),
      append: (stream) =>
        ++appends === 1
          ? Effect.uninterruptible(Effect.never)
          : Effect.sync(() => ({ position: written.push(stream), version: 1, appended: 1 }))
    })
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const recorder = Context.get(yield* Layer.buildWithScope(Layer.provide(LevelRecorder.layer, events), scope), LevelRecorder)
      const health = yield* HealthRegistry
      const own = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "level-recorder"))
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* own, { status: "running", hung: false }, "one without work does not hang")
      recorder.offer({ change: change(1), span })
      yield* TestClock.adjust("2 seconds")
      assert.deepInclude(yield* own, { status: "degraded", hung: true, restarts: 0 })
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* own, { status: "running", hung: false, restarts: 1 })
      assert.deepStrictEqual([written, recorder.recorded()], [["coin/USDC"], 1])
      // Its end looks for what is not recorded yet after a moment.
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
    }).pipe(Effect.provide(layerRuntime))
  })
})
