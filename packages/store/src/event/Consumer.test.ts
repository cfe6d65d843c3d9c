import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { testDatabaseUrl } from "../../test/support/KeptPostgres.ts"
import { layerPostgres } from "../database/Database.ts"
import { consumerNames, drainConsumer, forgetSetAside, lagOf, makeConsumer, resetConsumer, setAsideBy } from "./Consumer.ts"
import { type Cursor, EventStore, type StoredEvent } from "./EventStore.ts"

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
const append = (from: number, to: number) =>
  Effect.flatMap(EventStore, (events) =>
    Effect.forEach(numbers(from, to), (n) => events.append("coin/USDC", "any", [{ kind: "Number", payload: n }]), { discard: true })
  )
const numberOf = ({ payload }: StoredEvent) => JSON.parse(payload) as number

for (const [name, database] of databases) {
  layer(EventStore.layer.pipe(Layer.provideMerge(database)), { timeout: "60 seconds", excludeTestServices: true })(
    `Consumer on ${name}`,
    (it) => {
      it.effect("handles every fact once, in order, and goes on where it was", () =>
        Effect.gen(function* () {
          const seen: Array<number> = []
          const options = {
            name: "order",
            handle: (event: StoredEvent) => Effect.sync(() => seen.push(numberOf(event)))
          }
          const consumer = { ...options, handle: (event: StoredEvent) => Effect.asVoid(options.handle(event)) }
          yield* append(0, 250)
          assert.strictEqual(yield* lagOf("order"), 250)
          assert.strictEqual(yield* drainConsumer(consumer), 250)
          yield* append(250, 260)
          assert.strictEqual(yield* drainConsumer(consumer), 10)
          assert.strictEqual(yield* drainConsumer(consumer), 0)
          assert.deepStrictEqual(seen, numbers(0, 260))
          assert.strictEqual(yield* lagOf("order"), 0)
          yield* resetConsumer("order")
          assert.strictEqual(yield* drainConsumer(consumer), 260)
        })
      )

      it.effect("undoes what a handler wrote when its batch is not committed, and handles it again", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`create table handled (n integer not null)`
          const consumer = {
            name: "together",
            handle: (event: StoredEvent) => Effect.asVoid(sql`insert into handled values (${numberOf(event)})`)
          }
          const crashed = yield* drainConsumer(consumer).pipe(
            Effect.andThen(Effect.fail("crash before the commit")),
            sql.withTransaction,
            Effect.flip
          )
          assert.strictEqual(crashed, "crash before the commit")
          assert.strictEqual(yield* drainConsumer(consumer), 260)
          const [count] = yield* sql<{ count: number }>`select count(*)::float8 as count from handled`
          assert.strictEqual(count!.count, 260)
        })
      )

      it.effect("sets a fact aside that cannot be handled, reports it and goes on", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const seen: Array<number> = []
          let attempts = 0
          const handled = yield* drainConsumer({
            name: "poison",
            handle: (event: StoredEvent) =>
              Effect.suspend((): Effect.Effect<void, string> => {
                const n = numberOf(event)
                if (n === 7) return attempts++ % 2 === 0 ? Effect.fail("no good") : Effect.die(new Error("worse"))
                seen.push(n)
                return Effect.void
              })
          })
          assert.strictEqual(handled, 260)
          assert.strictEqual(attempts, 3)
          assert.deepStrictEqual(
            seen,
            numbers(0, 260).filter((n) => n !== 7)
          )
          const [poison] = yield* sql<{ position: number; problem: string }>`
          select position::float8 as position, problem from consumer_poison where consumer = 'poison'`
          assert.strictEqual(poison!.position, 8)
          assert.include(poison!.problem, "no good")
        })
      )

      it.effect("reports what it set aside for as long as it is there", () =>
        Effect.gen(function* () {
          const health = yield* HealthRegistry
          const scope = yield* Scope.make()
          const past = yield* Deferred.make<void>()
          yield* makeConsumer({
            name: "reporting",
            handle: (event) => (numberOf(event) === 7 ? Effect.fail("no good") : Effect.void),
            afterCommit: Effect.asVoid(Deferred.succeed(past, undefined))
          }).pipe(Scope.provide(scope))
          yield* Deferred.await(past)
          const component = Effect.map(health.snapshot, (all) => all.find((entry) => entry.component === "consumer:reporting"))
          const degraded = yield* component.pipe(
            Effect.repeat({ until: (found) => found?.status === "degraded" && found.gauges["lag"] === 0 })
          )
          assert.deepInclude(degraded, {
            detail: "1 facts could not be handled and are set aside, the last at 8",
            gauges: { lag: 0, set_aside: 1 }
          })
          yield* Scope.close(scope, Exit.void)
        })
      )

      it.effect("sets a fact aside whose handler asks the database for what it refuses, and goes on", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const handled = yield* drainConsumer({
            name: "refused",
            handle: (event: StoredEvent) => Effect.asVoid(sql`select 1 / ${numberOf(event) - 9}::integer`)
          })
          assert.strictEqual(handled, 260)
          const [aside, ...others] = yield* setAsideBy("refused")
          assert.strictEqual(aside?.position, 10)
          assert.deepStrictEqual(others, [])
          assert.include(yield* consumerNames, "refused")
          assert.strictEqual(yield* forgetSetAside("refused"), 1)
          assert.deepStrictEqual(yield* setAsideBy("refused"), [])
          assert.strictEqual(yield* forgetSetAside("refused"), 0)
        })
      )

      it.effect("is past the facts of other families, too", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const store = yield* EventStore
          const nothing = { name: "choosy", families: ["model"], handle: () => Effect.void }
          assert.strictEqual(yield* drainConsumer(nothing), 0)
          const [cursor] = yield* sql<Cursor>`
            select transaction_id::text as transaction, position::float8 as position from consumer where name = 'choosy'`
          assert.deepStrictEqual(cursor, yield* store.end)
        })
      )

      it.effect("wakes with an append, and handles what is left when it is closed", () =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const handled = yield* Deferred.make<number>()
          const seen: Array<number> = []
          yield* makeConsumer({
            name: "awake",
            handle: (event) =>
              Effect.suspend(() => {
                seen.push(numberOf(event))
                return numberOf(event) === 260 ? Effect.asVoid(Deferred.succeed(handled, 260)) : Effect.void
              })
          }).pipe(Scope.provide(scope))
          yield* append(260, 261)
          assert.strictEqual(yield* Deferred.await(handled), 260)
          yield* append(261, 270)
          yield* Scope.close(scope, Exit.void)
          assert.deepStrictEqual(seen, numbers(0, 270))
        })
      )

      it.effect("takes turns with others of its name: each fact is handled by one of them, in order", () =>
        Effect.gen(function* () {
          const seen: Array<readonly [who: number, n: number]> = []
          const one = (who: number) =>
            drainConsumer({
              name: "turns",
              handle: (event: StoredEvent) =>
                Effect.andThen(Effect.yieldNow, Effect.asVoid(Effect.sync(() => seen.push([who, numberOf(event)]))))
            })
          const fibers = yield* Effect.forEach([1, 2, 3], (who) => Effect.forkChild(one(who)))
          const counts = yield* Effect.forEach(fibers, Fiber.join)
          assert.strictEqual(
            counts.reduce((sum, count) => sum + count, 0),
            270
          )
          assert.deepStrictEqual(
            seen.map(([, n]) => n),
            numbers(0, 270)
          )
        })
      )
    }
  )
}

layer(NodeServices.layer, { timeout: "60 seconds", excludeTestServices: true })("consumers of two engines on one Postgres", (it) => {
  const families = ["coin", "alert", "model", "engine"]

  /** An engine's own connections and store; the database is shared. */
  const engines = Effect.gen(function* () {
    const url = yield* testDatabaseUrl
    const runtime = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer))
    const engine = Layer.mergeAll(EventStore.layer, runtime).pipe(Layer.provideMerge(Layer.fresh(layerPostgres(url))))
    return yield* Effect.forEach([1, 2], () => Layer.build(Layer.fresh(engine)))
  })

  it.effect("handle 1,000 facts once each and in order, while both engines append in overlapping transactions", () =>
    Effect.gen(function* () {
      const both = yield* engines
      const facts = 1000
      const perFamily = facts / families.length
      const seen: Array<StoredEvent> = []
      const done = yield* Deferred.make<void>()
      const handle = (event: StoredEvent) =>
        Effect.suspend(() => (seen.push(event) < facts ? Effect.yieldNow : Effect.asVoid(Deferred.succeed(done, undefined))))
      for (const engine of both) yield* makeConsumer({ name: "shared", handle }).pipe(Effect.provide(engine))
      const appendAll = (family: string) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const events = yield* EventStore
          for (let n = 0; n < perFamily / 5; n++) {
            const five = Array.from({ length: 5 }, (_, index) => ({ kind: "Number", payload: n * 5 + index }))
            // The transaction stays open while those of other families commit.
            yield* sql.withTransaction(
              Effect.andThen(events.append(`${family}/x`, "any", five), Effect.replicateEffect(Effect.yieldNow, n % 3))
            )
          }
        })
      yield* Effect.forEach(families, (family, index) => Effect.provide(appendAll(family), both[index % 2]!), {
        concurrency: "unbounded",
        discard: true
      })
      yield* Deferred.await(done)
      assert.lengthOf(seen, facts)
      assert.strictEqual(new Set(seen.map(({ position }) => position)).size, facts)
      for (const family of families) {
        assert.deepStrictEqual(
          seen.filter((event) => event.family === family).map(({ chainIndex }) => chainIndex),
          numbers(1, perFamily + 1)
        )
      }
    }).pipe(Effect.scoped)
  )

  it.effect("do not step over a fact whose transaction commits late", () =>
    Effect.gen(function* () {
      const [one, two] = yield* engines
      const seen: Array<string> = []
      const consumer = { name: "late", handle: ({ stream }: StoredEvent) => Effect.asVoid(Effect.sync(() => seen.push(stream))) }
      const fact = [{ kind: "Number", payload: 1 }]
      const appended = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const late = yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const events = yield* EventStore
        yield* events
          .append("coin/late", "any", fact)
          .pipe(Effect.andThen(Deferred.succeed(appended, undefined)), Effect.andThen(Deferred.await(commit)), sql.withTransaction)
      }).pipe(Effect.provide(one!), Effect.forkChild)
      yield* Deferred.await(appended)
      yield* Effect.gen(function* () {
        yield* (yield* EventStore).append("alert/early", "any", fact)
        assert.strictEqual(yield* drainConsumer(consumer), 0)
      }).pipe(Effect.provide(two!))
      yield* Deferred.succeed(commit, undefined)
      yield* Fiber.join(late)
      assert.strictEqual(yield* Effect.provide(drainConsumer(consumer), two!), 2)
      assert.deepStrictEqual(seen, ["coin/late", "alert/early"])
    }).pipe(Effect.scoped)
  )
})
