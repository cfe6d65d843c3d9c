/** One suite for every service: what each must do, whatever it is. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, layer } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer } from "effect"
import { hostileMarks, notifications, serveService, type ServiceUnderTest } from "./support/ServiceServer.ts"
import { alertmanager, alertmanagerBasic } from "./service/alertmanager.ts"
import { discord } from "./service/discord.ts"
import { slack } from "./service/slack.ts"
import { teams } from "./service/teams.ts"
import { telegram } from "./service/telegram.ts"

const services: ReadonlyArray<ServiceUnderTest> = [slack, discord, telegram, teams, alertmanager, alertmanagerBasic]

const platform = Policies.layer({
  deliver: {
    timeout: "300 millis",
    retry: { times: 2, base: "1 millis", max: "5 millis" },
    // What fails in one test is not to be left alone in the next.
    breaker: { failures: 1000, openFor: "1 second", successes: 1 }
  }
}).pipe(Layer.provideMerge(Layer.merge(HealthRegistry.layer, NodeHttpClient.layerUndici)))

for (const service of services) {
  layer(platform, { excludeTestServices: true })(service.name, (it) => {
    const start = Effect.gen(function* () {
      const server = yield* serveService(service)
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
            assert.include(shown, service.escapes(hostileMarks))
            assert.notInclude(shown, hostileMarks)
          }
        }
      })
    )

    it.effect("is tried again when it fails, under the same key where it takes one", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        server.answers.push({ status: 503 }, { status: 500, body: "later" })
        yield* receiver.deliver(notifications()["firing"]!)
        assert.isAtLeast(server.requests.length, 3)
        const [first, second, third] = server.requests
        assert.deepStrictEqual([second!.path, second!.body], [first!.path, first!.body])
        assert.deepStrictEqual(third!.body, first!.body)
      })
    )

    it.effect("is left alone for as long as it asks to be", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        for (const answer of [{ status: 429, headers: { "retry-after": "7" } }, ...(service.pauses ?? [])]) {
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
        server.answers.push({ status: 400, body: `no such thing\u001b[31m ${"x".repeat(100_000)}` })
        const failed = yield* Effect.flip(receiver.deliver(notifications()["firing"]!))
        assert.isFalse(failed.retryable)
        assert.strictEqual(server.requests.length, 1)
        assert.include(failed.message, "answered 400: no such thing")
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
        assert.include(failed.message, "answered 404")
        for (const secret of service.secrets) assert.notInclude(failed.message, secret)
      })
    )

    it.effect("is not taken to have been told when it means no", () =>
      Effect.gen(function* () {
        const { receiver, server } = yield* start
        for (const [answer, told] of service.refusals ?? []) {
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
      })
    )
  })
}
