import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { EventStore } from "./EventStore.ts"
import { foldFacts } from "./Projection.ts"

for (const [name, database] of databases) {
  layer(EventStore.layer.pipe(Layer.provideMerge(database)), { timeout: "60 seconds", excludeTestServices: true })(
    `a projection on ${name}`,
    (it) => {
      /** The sum of all numbers of a family, kept in a table. */
      const sumOf = (family: string) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          return foldFacts({
            families: [family],
            clear: sql`update total set value = 0`,
            apply: ({ payload }) => sql`update total set value = value + ${Number(payload)}`
          }).pipe(sql.withTransaction)
        }).pipe(Effect.flatten)
      const total = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ value: number }>`select value from total`
        return row!.value
      })
      const append = (stream: string, payload: number) =>
        Effect.flatMap(EventStore, (events) => events.append(stream, "any", [{ kind: "Number", payload }]))

      it.effect("folds every fact of its families, over many pages, and replaces what was there", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const events = yield* EventStore
          yield* sql`create table total (value double precision not null)`
          yield* sql`insert into total values (-7)`
          yield* events.append(
            "sum/a",
            "any",
            Array.from({ length: 2500 }, (_, payload) => ({ kind: "Number", payload }))
          )
          yield* append("sum/b", 1)
          yield* append("other/a", 1000)
          assert.strictEqual(yield* sumOf("sum"), 2501)
          assert.strictEqual(yield* total, (2499 * 2500) / 2 + 1)
        })
      )

      it.effect("refuses when retention has removed the beginning, and leaves everything as it is", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const before = yield* total
          yield* sql`insert into event_anchor (family, chain_index, hash) values ('other', 1, 'h')`
          assert.deepInclude(yield* Effect.flip(sumOf("other")), { _tag: "HistoryRemoved", family: "other", facts: 1 })
          assert.strictEqual(yield* total, before)
        })
      )
    }
  )
}

const [, [, postgres]] = databases

layer(EventStore.layer.pipe(Layer.provideMerge(postgres)), { timeout: "60 seconds", excludeTestServices: true })(
  "a projection beside open transactions",
  (it) => {
    it.effect("folds facts that readers do not see yet, because an older transaction of another family is open", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const events = yield* EventStore
        const opened = yield* Deferred.make<void>()
        const close = yield* Deferred.make<void>()
        const older = yield* events
          .append("other/a", "any", [{ kind: "Number", payload: 1 }])
          .pipe(
            Effect.andThen(Deferred.succeed(opened, undefined)),
            Effect.andThen(Deferred.await(close)),
            sql.withTransaction,
            Effect.forkChild
          )
        yield* Deferred.await(opened)
        yield* events.append("sum/a", "any", [{ kind: "Number", payload: 5 }])
        const seen: Array<string> = []
        const apply = ({ payload }: { readonly payload: string }) => Effect.sync(() => seen.push(payload))
        yield* sql.withTransaction(foldFacts({ families: ["sum"], clear: Effect.void, apply }))
        assert.deepStrictEqual(seen, ["5"])
        yield* Deferred.succeed(close, undefined)
        yield* Fiber.join(older)
      })
    )
  }
)
