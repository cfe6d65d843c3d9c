import { assert, describe, it } from "@effect/vitest"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { attemptsMax, Outbox } from "@evenkeel/store/outbox/Outbox"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { notificationFor } from "../../test/support/Notification.ts"
import { makeKeeper, services } from "../../test/support/Services.ts"
import { type Receiver, Receivers } from "../receiver/Receiver.ts"
import { Dispatcher } from "./Dispatcher.ts"

const notification = (fingerprint: string, position: number, status: "firing" | "resolved" = "firing"): Notification =>
  notificationFor({ fingerprint, status }, { idempotencyKey: `${fingerprint}-${position}-${status}`, position })

/** Promises notifications to receivers, configured or not. */
const promise = (receivers: ReadonlyArray<string>, ...notifications: ReadonlyArray<Notification>) =>
  promiseBy(() => 0, receivers, ...notifications)

/** The same with a priority for each position. */
const promiseBy = (
  priority: (position: number) => number,
  receivers: ReadonlyArray<string>,
  ...notifications: ReadonlyArray<Notification>
) =>
  Effect.flatMap(Outbox, (outbox) =>
    outbox.enqueue(
      receivers.flatMap((receiver) =>
        notifications.map((each) => ({
          receiver,
          idempotencyKey: each.idempotencyKey,
          fingerprint: each.groupKey,
          position: each.position,
          priority: priority(each.position),
          payload: JSON.stringify(each)
        }))
      ),
      0
    )
  )

const dispatching = (receivers: ReadonlyArray<Receiver>) =>
  Dispatcher.layer({ owner: "test" }).pipe(Layer.provide(Layer.succeed(Receivers, receivers)))

const run = <A, E>(
  receivers: ReadonlyArray<Receiver>,
  test: Effect.Effect<A, E, Dispatcher | Outbox | HealthRegistry | SqlClient.SqlClient | Supervisor>
) => Effect.provide(test, dispatching(receivers).pipe(Layer.provideMerge(services)))

/** Looks until the condition holds; the dispatcher does its work in between. */
const until = (condition: () => boolean) =>
  Effect.yieldNow.pipe(Effect.andThen(Effect.promise(() => new Promise(setImmediate))), Effect.repeat({ while: () => !condition() }))

const keys = (seen: ReadonlyArray<Notification>) => seen.map(({ idempotencyKey }) => idempotencyKey)

describe("Dispatcher", () => {
  it.live(
    "delivers nothing of an alert before what failed of it, and lets other alerts pass",
    () => {
      const { receiver, seen, state } = makeKeeper("hook")
      return run(
        [receiver],
        Effect.gen(function* () {
          const dispatcher = yield* Dispatcher
          state.refusals = 1
          yield* promise(["hook"], notification("a", 1), notification("a", 2, "resolved"), notification("b", 3))
          yield* dispatcher.nudge
          yield* until(() => seen.length === 1)
          assert.deepStrictEqual(keys(seen), ["b-3-firing"])
          yield* until(() => seen.length === 3)
          assert.deepStrictEqual(keys(seen), ["b-3-firing", "a-1-firing", "a-2-resolved"])
        })
      )
    },
    30_000
  )

  it.live(
    "delivers to others while one receiver hangs",
    () =>
      Effect.gen(function* () {
        const release = yield* Deferred.make<void>()
        const slow = makeKeeper("slow", Deferred.await(release))
        const fast = makeKeeper("fast")
        yield* run(
          [slow.receiver, fast.receiver],
          Effect.gen(function* () {
            const dispatcher = yield* Dispatcher
            for (let position = 1; position <= 3; position++) {
              yield* promise(["slow", "fast"], notification(`f${position}`, position))
              yield* dispatcher.nudge
              yield* until(() => fast.seen.length === position)
            }
            assert.deepStrictEqual(slow.seen, [])
            yield* Deferred.succeed(release, undefined)
            yield* until(() => slow.seen.length === 3)
          })
        )
      }),
    30_000
  )

  it.live(
    "lets other alerts pass while one hangs, also those that come later, and holds back its own",
    () =>
      Effect.gen(function* () {
        const release = yield* Deferred.make<void>()
        const { receiver, seen } = makeKeeper("hook")
        const hanging: Receiver = {
          ...receiver,
          deliver: (each) => Effect.andThen(each.groupKey === "a" ? Deferred.await(release) : Effect.void, receiver.deliver(each))
        }
        yield* run(
          [hanging],
          Effect.gen(function* () {
            const { nudge } = yield* Dispatcher
            yield* promise(["hook"], notification("a", 1), notification("b", 2))
            for (const position of [3, 4]) {
              yield* nudge
              yield* until(() => seen.length === position - 2)
              yield* promise(["hook"], notification("a", 10 + position), notification(`c${position}`, position))
            }
            yield* nudge
            yield* until(() => seen.length === 3)
            assert.deepStrictEqual(keys(seen), ["b-2-firing", "c3-3-firing", "c4-4-firing"])
            yield* Deferred.succeed(release, undefined)
            yield* until(() => seen.length === 6)
            assert.deepStrictEqual(keys(seen).slice(3), ["a-1-firing", "a-13-firing", "a-14-firing"])
          })
        )
      }),
    30_000
  )

  it.live(
    "sends sixteen at once at most: fifteen that hang leave one place, by which all others go, the urgent first",
    () =>
      Effect.gen(function* () {
        const release = yield* Deferred.make<void>()
        const { receiver, seen } = makeKeeper("hook")
        let now = 0
        let most = 0
        const counted: Receiver = {
          ...receiver,
          deliver: (each) =>
            Effect.gen(function* () {
              most = Math.max(most, ++now)
              yield* each.position <= 15 ? Deferred.await(release) : Effect.yieldNow
              now--
              yield* receiver.deliver(each)
            })
        }
        yield* run(
          [counted],
          Effect.gen(function* () {
            const { nudge } = yield* Dispatcher
            const all = Array.from({ length: 215 }, (_, n) => notification(`f${n + 1}`, n + 1))
            yield* promiseBy((position) => (position <= 15 || position === 215 ? 2 : 0), ["hook"], ...all)
            yield* nudge
            yield* until(() => seen.length === 200)
            assert.strictEqual(keys(seen)[0], "f215-215-firing")
            yield* Deferred.succeed(release, undefined)
            yield* until(() => seen.length === 215)
            assert.strictEqual(most, 16)
          })
        )
      }),
    30_000
  )

  it.live(
    "goes on with what is on its way while the database gives out nothing more, and sends it once",
    () =>
      Effect.gen(function* () {
        const release = yield* Deferred.make<void>()
        const { receiver, seen } = makeKeeper("hook", Deferred.await(release))
        let begun = 0
        const counted: Receiver = {
          ...receiver,
          deliver: (each) =>
            Effect.andThen(
              Effect.sync(() => begun++),
              receiver.deliver(each)
            )
        }
        yield* run(
          [counted],
          Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            const { drain, nudge } = yield* Dispatcher
            yield* promise(["hook"], notification("a", 1))
            yield* nudge
            yield* until(() => begun === 1)
            yield* sql`create function refuse_claims() returns trigger language plpgsql as 'begin raise exception ''no''; end'`
            yield* sql`create trigger refuse_claims before update on notification for each row
              when (new.lease_owner is not null) execute function refuse_claims()`
            yield* promise(["hook"], notification("b", 2))
            yield* nudge
            assert.strictEqual((yield* Effect.exit(drain))._tag, "Failure")
            yield* Deferred.succeed(release, undefined)
            yield* until(() => seen.length === 1)
            yield* sql`drop trigger refuse_claims on notification`
            yield* nudge
            yield* until(() => seen.length === 2)
            assert.deepStrictEqual(keys(seen), ["a-1-firing", "b-2-firing"])
            assert.strictEqual(begun, 2)
          })
        )
      }),
    30_000
  )

  it.live(
    "sends what it had in hand when it crashed at once, and not when its claim is over",
    () => {
      const { receiver, seen } = makeKeeper("hook")
      let begun = 0
      const hanging: Receiver = { ...receiver, deliver: (each) => (begun++ === 0 ? Effect.never : receiver.deliver(each)) }
      return run(
        [hanging],
        Effect.gen(function* () {
          yield* promise(["hook"], notification("a", 1))
          yield* (yield* Dispatcher).nudge
          yield* until(() => begun === 1)
          assert.isTrue(yield* (yield* Supervisor).crash("receiver:hook"))
          yield* until(() => seen.length === 1)
          assert.strictEqual(begun, 2)
        })
      )
    },
    30_000
  )

  it.live(
    "delivers beside a hundred rows of a receiver that was removed, and says that they wait",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      return run(
        [receiver],
        Effect.gen(function* () {
          yield* promise(["removed"], ...Array.from({ length: 100 }, (_, n) => notification(`f${n}`, n)))
          yield* promise(["kept"], notification("a", 200))
          yield* (yield* Dispatcher).drain
          assert.deepStrictEqual(keys(seen), ["a-200-firing"])
          const health = yield* HealthRegistry
          let detail = ""
          yield* Effect.map(health.snapshot, (all) => {
            detail = all.find(({ component }) => component === "dispatcher")?.detail ?? ""
          }).pipe(Effect.andThen(Effect.sleep("20 millis")), Effect.repeat({ while: () => !detail.includes("100 for removed") }))
          assert.strictEqual(yield* (yield* Outbox).pending, 100)
        })
      )
    },
    30_000
  )

  it.live(
    "takes a receiver's defect for a failed delivery, and repeats under the same key",
    () => {
      const seen: Array<string> = []
      const receiver: Receiver = {
        name: "dies",
        deliver: ({ idempotencyKey }) => (seen.push(idempotencyKey) === 1 ? Effect.die(new Error("bug")) : Effect.void)
      }
      return run(
        [receiver],
        Effect.gen(function* () {
          yield* promise(["dies"], notification("a", 1))
          yield* (yield* Dispatcher).nudge
          yield* until(() => seen.length === 2)
          assert.deepStrictEqual(seen, ["a-1-firing", "a-1-firing"])
        })
      )
    },
    30_000
  )

  it.live(
    "says of what it has given up how much that is, also after a restart, and delivers what comes after it",
    () => {
      const { receiver, seen, state } = makeKeeper("hook")
      return Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const health = yield* HealthRegistry
        state.refusals = 1
        yield* promise(["hook"], notification("a", 1), notification("a", 2, "resolved"))
        yield* sql`update notification set attempts = ${attemptsMax - 1} where position = 1`
        yield* Effect.gen(function* () {
          yield* (yield* Dispatcher).nudge
          yield* until(() => seen.length === 1)
        }).pipe(Effect.provide(dispatching([receiver])))
        assert.deepStrictEqual(keys(seen), ["a-2-resolved"])
        yield* health.report("dispatcher", "running")
        // The next start.
        yield* Effect.gen(function* () {
          const dispatcher = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "dispatcher")!)
          const said = yield* Effect.andThen(Effect.sleep("20 millis"), dispatcher).pipe(
            Effect.repeat({ until: ({ status }) => status === "degraded" }),
            Effect.timeout("10 seconds")
          )
          assert.include(said.detail, "1 for hook")
          assert.strictEqual(said.gauges["outbox_abandoned"], 1)
        }).pipe(Effect.provide(dispatching([receiver])))
        assert.deepInclude((yield* (yield* Outbox).abandoned(10))[0], {
          receiver: "hook",
          idempotencyKey: "a-1-firing",
          attempts: attemptsMax
        })
      }).pipe(Effect.provide(services))
    },
    30_000
  )

  it.effect(
    "sends once what the receiver took and the database would not note, and notes it when it can",
    () => {
      const { receiver, seen } = makeKeeper("hook")
      return run(
        [receiver],
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const { drain } = yield* Dispatcher
          yield* sql`create function refuse() returns trigger as $$
            begin raise exception 'could not extend file' using errcode = '53100'; end $$ language plpgsql`
          yield* sql`create trigger refuse before update on notification for each row
            when (new.delivered_at is not null) execute function refuse()`
          yield* promise(["hook"], notification("a", 1))
          for (let minutes = 0; minutes < 8; minutes++) {
            yield* Effect.ignore(drain)
            yield* TestClock.adjust("61 seconds")
          }
          assert.deepStrictEqual(keys(seen), ["a-1-firing"])
          yield* promise(["hook"], notification("b", 2))
          yield* Effect.ignore(drain)
          assert.deepStrictEqual(keys(seen), ["a-1-firing", "b-2-firing"], "others are not held up")
          yield* sql`drop trigger refuse on notification`
          yield* drain
          assert.strictEqual(yield* (yield* Outbox).pending, 0)
          assert.lengthOf(seen, 2)
        })
      )
    },
    30_000
  )

  it.live(
    "says that the database's disk is full, and not that it does not answer",
    () => {
      const { receiver } = makeKeeper("hook")
      return run(
        [receiver],
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`create function full_disk() returns trigger language plpgsql as
            'begin raise exception ''could not extend file: No space left on device'' using errcode = ''53100''; end'`
          yield* sql`create trigger full_disk before update on notification for each row execute function full_disk()`
          yield* promise(["hook"], notification("a", 1))
          yield* (yield* Dispatcher).nudge
          const detailOf = Effect.map(
            (yield* HealthRegistry).snapshot,
            (all) => all.find((each) => each.component === "receiver:hook")!.detail
          )
          const detail = yield* Effect.repeat(Effect.tap(detailOf, Effect.yieldNow), { until: (words) => words !== "" })
          assert.strictEqual(detail, "the database's disk is full: could not extend file: No space left on device")
        })
      )
    },
    30_000
  )
})
