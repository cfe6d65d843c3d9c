/** Two engines on one database, one of whose clocks is an hour ahead. */
import { assert, describe, it } from "@effect/vitest"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Clock, Deferred, Effect, Layer } from "effect"
import { Dispatcher } from "../src/dispatch/Dispatcher.ts"
import { type Receiver, Receivers } from "../src/receiver/Receiver.ts"
import { notificationFor } from "./support/Notification.ts"
import { services } from "./support/Services.ts"

const clockAhead = Effect.map(Clock.Clock, (clock): Clock.Clock => {
  const hour = 3_600_000
  return {
    sleep: (duration) => clock.sleep(duration),
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + hour,
    currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + hour),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(hour) * 1_000_000n,
    currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(hour) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos
  }
})

const engine = (owner: string, receivers: ReadonlyArray<Receiver>) =>
  Layer.build(
    Layer.fresh(
      Dispatcher.layer({ owner }).pipe(Layer.provide(Layer.succeed(Receivers, receivers)), Layer.provideMerge(Layer.fresh(Outbox.layer)))
    )
  )

/** At the engine's own time, as where it reads the fact. */
const promise = Effect.fnUntraced(function* (receiver: string, fingerprint: string) {
  const notification = notificationFor({ fingerprint }, { idempotencyKey: fingerprint })
  const row = { receiver, idempotencyKey: fingerprint, fingerprint, position: 1, payload: JSON.stringify(notification) }
  yield* (yield* Outbox).enqueue([row], yield* Clock.currentTimeMillis)
})

describe("two engines whose clocks are an hour apart", () => {
  it.live(
    "leave each other's claims alone, and send at once what the other has promised",
    () =>
      Effect.gen(function* () {
        const ahead = yield* clockAhead
        const released = yield* Deferred.make<void>()
        const sent: Array<string> = []
        const sentTwo = yield* Deferred.make<void>()
        const receiver = (name: string, by: string, wait: Effect.Effect<void>): Receiver => ({
          name,
          deliver: ({ idempotencyKey }) =>
            Effect.gen(function* () {
              if (sent.push(`${by}: ${idempotencyKey}`) === 2) yield* Deferred.succeed(sentTwo, undefined)
              yield* wait
            })
        })
        const claimed = yield* Deferred.make<void>()
        const right = yield* engine("right", [
          receiver("slow", "right", Effect.andThen(Deferred.succeed(claimed, undefined), Deferred.await(released))),
          receiver("other", "right", Effect.void)
        ])
        yield* Effect.provide(promise("slow", "a"), right)
        yield* Deferred.await(claimed)
        const other = yield* engine("ahead", [receiver("slow", "ahead", Effect.void)]).pipe(Effect.provideService(Clock.Clock, ahead))
        const inAhead = <A, E>(self: Effect.Effect<A, E, Outbox | Dispatcher>) =>
          self.pipe(Effect.provide(other), Effect.provideService(Clock.Clock, ahead))
        yield* inAhead(Effect.flatMap(Dispatcher, ({ drain }) => drain))
        assert.deepStrictEqual(sent, ["right: a"], "the lease lasts for another minute")
        yield* inAhead(promise("other", "b"))
        yield* Deferred.await(sentTwo).pipe(Effect.timeout("10 seconds"))
        assert.deepStrictEqual(sent, ["right: a", "right: b"])
        yield* Deferred.succeed(released, undefined)
      }).pipe(Effect.scoped, Effect.provide(services)),
    30_000
  )
})
