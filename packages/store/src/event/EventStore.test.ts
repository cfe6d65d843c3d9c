import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { beginning, EventStore } from "./EventStore.ts"

const changed = (payload: string, key?: string) => ({ kind: "LevelChanged", payload, ...(key === undefined ? {} : { key }) })

for (const [name, database] of databases) {
  layer(EventStore.layer.pipe(Layer.provideMerge(database)), { timeout: "60 seconds", excludeTestServices: true })(
    `EventStore on ${name}`,
    (it) => {
      it.effect("appends with versions by stream, positions over all and a chain by family", () =>
        Effect.gen(function* () {
          const events = yield* EventStore
          const first = yield* events.append("coin/USDC", 0, [changed("watch")])
          assert.deepStrictEqual(first, { position: 1, version: 1, appended: 1 })
          yield* events.append("alert/1", "any", [changed("opened")])
          yield* events.append("coin/DAI", "any", [changed("watch"), changed("warning")])
          const last = yield* events.append("coin/USDC", 1, [changed("warning")])
          assert.deepStrictEqual(last, { position: 5, version: 2, appended: 1 })
          const all = yield* events.read({ after: beginning, limit: 10 })
          assert.deepStrictEqual(
            all.map((event) => [event.position, event.stream, event.version, event.family, event.chainIndex]),
            [
              [1, "coin/USDC", 1, "coin", 1],
              [2, "alert/1", 1, "alert", 1],
              [3, "coin/DAI", 1, "coin", 2],
              [4, "coin/DAI", 2, "coin", 3],
              [5, "coin/USDC", 2, "coin", 4]
            ]
          )
          assert.strictEqual(JSON.parse(all[0]!.payload), "watch")
          assert.lengthOf(yield* events.read({ after: all[0]!, limit: 10, stream: "coin/USDC" }), 1)
          assert.lengthOf(yield* events.read({ after: beginning, limit: 10, families: ["alert", "model"] }), 1)
          assert.lengthOf(yield* events.read({ after: all[1]!, limit: 2 }), 2)
        })
      )

      it.effect("refuses an append that believes in another version, and writes nothing of it", () =>
        Effect.gen(function* () {
          const events = yield* EventStore
          const conflict = yield* Effect.flip(events.append("coin/USDC", 7, [changed("watch")]))
          assert.deepInclude(conflict, { _tag: "ConcurrencyConflict", expected: 7, actual: 2 })
          assert.strictEqual(yield* events.verify, 5)
        })
      )

      it.effect("appends a fact with a key once, and says where it stands each time", () =>
        Effect.gen(function* () {
          const events = yield* EventStore
          const once = yield* events.append("coin/USDC", "any", [changed("critical", "USDC 7")])
          assert.strictEqual(once.appended, 1)
          assert.deepStrictEqual(yield* events.append("coin/USDC", "any", [changed("critical", "USDC 7")]), { ...once, appended: 0 })
          const both = yield* events.append("coin/USDC", "any", [changed("critical", "USDC 7"), changed("warning", "USDC 8")])
          assert.deepStrictEqual(both, { position: once.position + 1, version: 4, appended: 1 })
          assert.strictEqual(yield* events.verify, 7)
        })
      )

      it.effect("keeps every chain whole under concurrent writers", () =>
        Effect.gen(function* () {
          const events = yield* EventStore
          yield* Effect.forEach(
            Array.from({ length: 20 }, (_, index) => index),
            (index) => events.append(`${index % 2 === 0 ? "coin" : "model"}/${index % 3}`, "any", [changed(String(index))]),
            { concurrency: 8 }
          )
          assert.strictEqual(yield* events.verify, 27)
        })
      )

      it.effect("finds a fact that was altered, one that is gone from the middle, and a tail that is gone", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const events = yield* EventStore
          /** What `verify` says of the log while `damage` is done to it. */
          const broken = (damage: Effect.Effect<unknown, unknown>) =>
            sql.withTransaction(Effect.andThen(damage, Effect.flatMap(Effect.flip(events.verify), Effect.fail))).pipe(Effect.flip)
          assert.deepInclude(yield* broken(sql`update event set payload = '"normal"' where position = 3`), {
            _tag: "ChainBroken",
            family: "coin",
            chainIndex: 2,
            problem: "was altered after it was sealed"
          })
          assert.deepInclude(yield* broken(sql`delete from event where position = 3`), { chainIndex: 2, problem: "is missing" })
          assert.deepInclude(yield* broken(sql`delete from event where family = 'model'`), {
            family: "model",
            chainIndex: 1,
            problem: "is missing: the chain has 10 facts"
          })
          assert.deepInclude(yield* broken(sql`delete from event_chain where family = 'model'`), {
            family: "model",
            problem: "is not part of the family's chain"
          })
          assert.deepInclude(yield* broken(sql`update event set position = 1000 + position where position = 3`), {
            problem: "was moved in front of the fact before it"
          })
          assert.strictEqual(yield* events.verify, 27)
        })
      )

      it.effect("tells a listener of an append once it is committed, and not of one that is rolled back", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const events = yield* EventStore
          const appended = yield* events.listen
          yield* events
            .append("coin/USDC", "any", [changed("undone")])
            .pipe(Effect.andThen(Effect.fail("crash")), sql.withTransaction, Effect.flip)
          const told = yield* Effect.forkChild(appended, { startImmediately: true })
          yield* sql.withTransaction(
            Effect.gen(function* () {
              yield* events.append("coin/USDC", "any", [changed("normal")])
              assert.isUndefined(told.pollUnsafe())
            })
          )
          yield* Fiber.join(told)
          const end = yield* events.end
          const [last] = yield* events.read({ after: { ...end, position: end.position - 1 }, limit: 1 })
          assert.strictEqual(last!.payload, '"normal"')
        }).pipe(Effect.scoped)
      )

      it.effect("knows what each stream said last, also when retention has removed the fact", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const events = yield* EventStore
          yield* events.append("old/USDC", "any", [changed("watch"), changed("critical")])
          yield* sql`delete from event where family = 'old'`
          const [last] = yield* events.lastOfStreams("old")
          assert.deepInclude(last, { stream: "old/USDC", kind: "LevelChanged", payload: '"critical"' })
        })
      )

      it.effect("is not opened where its facts are ahead of the server, as in a copy on another one", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`insert into consumer (name, transaction_id, position) values ('of another server', '999999999'::xid8, 1)`
          const refused = yield* Effect.flip(Effect.provide(Effect.void, Layer.fresh(EventStore.layer)))
          assert.strictEqual(refused._tag, "LogOfAnotherServer")
          assert.include(refused.message, "pg_resetwal")
          yield* sql`delete from consumer where name = 'of another server'`
        })
      )

      it.effect("takes a fact with a key once, also when one append names it twice", () =>
        Effect.gen(function* () {
          const events = yield* EventStore
          const { appended } = yield* events.append("coin/USDC", "any", [changed("watch", "twice"), changed("watch", "twice")])
          assert.strictEqual(appended, 1)
        })
      )
    }
  )
}

const [, [, postgres]] = databases

layer(EventStore.layer.pipe(Layer.provideMerge(postgres)), { timeout: "60 seconds", excludeTestServices: true })(
  "EventStore under open transactions",
  (it) => {
    it.effect("lets appenders of other families pass, and hides what an older transaction may still get in front of", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const events = yield* EventStore
        const appended = yield* Deferred.make<void>()
        const commit = yield* Deferred.make<void>()
        const slow = yield* events
          .append("coin/USDC", "any", [changed("slow")])
          .pipe(
            Effect.andThen(Deferred.succeed(appended, undefined)),
            Effect.andThen(Deferred.await(commit)),
            sql.withTransaction,
            Effect.forkChild
          )
        yield* Deferred.await(appended)
        // The chain of another family is free; its fact has the greater position and is committed first.
        yield* events.append("model/registry", "any", [changed("fast")])
        assert.deepStrictEqual(yield* events.read({ after: beginning, limit: 10 }), [], "a reader that went on would miss the slow one")
        yield* Deferred.succeed(commit, undefined)
        yield* Fiber.join(slow)
        const all = yield* events.read({ after: beginning, limit: 10 })
        assert.deepStrictEqual(
          all.map(({ payload }) => JSON.parse(payload) as unknown),
          ["slow", "fast"]
        )
      })
    )
  }
)
