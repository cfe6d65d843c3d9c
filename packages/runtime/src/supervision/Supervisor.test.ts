import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Ref, Scope } from "effect"
import { TestClock } from "effect/testing"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { Supervisor } from "./Supervisor.ts"

const layer = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer))

describe("Supervisor", () => {
  it.effect("restarts a loop that fails and one that dies", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const starts = yield* Ref.make(0)
      yield* supervisor.supervise(
        "flaky",
        Effect.gen(function* () {
          const start = yield* Ref.updateAndGet(starts, (n) => n + 1)
          if (start === 1) return yield* Effect.fail("failure")
          if (start === 2) return yield* Effect.die("defect")
          return yield* Effect.never
        })
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Ref.get(starts), 3)
      const [flaky] = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(flaky, { component: "flaky", status: "running", restarts: 2 })
    }).pipe(Effect.provide(layer))
  )

  it.effect("escalates more crashes than the window allows, and reports the component failed", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      yield* supervisor.supervise("broken", Effect.fail("always"))
      yield* TestClock.adjust("1 minute")
      const failure = yield* Effect.flip(supervisor.escalation)
      assert.deepInclude(failure, { _tag: "ComponentFailed", component: "broken", restarts: 5 })
      assert.isFalse(yield* (yield* HealthRegistry).healthy)
    }).pipe(Effect.provide(layer))
  )

  it.effect("counts a loop that is interrupted from within like one that crashes", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const health = yield* HealthRegistry
      const interruptions = {
        own: Effect.interrupt,
        child: Effect.flatMap(Effect.forkChild(Effect.never), (child) => Effect.andThen(Fiber.interrupt(child), Fiber.join(child))),
        defect: Effect.failCause(Cause.combine(Cause.interrupt(), Cause.die("bug")))
      }
      const starts = new Map<string, number>()
      for (const [name, interruption] of Object.entries(interruptions))
        yield* supervisor.supervise(
          name,
          Effect.suspend(() => {
            starts.set(name, (starts.get(name) ?? 0) + 1)
            return interruption
          })
        )
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(Object.fromEntries(starts), { own: 6, child: 6, defect: 6 })
      assert.strictEqual((yield* Effect.flip(supervisor.escalation)).restarts, 5)
      for (const component of yield* health.snapshot) assert.deepInclude(component, { status: "failed", restarts: 5 })
    }).pipe(Effect.provide(layer))
  )

  it.effect("crashes the loop that is named, which is started again, and no other", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const starts = yield* Ref.make<ReadonlyArray<string>>([])
      for (const name of ["one", "two"])
        yield* supervisor.supervise(
          name,
          Effect.andThen(
            Ref.update(starts, (all) => [...all, name]),
            Effect.never
          )
        )
      yield* supervisor.supervise("over", Effect.void)
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* supervisor.crash("one"))
      assert.isFalse(yield* supervisor.crash("over"))
      assert.isFalse(yield* supervisor.crash("nobody"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Ref.get(starts), ["one", "two", "one"])
      const components = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(
        components.find(({ component }) => component === "one"),
        { status: "running", restarts: 1 }
      )
      assert.deepInclude(
        components.find(({ component }) => component === "two"),
        { status: "running", restarts: 0 }
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps a loop that crashes seldom alive forever", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const starts = yield* Ref.make(0)
      yield* supervisor.supervise(
        "seldom",
        Ref.update(starts, (n) => n + 1).pipe(Effect.andThen(Effect.sleep("20 seconds")), Effect.andThen(Effect.fail("again")))
      )
      yield* TestClock.adjust("10 minutes")
      assert.isAbove(yield* Ref.get(starts), 20)
    }).pipe(Effect.provide(layer))
  )

  it.effect("does not escalate when the scope closes", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const scope = yield* Scope.make()
      yield* supervisor.supervise("stopped", Effect.never).pipe(Scope.provide(scope))
      const escalation = yield* Effect.forkChild(supervisor.escalation)
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(escalation.pollUnsafe())
    }).pipe(Effect.provide(layer))
  )

  it.effect("restarts a loop whose heartbeat stands still, and says so", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      let starts = 0
      yield* supervisor.superviseBeating(
        "hanging",
        (beat) =>
          Effect.suspend(() => {
            const hangs = ++starts === 1
            return beat.pipe(Effect.andThen(hangs ? Effect.never : Effect.sleep("500 millis")), Effect.forever)
          }),
        "2 seconds"
      )
      yield* TestClock.adjust("1900 millis")
      assert.strictEqual(starts, 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(starts, 2)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(starts, 2, "one that beats goes on")
      const [hanging] = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(hanging, { component: "hanging", status: "running", restarts: 1 })
    }).pipe(Effect.provide(layer))
  )
})
