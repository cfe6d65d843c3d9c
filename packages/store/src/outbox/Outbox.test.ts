import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { databases } from "../../test/support/Databases.ts"
import { attemptsMax, Outbox, type OutboxRow } from "./Outbox.ts"

const row = (receiver: string, fingerprint: string, position: number): OutboxRow => ({
  receiver,
  fingerprint,
  position,
  idempotencyKey: `${fingerprint}-${position}`,
  payload: "{}"
})
const keys = (rows: ReadonlyArray<OutboxRow>) => rows.map(({ idempotencyKey }) => idempotencyKey)

for (const [name, database] of databases) {
  layer(Outbox.layer.pipe(Layer.provideMerge(database)), { timeout: "60 seconds", excludeTestServices: true })(
    `Outbox on ${name}`,
    (it) => {
      const claim = (receiver: string, now: number, owner = "one", limit = 10) =>
        Effect.flatMap(Outbox, (outbox) => outbox.claim({ receiver, owner, now, leaseMillis: 1000, limit }))

      it.effect("is rolled back together with what it was promised for", () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const outbox = yield* Outbox
          yield* outbox.enqueue([row("console", "a", 1)], 0).pipe(Effect.andThen(Effect.fail("crash")), sql.withTransaction, Effect.flip)
          assert.strictEqual(yield* outbox.pending, 0)
        })
      )

      it.effect("hands out the oldest row of each alert, in order, when it is due, and each row once", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          const rows = [row("hook", "b", 2), row("hook", "a", 1), row("hook", "a", 3), row("other", "a", 1)]
          yield* outbox.enqueue(rows, 100)
          yield* outbox.enqueue(rows, 100)
          assert.strictEqual(yield* outbox.pending, 4)
          assert.deepStrictEqual(yield* claim("hook", 99), [])
          const first = yield* claim("hook", 100)
          assert.deepStrictEqual(keys(first), ["a-1", "b-2"])
          assert.deepStrictEqual(yield* claim("hook", 100, "two"), [], "another engine gets nothing that is claimed, nor what follows it")
          yield* outbox.delivered([first[0]!], 101)
          assert.deepStrictEqual(keys(yield* claim("hook", 101, "two")), ["a-3"])
        })
      )

      it.effect("keeps an alert's later rows behind one that failed, and lets other alerts and receivers pass", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* outbox.enqueue([row("slow", "x", 10), row("slow", "x", 11), row("slow", "y", 12)], 0)
          const [firing, other] = yield* claim("slow", 0)
          assert.deepStrictEqual(keys([firing!, other!]), ["x-10", "y-12"])
          assert.deepStrictEqual(yield* outbox.failed(firing!, "503", 0), { abandoned: false })
          yield* outbox.delivered([other!], 0)
          assert.deepStrictEqual(yield* claim("slow", 999), [], "the resolved one waits for the firing one")
          assert.deepStrictEqual(keys(yield* claim("slow", 1000)), ["x-10"])
          assert.deepStrictEqual(keys(yield* claim("other", 1000)), ["a-1"])
        })
      )

      it.effect("gives a claim to another engine once its lease is over", () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* claim("slow", 1999, "two"), [])
          const [again] = yield* claim("slow", 2000, "two")
          assert.deepInclude(again, { idempotencyKey: "x-10", attempts: 1 })
        })
      )

      it.effect("does not listen to an engine whose lease is over", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* outbox.enqueue([row("late", "x", 20), row("late", "x", 21)], 0)
          const [lost] = yield* claim("late", 0, "one")
          const [taken] = yield* claim("late", 1000, "two")
          assert.deepStrictEqual(yield* outbox.failed({ ...lost!, attempts: attemptsMax - 1 }, "no answer", 1001), { abandoned: false })
          assert.deepStrictEqual(yield* claim("late", 1002, "one"), [], "the other engine's claim stands")
          yield* outbox.delivered([taken!], 1003)
          yield* outbox.failed({ ...lost!, attempts: attemptsMax - 1 }, "no answer", 1004)
          assert.deepStrictEqual(keys(yield* claim("late", 1005, "one")), ["x-21"])
        })
      )

      it.effect("gives back what an engine that stops has claimed, and nothing of others", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* outbox.enqueue([row("back", "x", 30), row("back", "y", 31)], 0)
          assert.deepStrictEqual(keys(yield* claim("back", 0, "stopping", 1)), ["x-30"])
          assert.deepStrictEqual(keys(yield* claim("back", 0, "running", 1)), ["y-31"])
          yield* outbox.release("stopping")
          const again = yield* claim("back", 1, "running")
          assert.deepStrictEqual(keys(again), ["x-30"])
          assert.deepInclude(again[0], { owner: "running", attempts: 0 })
        })
      )

      it.effect("hands rows of one alert and one fact out one after the other", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          const twins = ["a", "b"].map((idempotencyKey) => ({ ...row("twins", "x", 40), idempotencyKey }))
          yield* outbox.enqueue(twins, 0)
          const [first, ...others] = yield* claim("twins", 0)
          assert.strictEqual(first!.idempotencyKey, "a")
          assert.deepStrictEqual(others, [])
          yield* outbox.delivered([first!], 1)
          assert.deepStrictEqual(keys(yield* claim("twins", 1)), ["b"])
        })
      )

      it.effect("abandons a row after its last attempt, says so, and goes on with the next of the alert", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          const [last] = yield* claim("slow", 5000, "two")
          assert.strictEqual(last!.idempotencyKey, "x-10")
          assert.deepStrictEqual(yield* outbox.failed({ ...last!, attempts: attemptsMax - 1 }, "503", 5000), { abandoned: true })
          assert.deepStrictEqual(keys(yield* claim("slow", 5000)), ["x-11"])
        })
      )

      it.effect("names the receivers that rows wait for and that are not configured", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* outbox.enqueue(
            Array.from({ length: 100 }, (_, n) => row("removed", `f${n}`, n)),
            0
          )
          assert.deepStrictEqual(yield* outbox.orphans(["hook", "slow", "other", "late", "back", "twins"]), [
            { receiver: "removed", count: 100 }
          ])
          yield* outbox.enqueue([row("configured", "z", 500)], 0)
          assert.deepStrictEqual(keys(yield* claim("configured", 0)), ["z-500"])
          assert.deepInclude(yield* outbox.orphans([]), { receiver: "configured", count: 1 })
        })
      )

      it.effect("hands out what is urgent first, with what stands before it, and gives up the least of too many", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          const urgent = { ...row("full", "c", 9), priority: 2 }
          yield* outbox.enqueue([row("full", "a", 1), row("full", "b", 2), row("full", "c", 3), row("full", "d", 4)], 0)
          yield* outbox.enqueue([urgent], 0)
          const [before] = yield* claim("full", 0, "one", 1)
          assert.strictEqual(before!.idempotencyKey, "c-3", "what an alert was before it became urgent is told first")
          yield* outbox.delivered([before!], 0)
          assert.deepStrictEqual(keys(yield* claim("full", 0)), ["c-9", "a-1", "b-2", "d-4"])
          yield* outbox.release("one")
          assert.strictEqual(yield* outbox.trim({ receiver: "full", keepMax: 4, now: 0 }), 0)
          assert.strictEqual(yield* outbox.trim({ receiver: "full", keepMax: 2, now: 0 }), 2)
          assert.deepStrictEqual(keys(yield* claim("full", 0)), ["c-9", "d-4"])
          assert.deepInclude(yield* outbox.abandonedCounts, { receiver: "full", count: 2 })
        })
      )

      it.effect("gives up of too many no beginning without its end, and keeps both where the end is urgent", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          const trim = (keepMax: number) => outbox.trim({ receiver: "ends", keepMax, now: 0 })
          yield* outbox.enqueue([row("ends", "urgent", 1), row("ends", "a", 2), row("ends", "b", 3), row("ends", "b", 4)], 0)
          yield* outbox.enqueue([row("ends", "a", 5), { ...row("ends", "urgent", 6), priority: 2 }, row("ends", "c", 7)], 0)
          assert.strictEqual(yield* trim(6), 2, "one too many is given up with its end")
          assert.deepStrictEqual(keys(yield* claim("ends", 0)), ["urgent-1", "b-3", "c-7"])
          yield* outbox.release("one")
          // What is on its way is not given up, and its end waits for it.
          const [first, second] = yield* claim("ends", 0, "one", 2)
          yield* outbox.delivered([first!], 0)
          assert.strictEqual(second!.idempotencyKey, "b-3")
          assert.strictEqual(yield* trim(3), 0)
          yield* outbox.release("one")
          assert.strictEqual(yield* trim(2), 2)
          assert.deepStrictEqual(keys(yield* claim("ends", 0)), ["urgent-6", "c-7"])
        })
      )

      it.effect("gives 200 rows to two claimers without overlap", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* outbox.enqueue(
            Array.from({ length: 200 }, (_, n) => row("busy", `f${n}`, n)),
            0
          )
          const take = (owner: string): Effect.Effect<ReadonlyArray<string>, unknown, Outbox> =>
            Effect.flatMap(claim("busy", 0, owner, 7), (rows) =>
              rows.length === 0 ? Effect.succeed([]) : Effect.map(take(owner), (rest) => [...keys(rows), ...rest])
            )
          const [one, two] = yield* Effect.all([take("one"), take("two")], { concurrency: 2 })
          assert.strictEqual(new Set([...one, ...two]).size, 200)
          assert.strictEqual(one.length + two.length, 200)
        })
      )

      it.effect("hands out what was promised, put off or claimed under a clock that was an hour ahead, once the clock is right", () =>
        Effect.gen(function* () {
          const outbox = yield* Outbox
          const hour = 3_600_000
          yield* outbox.enqueue([row("ahead", "promised", 20), row("ahead", "claimed", 21), row("ahead", "failed", 22)], 2 * hour)
          const [promised, , failed] = yield* claim("ahead", 2 * hour, "killed")
          yield* outbox.failed(failed!, "503", 2 * hour)
          yield* outbox.failed(promised!, "503", 2 * hour)
          yield* outbox.enqueue([row("ahead", "new", 23)], 2 * hour)
          assert.deepStrictEqual(keys(yield* claim("ahead", hour)), ["promised-20", "claimed-21", "failed-22", "new-23"])
          // A clock that differs by less is another engine's: its claim holds.
          yield* outbox.enqueue([row("skewed", "x", 24)], 0)
          yield* claim("skewed", 30_000, "two")
          assert.deepStrictEqual(yield* claim("skewed", 0), [])
        })
      )
    }
  )
}
