import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Ref, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { type ActorOptions, makeActor } from "./Actor.ts"
import { Supervisor } from "./Supervisor.ts"

const Message = Schema.Union([
  Schema.TaggedStruct("Add", { n: Schema.Int }),
  Schema.TaggedStruct("Fail", {}),
  Schema.TaggedStruct("Die", {}),
  Schema.TaggedStruct("Get", {})
])
type Message = typeof Message.Type
const add = (n: number): Message => ({ _tag: "Add", n })
const get: Message = { _tag: "Get" }

const layer = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer))

const counter = (over: Partial<ActorOptions<number, Message, number, string, never>> = {}) =>
  makeActor<number, Message, number, string, never>({
    name: "counter",
    message: Message,
    mailboxCapacity: 4,
    initial: Effect.succeed(0),
    receive: (state, message) => {
      if (message._tag === "Fail") return Effect.fail("failure")
      if (message._tag === "Die") return Effect.die(new Error("defect"))
      const next = message._tag === "Add" ? state + message.n : state
      return Effect.succeed([next, next] as const)
    },
    ...over
  })

/** A counter whose first message waits until the gate opens, and the order in which it handled the rest. */
const gated = Effect.fnUntraced(function* (over: Partial<ActorOptions<number, Message, number, string, never>>) {
  const gate = yield* Deferred.make<void>()
  const seen = yield* Ref.make<ReadonlyArray<number>>([])
  const actor = yield* counter({
    ...over,
    receive: (state, message) =>
      Deferred.await(gate).pipe(
        Effect.andThen(Ref.update(seen, (all) => (message._tag === "Add" ? [...all, message.n] : all))),
        Effect.as([state, state] as const)
      )
  })
  yield* actor.tell(add(0))
  yield* Effect.yieldNow
  return { actor, open: Deferred.succeed(gate, undefined).pipe(Effect.andThen(actor.ask(get)), Effect.andThen(Ref.get(seen))), gate, seen }
})

describe("Actor", () => {
  it.effect("keeps its state over a crash, or begins anew, as declared", () =>
    Effect.gen(function* () {
      for (const afterCrash of ["resume", "reset"] as const) {
        for (const crash of ["Fail", "Die"] as const) {
          const actor = yield* counter({ afterCrash })
          assert.strictEqual(yield* actor.ask(add(5)), 5)
          yield* actor.tell({ _tag: crash })
          const later = yield* Effect.forkChild(actor.ask(add(1)))
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* Fiber.join(later), afterCrash === "resume" ? 6 : 1)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("fails the ask that kills it and escalates when it crashes too often", () =>
    Effect.gen(function* () {
      const actor = yield* counter()
      assert.strictEqual((yield* Effect.flip(actor.ask({ _tag: "Fail" })))._tag, "ActorStopped")
      for (let crash = 0; crash < 5; crash++) {
        yield* Effect.forkChild(actor.tell({ _tag: "Die" }))
        yield* TestClock.adjust("5 seconds")
      }
      const failure = yield* Effect.flip((yield* Supervisor).escalation)
      assert.strictEqual(failure.component, "counter")
      assert.strictEqual((yield* Effect.flip(actor.tell(get)))._tag, "ActorStopped")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("answers a full mailbox as it says: drop the newest, slide, conflate by key, suspend", () =>
    Effect.gen(function* () {
      const dropping = yield* gated({ mailboxCapacity: 2, overflow: { _tag: "DropNewest" } })
      assert.deepStrictEqual(yield* Effect.forEach([1, 2, 3], (n) => dropping.actor.tell(add(n))), [true, true, false])
      yield* Deferred.succeed(dropping.gate, undefined)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Ref.get(dropping.seen), [0, 1, 2])

      const sliding = yield* gated({ mailboxCapacity: 2, overflow: { _tag: "Slide" } })
      yield* Effect.forEach([1, 2, 3], (n) => sliding.actor.tell(add(n)))
      yield* Deferred.succeed(sliding.gate, undefined)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Ref.get(sliding.seen), [0, 2, 3])

      const parity = (message: Message) => (message._tag === "Add" ? String(message.n % 2) : "get")
      const conflating = yield* gated({ mailboxCapacity: 8, overflow: { _tag: "Conflate", key: parity } })
      yield* Effect.forEach([1, 2, 3, 4, 5], (n) => conflating.actor.tell(add(n)))
      assert.strictEqual(yield* conflating.actor.depth, 2)
      assert.deepStrictEqual(yield* conflating.open, [0, 5, 4])

      const suspending = yield* gated({ mailboxCapacity: 1 })
      yield* suspending.actor.tell(add(1))
      const third = yield* Effect.forkChild(suspending.actor.tell(add(2)))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(third.pollUnsafe())
      assert.deepStrictEqual(yield* suspending.open, [0, 1, 2])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("replaces what waits for its key, whatever was asked before it", () =>
    Effect.gen(function* () {
      const handled: Array<number> = []
      const gates = yield* Effect.replicateEffect(Deferred.make<void>(), 3)
      const actor = yield* counter({
        mailboxCapacity: 8,
        overflow: { _tag: "Conflate", key: () => "same" },
        receive: (state, message) =>
          Deferred.await(gates[Math.min(state, 2)]!).pipe(
            Effect.andThen(Effect.sync(() => message._tag === "Add" && handled.push(message.n))),
            Effect.as([state + 1, state] as const)
          )
      })
      yield* actor.tell(add(0))
      yield* Effect.yieldNow
      yield* Effect.forkChild(actor.ask(get))
      yield* Effect.yieldNow
      yield* actor.tell(add(1))
      // The message that was asked is handled while another of its key still waits.
      yield* Deferred.succeed(gates[0]!, undefined)
      yield* TestClock.adjust("1 second")
      yield* actor.tell(add(2))
      yield* Deferred.succeed(gates[1]!, undefined)
      yield* Deferred.succeed(gates[2]!, undefined)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(handled, [0, 2])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("fails an ask whose message slides out, is refused, or finds no room for its key", () =>
    Effect.gen(function* () {
      for (const overflow of [{ _tag: "Slide" }, { _tag: "DropNewest" }, { _tag: "Conflate", key: () => "same" }] as const) {
        const { actor, gate } = yield* gated({ mailboxCapacity: 1, overflow })
        const first = yield* Effect.forkChild(Effect.flip(actor.ask(get)))
        yield* Effect.yieldNow
        const second = yield* Effect.forkChild(Effect.flip(actor.ask(get)))
        yield* TestClock.adjust("1 second")
        const failed = overflow._tag === "Slide" ? first : second
        assert.strictEqual((yield* Fiber.join(failed))._tag, "MessageDropped")
        yield* Deferred.succeed(gate, undefined)
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("handles what it accepted before it stops, and takes no more", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { actor, gate, seen } = yield* gated({ mailboxCapacity: 8 }).pipe(Scope.provide(scope))
      yield* Effect.forEach([1, 2, 3], (n) => actor.tell(add(n)))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* Ref.get(seen), [0, 1, 2, 3])
      assert.strictEqual((yield* Effect.flip(actor.tell(get)))._tag, "ActorStopped")
    }).pipe(Effect.provide(layer))
  )
  it.effect("is restarted when a message hangs, says so before, and handles the next one", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const actor = yield* counter({
        hangsAfter: "5 seconds",
        receive: (state, message) => (message._tag === "Get" ? Effect.succeed([state, 7] as const) : Effect.never)
      })
      const own = Effect.map(health.snapshot, ([component]) => component)
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* own, { status: "running", hung: false, restarts: 0 }, "one without work does not hang")
      yield* actor.tell(add(1))
      yield* TestClock.adjust("2 seconds")
      assert.deepInclude(yield* own, { status: "degraded", hung: true, restarts: 0 })
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* own, { status: "running", hung: false, restarts: 1 })
      assert.strictEqual(yield* actor.ask(get), 7)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("refuses unknown input with the reason", () =>
    Effect.gen(function* () {
      const actor = yield* counter()
      assert.isTrue(yield* actor.tellUnknown({ _tag: "Add", n: 2 }))
      assert.strictEqual((yield* Effect.flip(actor.tellUnknown({ _tag: "Add", n: "two" })))._tag, "SchemaError")
      assert.strictEqual(yield* actor.ask(get), 2)
      const [health] = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(health?.gauges, { mailbox: 0, handled: 2 })
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
