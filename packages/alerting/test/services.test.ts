/** One suite for every service: what each must do, whatever it is. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, layer } from "@effect/vitest"
import { alertSubject } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { type Duration, Effect, Layer } from "effect"
import { levelChange } from "./support/LevelChange.ts"
import { alertFor, notificationFor } from "./support/Notification.ts"
import { hostileMarks, http, notifications, type ServiceUnderTest } from "./support/ServiceServer.ts"
import { alertmanager, alertmanagerBasic } from "./service/alertmanager.ts"
import { discord } from "./service/discord.ts"
import { email } from "./service/email.ts"
import { opsgenie } from "./service/opsgenie.ts"
import { pagerDuty } from "./service/pagerDuty.ts"
import { slack } from "./service/slack.ts"
import { sms } from "./service/sms.ts"
import { teams } from "./service/teams.ts"
import { telegram } from "./service/telegram.ts"

const services: ReadonlyArray<ServiceUnderTest> = [
  slack,
  discord,
  telegram,
  teams,
  alertmanager,
  alertmanagerBasic,
  pagerDuty,
  opsgenie,
  sms,
  email
]

const policies = (timeout: Duration.Input) =>
  Policies.layer({
    deliver: {
      timeout,
      retry: { times: 2, base: "1 millis", max: "5 millis" },
      // What fails in one test is not to be left alone in the next.
      breaker: { failures: 1000, openFor: "1 second", successes: 1 }
    }
  })

/** Where nothing hangs, a busy machine fails no test. */
const platform = policies("10 seconds").pipe(Layer.provideMerge(Layer.merge(HealthRegistry.layer, NodeHttpClient.layerUndici)))

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
          assert.include(shown, alertSubject(alert), shape)
          assert.include(shown, alert.status === "resolved" ? "RESOLVED" : alert.level.toUpperCase(), shape)
          if (notification.simulated) assert.include(shown, "simulated", shape)
          if (alert.closedReason !== undefined) assert.include(shown, alert.closedReason)
          if (shape === "hostile" && service.escapes !== undefined) {
            assert.include(shown, service.escapes(hostileMarks))
            assert.notInclude(shown, hostileMarks)
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

    const pauses = [...(protocol.wait === undefined ? [] : [protocol.wait(7)]), ...(service.pauses ?? [])]
    it.effect.skipIf(pauses.length === 0)("is left alone for as long as it asks to be", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        for (const answer of pauses) {
          server.requests.length = 0
          server.answers.push(answer)
          const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
          assert.deepInclude(failed, { retryable: true, pauseMillis: 7000 })
          assert.strictEqual(server.requests.length, 1)
        }
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

    it.effect("shows no key, though the answer repeats the request", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        server.answers.push("echo")
        const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
        assert.include(failed.message, `answered ${protocol.refusal("").status}`)
        for (const secret of service.secrets) assert.notInclude(failed.message, secret)
      })
    )

    const { refusals = [] } = service
    it.effect.skipIf(refusals.length === 0)("is not taken to have been told when it means no", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        for (const [answer, told] of refusals) {
          server.requests.length = 0
          server.answers.push(answer)
          const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
          assert.isFalse(failed.retryable)
          assert.include(failed.message, told)
          assert.strictEqual(server.requests.length, 1)
        }
      })
    )

    it.effect("does not hold up others when it hangs", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        server.answers.push("hang", "hang", "hang")
        const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
        assert.isTrue(failed.retryable)
        assert.include(failed.message, "took too long")
      }).pipe(Effect.provide(policies("300 millis")))
    )
  })
}
