import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { serve } from "../../test/support/Program.ts"
import { layerHeartbeat } from "./Heartbeat.ts"

const services = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeHttpClient.layerUndici))

/** Looks until the condition holds; calls over loopback happen in between. */
const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.promise(() => new Promise(setImmediate)).pipe(Effect.andThen(condition), Effect.repeat({ until: (holds) => holds }))

describe("the heartbeat", () => {
  it.effect("is sent at each interval while the engine is ready, and only then", () =>
    Effect.gen(function* () {
      const calls: Array<string> = []
      let status = 200
      const server = yield* serve((request) => {
        calls.push(`${request.method} ${request.url}`)
        return status
      })
      const url = Redacted.make(`${server.url}/ping/secret-key`)
      yield* Effect.gen(function* () {
        const health = yield* HealthRegistry
        const own = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "heartbeat")!)
        const says = (words: string) => until(Effect.map(own, ({ detail }) => detail.includes(words)))
        yield* says("to 127.0.0.1")
        yield* TestClock.adjust("29 seconds")
        assert.deepStrictEqual(calls, ["POST /ping/secret-key"])
        yield* TestClock.adjust("1 second")
        yield* until(Effect.sync(() => calls.length === 2))
        yield* says("to 127.0.0.1")

        yield* health.report("prices", "unready", "no fresh price of USDC")
        yield* TestClock.adjust("30 seconds")
        yield* says("the engine is not ready")
        yield* TestClock.adjust("60 seconds")
        assert.lengthOf(calls, 2)

        yield* health.report("prices", "running")
        status = 500
        yield* TestClock.adjust("30 seconds")
        yield* says("answered 500")
        assert.isTrue(yield* health.ready, "a heartbeat that fails does not make the engine unready")
        status = 200
        yield* TestClock.adjust("30 seconds")
        yield* says("to 127.0.0.1")
        assert.lengthOf(calls, 4)
        assert.notInclude(JSON.stringify(yield* health.snapshot), "secret-key")
      }).pipe(Effect.provide(layerHeartbeat({ url, everySeconds: 30, protocol: "plain" }).pipe(Layer.provideMerge(services))))
    })
  )

  it.effect("tells healthchecks.io what is wrong, and calls its failure while the engine is not ready", () =>
    Effect.gen(function* () {
      const calls: Array<string> = []
      const server = yield* serve((request, body) => {
        calls.push(`${request.url} ${body}`)
        return 200
      })
      const url = Redacted.make(`${server.url}/ping/secret-key/?create=1`)
      yield* Effect.gen(function* () {
        const health = yield* HealthRegistry
        yield* until(Effect.sync(() => calls.length === 1))
        yield* health.report("receiver:desk", "degraded", "answered 503")
        yield* health.report("prices", "unready", "no fresh price of USDC")
        const own = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "heartbeat")!)
        yield* until(Effect.map(own, ({ detail }) => detail.includes("to 127.0.0.1")))
        yield* TestClock.adjust("30 seconds")
        yield* until(Effect.sync(() => calls.length === 2))
        assert.deepStrictEqual(calls, [
          "/ping/secret-key/?create=1 ",
          "/ping/secret-key/fail?create=1 receiver:desk: degraded answered 503\nprices: unready no fresh price of USDC"
        ])
      }).pipe(Effect.provide(layerHeartbeat({ url, everySeconds: 30, protocol: "healthchecks" }).pipe(Layer.provideMerge(services))))
    })
  )

  it.effect("says that nobody answers, without the address, and is nothing without one", () =>
    Effect.gen(function* () {
      const url = Redacted.make("http://127.0.0.1:1/secret-key")
      const detail = Effect.gen(function* () {
        const { snapshot } = yield* HealthRegistry
        const own = Effect.map(snapshot, (all) => all.find(({ component }) => component === "heartbeat"))
        yield* until(Effect.map(own, (seen) => seen?.status === "degraded"))
        return (yield* own)!.detail
      })
      const words = yield* Effect.provide(
        detail,
        layerHeartbeat({ url, everySeconds: 30, protocol: "plain" }).pipe(Layer.provideMerge(services))
      )
      assert.strictEqual(words, "127.0.0.1:1: ECONNREFUSED (POST http://127.0.0.1:1)")
      const none = Effect.flatMap(HealthRegistry, ({ snapshot }) => snapshot)
      const without = layerHeartbeat({ url: Redacted.make(""), everySeconds: 30, protocol: "plain" }).pipe(Layer.provideMerge(services))
      assert.deepStrictEqual(yield* Effect.provide(none, without), [])
    })
  )
})
