import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import type { ChangeKind, LevelChange, RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { layerPglite } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer, Redacted } from "effect"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { DeliveryFailed, type Receiver, Receivers } from "../receiver/Receiver.ts"
import { makeWebhookReceiver, verifySignature } from "../receiver/WebhookReceiver.ts"
import { AlertManager } from "./AlertManager.ts"
import { Dispatcher } from "./Dispatcher.ts"

const change = (coin: string, level: RiskLevel, previous: RiskLevel, kind: ChangeKind, time: number): LevelChange => ({
  time,
  coin,
  level,
  previous,
  kind,
  fairValue: 0.99,
  errorBps: 1,
  deviationBps: -100,
  venues: { agree: ["kraken"], differ: [] },
  drivers: [],
  reason: ["because"]
})

/** A receiver that keeps what it is given, and refuses while told to. */
const makeRecorder = (name: string) => {
  const seen: Array<Notification> = []
  const state = { refuse: false }
  const receiver: Receiver = {
    name,
    deliver: (notification) =>
      state.refuse
        ? Effect.fail(new DeliveryFailed({ receiver: name, problem: "refuses", retryable: true }))
        : Effect.sync(() => {
            seen.push(notification)
          })
  }
  return { receiver, seen, state }
}
const good = makeRecorder("good")
const bad = makeRecorder("bad")

const services = Dispatcher.layer.pipe(
  Layer.provideMerge(AlertManager.layer({ minimumLevel: "warning" })),
  Layer.provide(Layer.succeed(Receivers, [good.receiver, bad.receiver])),
  Layer.provideMerge(Layer.mergeAll(EventStore.layer, Outbox.layer)),
  Layer.provideMerge(layerPglite("memory://")),
  Layer.provideMerge(Supervisor.layer),
  Layer.provideMerge(
    Policies.layer({
      deliver: { ...defaultPolicies.deliver, timeout: "200 millis", retry: { times: 2, base: "1 millis", max: "5 millis" } }
    })
  ),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)

const summary = (notifications: ReadonlyArray<Notification>) =>
  notifications.map(({ alert }) => `${alert.change.coin} ${alert.status} ${alert.level}`)

/** A server on loopback that answers as `answer` says; its requests, and its URL. */
const serve = (answer: (request: number, message: IncomingMessage, body: string) => number | "hang") =>
  Effect.acquireRelease(
    Effect.callback<{
      readonly url: string
      readonly server: Server
      readonly requests: Array<{ headers: IncomingMessage["headers"]; body: string }>
    }>((resume) => {
      const requests: Array<{ headers: IncomingMessage["headers"]; body: string }> = []
      const server = createServer((message, response) => {
        let body = ""
        message
          .on("data", (chunk: Buffer) => {
            body += chunk.toString()
          })
          .on("end", () => {
            requests.push({ headers: message.headers, body })
            const status = answer(requests.length, message, body)
            if (status !== "hang") response.writeHead(status).end()
          })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed({ url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook`, server, requests }))
      })
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

layer(services, { timeout: "60 seconds", excludeTestServices: true })("alerting", (it) => {
  it.effect("opens an alert at its minimum level, tells each rise once, and resolves it", () =>
    Effect.gen(function* () {
      const manager = yield* AlertManager
      const told = []
      told.push(...(yield* manager.record(change("USDC", "watch", "normal", "break", 1))))
      told.push(...(yield* manager.record(change("USDC", "warning", "watch", "break", 2))))
      told.push(...(yield* manager.record(change("USDC", "critical", "warning", "break", 3))))
      // A restarted engine says it all again.
      told.push(...(yield* manager.record(change("USDC", "warning", "normal", "break", 4))))
      told.push(...(yield* manager.record(change("USDC", "critical", "warning", "break", 5))))
      told.push(...(yield* manager.record(change("USDC", "warning", "critical", "recovery", 6))))
      told.push(...(yield* manager.record(change("USDC", "normal", "warning", "recovery", 7))))
      assert.deepStrictEqual(summary(told), ["USDC firing warning", "USDC firing critical", "USDC firing warning", "USDC resolved warning"])
      assert.strictEqual(new Set(told.map(({ idempotencyKey }) => idempotencyKey)).size, 4)
      assert.strictEqual(yield* (yield* EventStore).verify, 7)
      assert.deepStrictEqual(yield* manager.list({ all: false, limit: 10 }), [])
      const [resolved] = yield* manager.list({ all: true, limit: 10 })
      assert.deepInclude(resolved, { status: "resolved", startsAt: 2, endsAt: 7 })
    })
  )

  it.effect("ends one kind of trouble when another begins, under its own fingerprint", () =>
    Effect.gen(function* () {
      const manager = yield* AlertManager
      const first = yield* manager.record(change("DAI", "warning", "normal", "premium", 1))
      const second = yield* manager.record(change("DAI", "critical", "warning", "break", 2))
      assert.deepStrictEqual(summary([...first, ...second]), ["DAI firing warning", "DAI resolved warning", "DAI firing critical"])
      assert.notStrictEqual(second[0]!.alert.fingerprint, second[1]!.alert.fingerprint)
    })
  )

  it.effect(
    "delivers in order, and a receiver that fails holds up nobody else and loses nothing",
    () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        bad.state.refuse = true
        while (good.seen.length < 7) yield* Effect.yieldNow
        assert.deepStrictEqual(
          good.seen.map(({ position }) => position),
          [2, 3, 6, 7, 8, 9, 9]
        )
        assert.strictEqual(bad.seen.length + (yield* outbox.pending), 7)
        bad.state.refuse = false
        while ((yield* outbox.pending) > 0) yield* Effect.sleep("50 millis")
        assert.deepStrictEqual(
          [...new Set(bad.seen.map(({ idempotencyKey }) => idempotencyKey))].sort(),
          good.seen.map(({ idempotencyKey }) => idempotencyKey).sort()
        )
      }),
    30_000
  )

  it.effect("signs a webhook so that its receiver can tell, and repeats under one idempotency key", () =>
    Effect.gen(function* () {
      const server = yield* serve((request) => (request < 3 ? 503 : 204))
      const webhook = yield* makeWebhookReceiver({ name: "hook", url: server.url, secret: Redacted.make("hunter2") })
      yield* webhook.deliver(good.seen[0]!)
      assert.strictEqual(server.requests.length, 3)
      for (const { body, headers } of server.requests) {
        assert.strictEqual(headers["idempotency-key"], good.seen[0]!.idempotencyKey)
        assert.isTrue(verifySignature("hunter2", String(headers["evenkeel-signature"]), body))
        assert.isFalse(verifySignature("hunter3", String(headers["evenkeel-signature"]), body))
        assert.isFalse(verifySignature("hunter2", String(headers["evenkeel-signature"]), `${body} `))
        assert.deepStrictEqual(JSON.parse(body), good.seen[0])
      }
    })
  )

  it.effect("does not repeat what a webhook refuses, and gives up on one that hangs until its circuit opens", () =>
    Effect.gen(function* () {
      const refusing = yield* serve(() => 400)
      const webhook = yield* makeWebhookReceiver({ name: "refusing", url: refusing.url, secret: undefined })
      const refused = yield* Effect.flip(webhook.deliver(good.seen[0]!))
      assert.deepInclude(refused, { _tag: "DeliveryFailed", retryable: false })
      assert.strictEqual(refusing.requests.length, 1)
      assert.isUndefined(refusing.requests[0]!.headers["evenkeel-signature"])
      const hanging = yield* serve(() => "hang")
      const slow = yield* makeWebhookReceiver({ name: "hanging", url: hanging.url, secret: undefined })
      assert.include((yield* Effect.flip(slow.deliver(good.seen[0]!))).message, "took too long")
      assert.include((yield* Effect.flip(slow.deliver(good.seen[0]!))).message, "circuit is open")
      assert.strictEqual(yield* (yield* Policies).breaker("deliver", "hanging"), "open")
    })
  )
})
