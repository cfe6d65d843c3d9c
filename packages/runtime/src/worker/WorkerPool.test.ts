import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { type Priority, WorkerPool } from "./WorkerPool.ts"

const module = new URL("./jobs.torture.worker.ts", import.meta.url)
const job = (name: string, input: unknown, priority: Priority = "medium") => ({ priority, module, function: name, input })
const layer = (threads: number, waitingMax = 100) =>
  WorkerPool.layer({ threads, waitingMax }).pipe(Layer.provideMerge(HealthRegistry.layer))

describe("WorkerPool", () => {
  it.live("gives back what the function returned, or why it failed, and outlives a thread that dies", () =>
    Effect.gen(function* () {
      const pool = yield* WorkerPool
      assert.deepStrictEqual(yield* Effect.forEach([1, 2, 3], (n) => pool.run(job("double", n)), { concurrency: 3 }), [2, 4, 6])
      assert.include((yield* Effect.flip(pool.run(job("fail", 0)))).message, "refused")
      assert.include((yield* Effect.flip(pool.run(job("missing", 0)))).message, "no function missing")
      assert.strictEqual((yield* Effect.flip(pool.run(job("die", 0))))._tag, "JobFailed")
      assert.strictEqual(yield* pool.run(job("double", 21)), 42)
    }).pipe(Effect.provide(layer(2)))
  )

  it.live("takes the highest priority first, the oldest within one, and refuses beyond its bound", () =>
    Effect.gen(function* () {
      const pool = yield* WorkerPool
      const order: Array<string> = []
      const run = (name: string, priority: Priority) =>
        Effect.forkChild(pool.run(job("double", 1, priority)).pipe(Effect.andThen(Effect.sync(() => order.push(name)))), {
          startImmediately: true
        })
      const first = yield* Effect.forkChild(pool.run(job("sleep", 300)), { startImmediately: true })
      const fibers = [
        yield* run("low", "low"),
        yield* run("medium", "medium"),
        yield* run("high 1", "high"),
        yield* run("high 2", "high"),
        yield* run("critical", "critical")
      ]
      const refused = yield* Effect.flip(pool.run(job("double", 1, "high")))
      assert.deepInclude(refused, { _tag: "PoolFull", priority: "high", waitingMax: 2 })
      yield* Fiber.join(first)
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(order, ["critical", "high 1", "high 2", "medium", "low"])
    }).pipe(Effect.provide(layer(1, 2)))
  )

  it.live("ends a job that is interrupted, and goes on", () =>
    Effect.gen(function* () {
      const pool = yield* WorkerPool
      const long = yield* Effect.forkChild(pool.run(job("sleep", 60_000)), { startImmediately: true })
      yield* Effect.sleep("100 millis")
      yield* Fiber.interrupt(long)
      assert.strictEqual(yield* pool.run(job("double", 4)), 8)
    }).pipe(Effect.provide(layer(1)))
  )
})
