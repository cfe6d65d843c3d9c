/** One suite for every service: what each must do, whatever it is. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, layer } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer } from "effect"
import { levelChange } from "./support/LevelChange.ts"
import { alertFor, notificationFor } from "./support/Notification.ts"
import { hostile, http, notifications, type ServiceUnderTest } from "./support/ServiceServer.ts"
import { email } from "./service/email.ts"
import { opsgenie } from "./service/opsgenie.ts"
import { pagerDuty } from "./service/pagerDuty.ts"
import { slack } from "./service/slack.ts"
import { sms } from "./service/sms.ts"

const services: ReadonlyArray<ServiceUnderTest> = [slack, pagerDuty, opsgenie, sms, email]

const platform = Policies.layer({ deliver: { timeout: "300 millis", retry: { times: 2, base: "1 millis", max: "5 millis" } } }).pipe(
  Layer.provideMerge(Layer.merge(HealthRegistry.layer, NodeHttpClient.layerUndici))
)

for (const service of services) {
  layer(platform, { excludeTestServices: true })(service.name, (it) => {
    const { protocol = http } = service
    const start = Effect.gen(function* () {
      const server = yield* protocol.serve(service)
      return { server, receiver: yield* service.make(server.origin) }
    })

    it.effect("takes a notification of every shape, within its limits", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        for (const [shape, notification] of Object.entries(notifications())) {
          server.requests.length = 0
          yield* receiver.deliver(notification)
          const shown = service.shown(server.requests)
          const [alert] = notification.alerts
          assert.include(shown, alert.change.coin, shape)
          assert.include(shown, alert.status === "resolved" ? "RESOLVED" : alert.level.toUpperCase(), shape)
          if (notification.simulated) assert.include(shown, "simulated", shape)
          if (alert.closedReason !== undefined) assert.include(shown, alert.closedReason)
          if (shape === "hostile" && service.escapes !== undefined) {
            assert.include(shown, service.escapes(hostile).slice(0, 40))
            assert.notInclude(shown, hostile.slice(0, 40))
          }
        }
      })
    )

    it.effect("is tried again when it fails, under the same key where it takes one", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        server.answers.push(...protocol.busy)
        yield* receiver.deliver(notifications()["firing"]!)
        assert.isAtLeast(server.requests.length, 3)
        const [first, second, third] = server.requests
        assert.deepStrictEqual([second!.path, second!.body], [first!.path, first!.body])
        assert.deepStrictEqual(third!.body, first!.body)
      })
    )

    it.effect("is sent again only what it did not take", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        const { many } = notifications()
        server.answers.push(protocol.refusal("not this one"))
        yield* Effect.flip(receiver.deliver(many!))
        const before = server.requests.length
        yield* receiver.deliver(many!)
        assert.strictEqual(server.requests.length, before + 1)
        // All of it was taken: what comes under the same key now comes whole.
        yield* receiver.deliver(many!)
        assert.strictEqual(server.requests.length, before * 2 + 1)
      })
    )

    const { keys } = service
    if (keys !== undefined) {
      it.effect("knows an alert from its beginning to its end, and from other alerts", () =>
        Effect.gen(function* () {
          const { receiver, server } = yield* start
          const told = Effect.fnUntraced(function* (...[alert, over]: Parameters<typeof notificationFor>) {
            server.requests.length = 0
            yield* receiver.deliver(notificationFor(alert, over))
            return [...new Set(keys(server.requests))]
          })
          const begun = yield* told()
          assert.lengthOf(begun, 1)
          assert.deepStrictEqual(yield* told({ change: levelChange({ time: 60_000 }) }, { idempotencyKey: "later" }), begun)
          assert.deepStrictEqual(yield* told({ status: "resolved", endsAt: 90_000 }, { idempotencyKey: "over" }), begun)
          assert.notDeepEqual(yield* told({ fingerprint: "other" }), begun)
          assert.notDeepEqual(yield* told({}, { simulated: true }), begun)
          const two = { alerts: [alertFor(), alertFor({ fingerprint: "other", startsAt: 1 })] } as const
          assert.include(yield* told({}, two), begun[0])
        })
      )
    }

    const { wait } = protocol
    it.effect.skipIf(wait === undefined)("is left alone for as long as it asks to be", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        server.answers.push(wait!(7))
        const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
        assert.deepInclude(failed, { retryable: true, pauseMillis: 7000 })
        assert.strictEqual(server.requests.length, 1)
      })
    )

    it.effect("is not asked again what it refuses, and its answer is told without its keys", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        const refusal = protocol.refusal(`no such thing\u001b[31m ${service.secrets.join(" ")} ${"x".repeat(100_000)}`)
        server.answers.push(refusal)
        const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
        assert.isFalse(failed.retryable)
        const bodies = server.requests.map(({ body }) => body)
        assert.strictEqual(new Set(bodies).size, bodies.length)
        assert.include(failed.message, `answered ${refusal.status}: no such thing`)
        assert.isBelow(failed.message.length, 400)
        assert.notInclude(failed.message, "\u001b")
        for (const secret of service.secrets) assert.notInclude(failed.message, secret)
      })
    )

    it.effect("does not hold up others when it hangs", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        server.answers.push("hang", "hang", "hang")
        const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
        assert.isTrue(failed.retryable)
        assert.include(failed.message, "took too long")
      })
    )
  })
}
