import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Ref } from "effect"
import { TestClock } from "effect/testing"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { Policies } from "./Policies.ts"
import { defaultPolicies, type Policy } from "./Policy.ts"

const withoutRetry: Policy = { ...defaultPolicies.deliver, retry: { times: 0, base: "1 second", max: "1 second" } }
const layer = (deliver: Policy) => Policies.layer({ deliver }).pipe(Layer.provideMerge(HealthRegistry.layer))
const options = { name: "deliver", key: "webhook" } as const

describe("Policies", () => {
  it.effect("opens after five failures, probes after 30 s and closes after three successes", () =>
    Effect.gen(function* () {
      const policies = yield* Policies
      const bad = policies.run(Effect.fail("down"), options)
      const good = policies.run(Effect.void, options)
      for (let call = 0; call < 5; call++) assert.strictEqual(yield* Effect.flip(bad), "down")
      assert.deepInclude(yield* Effect.flip(good), { _tag: "PolicyError", reason: "circuit-open" })
      const [health] = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(health, { component: "deliver:webhook", status: "degraded", detail: "breaker open" })
      yield* TestClock.adjust("30 seconds")
      yield* good
      assert.strictEqual(yield* policies.breaker("deliver", "webhook"), "half-open")
      yield* good
      assert.strictEqual(yield* policies.breaker("deliver", "webhook"), "half-open")
      yield* good
      assert.deepStrictEqual(yield* policies.breakers, [{ key: "deliver:webhook", state: "closed" }])
    }).pipe(Effect.provide(layer(withoutRetry)))
  )

  it.effect("retries what a retry can mend, with backoff, and times each attempt", () =>
    Effect.gen(function* () {
      const policies = yield* Policies
      const attempts = yield* Ref.make(0)
      const third = Ref.updateAndGet(attempts, (n) => n + 1).pipe(
        Effect.flatMap((n) => (n === 1 ? Effect.never : n === 2 ? Effect.fail("refused" as const) : Effect.succeed(n)))
      )
      const fiber = yield* Effect.forkChild(policies.run(third, options))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 3)
      yield* Ref.set(attempts, 1)
      assert.strictEqual(yield* Effect.flip(policies.run(third, { ...options, retryable: () => false })), "refused")
    }).pipe(Effect.provide(layer(defaultPolicies.deliver)))
  )

  it.effect("treats one receiver or venue as its own override says, and the others by name", () =>
    Effect.gen(function* () {
      const policies = yield* Policies
      const took = Effect.fnUntraced(function* (key: string) {
        const call = yield* Effect.forkChild(Effect.flip(policies.run(Effect.never, { name: "deliver", key })))
        let seconds = 0
        while (call.pollUnsafe() === undefined) {
          yield* TestClock.adjust("1 second")
          seconds++
        }
        assert.deepInclude(yield* Fiber.join(call), { _tag: "PolicyError", reason: "timed-out", key })
        return seconds
      })
      assert.strictEqual(yield* took("slow-pager"), 20)
      assert.strictEqual(yield* took("webhook"), 2)
      assert.strictEqual(policies.policy("deliver", "slow-pager").timeout, "20 seconds")
      assert.strictEqual(policies.policy("deliver", "slow-pager").breaker.failures, 5, "what an override leaves unsaid stays")
      for (let call = 0; call < 4; call++) yield* took("webhook")
      assert.strictEqual(yield* policies.breaker("deliver", "webhook"), "open")
      assert.strictEqual(yield* policies.breaker("deliver", "slow-pager"), "closed")
    }).pipe(
      Effect.provide(
        Policies.layer({ deliver: { ...withoutRetry, timeout: "2 seconds" }, "deliver:slow-pager": { timeout: "20 seconds" } }).pipe(
          Layer.provideMerge(HealthRegistry.layer)
        )
      )
    )
  )

  it.effect("delays a call whose tokens are spent", () =>
    Effect.gen(function* () {
      const policies = yield* Policies
      const fiber = yield* Effect.forkChild(Effect.replicateEffect(policies.run(Effect.void, { ...options, tokens: 5 }), 3))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(layer({ ...withoutRetry, rate: { limit: 10, window: "10 seconds" } })))
  )
})
