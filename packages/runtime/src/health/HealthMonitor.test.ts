import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Supervisor } from "../supervision/Supervisor.ts"
import { HealthMonitor } from "./HealthMonitor.ts"
import { HealthRegistry } from "./HealthRegistry.ts"

const layer = HealthMonitor.layer.pipe(Layer.provideMerge(Supervisor.layer), Layer.provideMerge(HealthRegistry.layer))

describe("HealthMonitor", () => {
  it.effect("makes the engine unready while a check does not hold, and ready again once it does", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      let connected = 0
      yield* (yield* HealthMonitor).check(
        "venues",
        Effect.sync(() => ({ ready: connected > 0, detail: `${connected} of 3 connected` }))
      )
      assert.isFalse(yield* health.ready, "before the first look nothing is known")
      yield* TestClock.adjust("1 second")
      assert.isFalse(yield* health.ready)
      connected = 2
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* health.ready)
      connected = 0
      yield* TestClock.adjust("1 second")
      assert.isFalse(yield* health.ready)
      const venues = (yield* health.snapshot).find(({ component }) => component === "venues")
      assert.deepInclude(venues, { status: "unready", detail: "0 of 3 connected" })
      assert.isTrue(yield* health.healthy)
    }).pipe(Effect.provide(layer))
  )

  it.effect("takes a check that hangs or dies for one that does not hold, and goes on with the others", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const monitor = yield* HealthMonitor
      yield* monitor.check("hanging", Effect.never)
      yield* monitor.check("dying", Effect.die("bad pointer"))
      yield* monitor.check("fine", Effect.succeed({ ready: true, detail: "fine" }))
      yield* TestClock.adjust("3 seconds")
      const status = new Map((yield* health.snapshot).map((entry) => [entry.component, `${entry.status}: ${entry.detail}`]))
      assert.strictEqual(status.get("hanging"), "unready: its check does not end within 1s")
      assert.strictEqual(status.get("dying"), "unready: its check died: bad pointer")
      assert.strictEqual(status.get("fine"), "running: fine")
    }).pipe(Effect.provide(layer))
  )
})
