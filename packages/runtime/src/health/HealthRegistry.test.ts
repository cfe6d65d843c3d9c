import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HealthRegistry } from "./HealthRegistry.ts"

describe("HealthRegistry", () => {
  it.effect("is ready once every component runs, and unhealthy once one has failed", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      yield* health.report("feed", "starting")
      assert.isFalse(yield* health.ready)
      yield* health.report("feed", "degraded", "breaker open")
      assert.isTrue(yield* health.ready)
      yield* health.report("store", "failed", "disk gone")
      assert.isFalse(yield* health.healthy)
    }).pipe(Effect.provide(HealthRegistry.layer))
  )

  it.effect("reads gauges when somebody looks", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      let depth = 1
      yield* health.gauge("feed", "mailbox", () => depth)
      depth = 7
      yield* health.restarted("feed")
      const [feed] = yield* health.snapshot
      assert.deepInclude(feed, { component: "feed", restarts: 1, gauges: { mailbox: 7 } })
    }).pipe(Effect.provide(HealthRegistry.layer))
  )
})
