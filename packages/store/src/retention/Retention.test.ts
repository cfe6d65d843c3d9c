import { assert, layer } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect, FileSystem, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { databases } from "../../test/support/Databases.ts"
import { unsignedAnchors } from "../event/AuditAnchors.ts"
import { AuditHeadJson, checkAgainst, signHeads } from "../event/AuditHead.ts"
import { drainConsumer, resetConsumer } from "../event/Consumer.ts"
import { beginning, EventStore } from "../event/EventStore.ts"
import { loadSigningKey } from "../event/SigningKey.ts"
import { Outbox } from "../outbox/Outbox.ts"
import { anchorsFile, Retention, retentionDefaults, trimDatabase } from "./Retention.ts"

const day = 86_400_000

for (const [name, database] of databases) {
  layer(Layer.mergeAll(EventStore.layer, Outbox.layer).pipe(Layer.provideMerge(database)), {
    timeout: "60 seconds",
    excludeTestServices: true
  })(`Retention on ${name}`, (it) => {
    const limits = { ...retentionDefaults, eventsAgeMax: "10 days" as const, deliveredAgeMax: "10 days" as const }
    const directory = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())
    const trim = (options: Partial<typeof limits> & { readonly directory: string }) => trimDatabase({ ...limits, ...options })
    /** One fact a day, in each family. */
    const live = (from: number, to: number) =>
      Effect.gen(function* () {
        const events = yield* EventStore
        for (let today = from; today < to; today++) {
          yield* TestClock.setTime(today * day)
          for (const family of ["coin", "engine", "alert"])
            yield* events.append(`${family}/x`, "any", [{ kind: "Day", payload: today, key: String(today) }])
        }
      })
    const daysOf = (family: string) =>
      Effect.flatMap(EventStore, (events) =>
        Effect.map(events.read({ after: beginning, limit: 1000, families: [family] }), (facts) =>
          facts.map(({ payload }) => JSON.parse(payload) as number)
        )
      )
    const days = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
    const onTestClock = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(body, TestClock.layer()))

    it.effect("removes old facts behind a signed anchor, and the rest still verifies", () =>
      onTestClock(
        Effect.gen(function* () {
          const files = yield* FileSystem.FileSystem
          const events = yield* EventStore
          const own = yield* directory
          yield* live(0, 30)
          const key = yield* loadSigningKey(`${own}/audit.key`)
          const before = yield* signHeads(key)
          const trimmed = yield* trim({ directory: own })
          assert.deepStrictEqual(trimmed, { removedFacts: 38, removedNotifications: 0, kept: [] })
          assert.deepStrictEqual(yield* daysOf("coin"), days(19, 30))
          assert.deepStrictEqual(yield* daysOf("alert"), days(0, 30), "read models are rebuilt from these")
          assert.strictEqual(yield* events.verify, 11 + 11 + 30)
          assert.strictEqual((yield* checkAgainst(before, key.publicKey)).length, 3)
          const [line] = (yield* files.readFileString(`${own}/audit-anchors.jsonl`)).trim().split("\n")
          const exported = yield* Schema.decodeEffect(AuditHeadJson)(line!)
          assert.deepStrictEqual(
            exported.anchors.map(({ chainIndex, family }) => [family, chainIndex]),
            [
              ["coin", 19],
              ["engine", 19]
            ]
          )
          const lines = yield* files.readFileString(anchorsFile(own))
          assert.deepStrictEqual(yield* unsignedAnchors(lines, key.publicKey), [])
          // Whoever removes facts by hand can move the anchor as well.
          const sql = yield* SqlClient.SqlClient
          const byHand = sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`update event_anchor set chain_index = 25, hash = (select hash from event where family = 'coin' and chain_index = 25)
                where family = 'coin'`
              yield* sql`delete from event where family = 'coin' and chain_index <= 25`
              assert.strictEqual(yield* events.verify, 5 + 11 + 30)
              const found = yield* unsignedAnchors(lines, key.publicKey)
              assert.deepStrictEqual(
                found.map(({ chainIndex, family }) => [family, chainIndex]),
                [["coin", 25]]
              )
              return yield* Effect.fail("undone")
            })
          )
          assert.strictEqual(yield* Effect.flip(byHand), "undone")
          // The chain goes on, and so do the stream's versions.
          const { version } = yield* events.append("coin/x", 30, [{ kind: "Day", payload: 30 }])
          assert.strictEqual(version, 31)
          assert.deepStrictEqual(yield* trim({ directory: own }), { removedFacts: 0, removedNotifications: 0, kept: [] })
        })
      )
    )

    it.effect("keeps what a consumer has not read, and says which", () =>
      onTestClock(
        Effect.gen(function* () {
          const own = yield* directory
          yield* live(31, 33)
          yield* drainConsumer({ name: "slow", families: ["coin"], handle: () => Effect.void })
          yield* live(33, 50)
          const { kept } = yield* trim({ directory: own })
          assert.deepStrictEqual((yield* daysOf("coin")).at(0), 33)
          assert.deepStrictEqual(kept, ["12 facts, because the consumer slow has not read them"])
          yield* resetConsumer("slow")
          assert.deepStrictEqual((yield* trim({ directory: own })).kept, [])
          assert.deepStrictEqual(yield* daysOf("engine"), days(39, 50))
        })
      )
    )

    it.effect("removes the oldest facts beyond a number, whatever their age", () =>
      onTestClock(
        Effect.gen(function* () {
          yield* TestClock.setTime(50 * day)
          const { removedFacts } = yield* trim({ directory: yield* directory, eventsMax: 8 })
          assert.strictEqual(removedFacts, 14)
          assert.deepStrictEqual(yield* daysOf("coin"), days(46, 50))
          assert.deepStrictEqual(yield* daysOf("engine"), days(46, 50))
          assert.strictEqual(yield* (yield* EventStore).verify, 8 + 49)
        })
      )
    )

    it.effect("removes notifications that are over, by age and by number, and none that waits", () =>
      onTestClock(
        Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* TestClock.setTime(0)
          yield* outbox.enqueue(
            days(0, 40).map((n) => ({ receiver: "hook", idempotencyKey: String(n), fingerprint: String(n), position: n, payload: "{}" })),
            0
          )
          const rows = yield* outbox.claim({ receiver: "hook", owner: "one", now: 0, leaseMillis: 1, limit: 30 })
          for (const row of rows) yield* outbox.delivered([row], row.position * day)
          yield* TestClock.setTime(30 * day)
          assert.deepInclude(yield* trim({ directory: yield* directory }), { removedNotifications: 20 })
          assert.deepInclude(yield* trim({ directory: yield* directory, deliveredMax: 4 }), { removedNotifications: 6 })
          assert.strictEqual(yield* outbox.pending, 10)
        })
      )
    )

    it.effect("keeps house as a layer, and reports in health what it cannot remove", () =>
      onTestClock(
        Effect.gen(function* () {
          const health = yield* HealthRegistry
          const status = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "retention:database"))
          yield* drainConsumer({ name: "stopped", handle: () => Effect.void })
          yield* live(100, 101)
          yield* TestClock.setTime(200 * day)
          yield* Effect.gen(function* () {
            const degraded = yield* status.pipe(Effect.repeat({ until: (found) => found?.status === "degraded" }))
            assert.strictEqual(degraded?.detail, "beyond the limits are kept: 2 facts, because the consumer stopped has not read them")
            yield* resetConsumer("stopped")
            const { database, journal } = yield* Retention
            assert.deepStrictEqual(yield* database, { removedFacts: 2, removedNotifications: 0, kept: [] })
            assert.deepInclude(yield* journal, { removedSegments: 0 })
            yield* TestClock.adjust("1 hour")
            yield* status.pipe(Effect.repeat({ until: (found) => found?.status === "running" }))
          }).pipe(Effect.provide(Retention.layer({ ...limits, directory: yield* directory })))
        })
      )
    )
  })
}
