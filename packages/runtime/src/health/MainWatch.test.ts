import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Worker } from "node:worker_threads"
import { Supervisor } from "../supervision/Supervisor.ts"
import { HealthRegistry } from "./HealthRegistry.ts"
import { allocateMainWatch, lookAtMain, standstillLooks, words } from "./MainBeats.ts"
import { layerMainWatch } from "./MainWatch.ts"

describe("MainWatch", () => {
  it("counts a standstill once, and how long the longest was", () => {
    const memory = new Int32Array(allocateMainWatch())
    let seen = 0
    const look = (times: number) => {
      for (let n = 0; n < times; n++) seen = lookAtMain(memory, seen)
    }
    const beat = () => {
      Atomics.add(memory, words.beats, 1)
      look(1)
    }
    look(standstillLooks - 1)
    beat()
    assert.strictEqual(memory[words.standstills], 0, "a long turn is none")
    for (const looks of [9, 6]) {
      look(looks)
      beat()
    }
    assert.deepStrictEqual([memory[words.standstills], memory[words.longest], memory[words.newest]], [2, 9, 6])
  })

  it("is noticed by another thread within two seconds while this one is blocked", () =>
    Effect.gen(function* () {
      const buffer = allocateMainWatch()
      const memory = new Int32Array(buffer)
      const worker = new Worker(new URL("./mainwatch.worker.ts", import.meta.url), { workerData: buffer })
      yield* Effect.callback<void>((resume) => void worker.once("online", () => resume(Effect.void)))
      const began = performance.now()
      // This thread is blocked, and woken by what the other one has noticed.
      assert.notStrictEqual(Atomics.wait(memory, words.standstills, 0, 30_000), "timed-out")
      assert.isBelow(performance.now() - began, 5000)
      yield* Effect.promise(() => worker.terminate())
    }).pipe(Effect.runPromise))

  it.live("registers the main thread as a component", () =>
    Effect.gen(function* () {
      yield* Effect.yieldNow
      const [main] = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(main, { component: "main-thread", status: "running", gauges: { standstills: 0, longest_standstill_ms: 0 } })
    }).pipe(Effect.provide(layerMainWatch.pipe(Layer.provideMerge(Supervisor.layer), Layer.provideMerge(HealthRegistry.layer))))
  )
})
