import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, layer } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer, Redacted } from "effect"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { notificationFor } from "../../test/support/Notification.ts"
import { messageOf } from "../render/Message.ts"
import { makeWebhookReceiver, type SignedRequest, verifySignature } from "./WebhookReceiver.ts"

const notification = notificationFor()

const services = Policies.layer({ deliver: { timeout: "200 millis", retry: { times: 2, base: "1 millis", max: "5 millis" } } }).pipe(
  Layer.provideMerge(Layer.merge(HealthRegistry.layer, NodeHttpClient.layerUndici))
)

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

layer(services, { excludeTestServices: true })("WebhookReceiver", (it) => {
  it.effect("signs a webhook so that its receiver can tell, and repeats under one idempotency key", () =>
    Effect.gen(function* () {
      const server = yield* serve((request) => (request < 3 ? 503 : 204))
      const webhook = yield* makeWebhookReceiver({ name: "hook", url: Redacted.make(server.url), secret: Redacted.make("hunter2") })
      yield* webhook.deliver(notification)
      assert.strictEqual(server.requests.length, 3)
      for (const { body, headers } of server.requests) {
        assert.strictEqual(headers["idempotency-key"], notification.idempotencyKey)
        const signature = String(headers["evenkeel-signature"])
        const now = Number(/^t=(\d+)/.exec(signature)![1]) * 1000
        const verify = (over: Partial<SignedRequest>) => verifySignature({ secret: "hunter2", header: signature, body, now, ...over })
        assert.isTrue(verify({}))
        assert.isFalse(verify({ secret: "hunter3" }))
        assert.isFalse(verify({ body: `${body} ` }))
        assert.isTrue(verify({ body: new TextEncoder().encode(body) }), "bytes as they came")
        assert.isTrue(verify({ now: now + 300_000 }))
        assert.isFalse(verify({ now: now + 301_000 }), "a request that was kept and is sent again")
        assert.isFalse(verify({ now: now - 301_000 }), "signed in the future")
        assert.isTrue(verify({ now: now + 301_000, toleranceSeconds: 600 }))
        assert.isFalse(verify({ now: Number.NaN }))
        assert.isFalse(verify({ header: signature.replace(/^t=/, "t=9") }))
        for (const header of ["", "t=,v1=", "t=1", `${signature},v1=00`, signature.replace("v1=", "v0=")])
          assert.isFalse(verify({ header }))
        assert.deepStrictEqual(JSON.parse(body), {
          ...notification,
          alerts: notification.alerts.map((alert) => ({ ...alert, message: messageOf(alert, false) }))
        })
      }
    })
  )

  it.effect("reads nothing of what a webhook answers but its status, and hangs up", () =>
    Effect.gen(function* () {
      let sent = 0
      const hungUp = Promise.withResolvers<void>()
      const { server, url } = yield* serve(() => "hang")
      const chunk = Buffer.alloc(1 << 20, "[")
      server.prependListener("request", (_, response) => {
        response.writeHead(200)
        response.on("close", () => hungUp.resolve())
        const more = (): void => {
          while (!response.destroyed && sent++ < 256) if (!response.write(chunk)) return void response.once("drain", more)
        }
        more()
      })
      const webhook = yield* makeWebhookReceiver({ name: "endless", url: Redacted.make(url), secret: undefined })
      yield* webhook.deliver(notification)
      const delivered = performance.now()
      yield* Effect.promise(() => hungUp.promise)
      assert.isBelow(performance.now() - delivered, 2000, "not only when memory happens to be collected")
      assert.isBelow(sent, 16)
    })
  )

  it.effect("does not repeat what a webhook refuses, and gives up on one that hangs until its circuit opens", () =>
    Effect.gen(function* () {
      const refusing = yield* serve(() => 400)
      const webhook = yield* makeWebhookReceiver({ name: "refusing", url: Redacted.make(refusing.url), secret: undefined })
      const refused = yield* Effect.flip(webhook.deliver(notification))
      assert.deepInclude(refused, { _tag: "DeliveryFailed", retryable: false })
      assert.strictEqual(refusing.requests.length, 1)
      assert.isUndefined(refusing.requests[0]!.headers["evenkeel-signature"])
      const hanging = yield* serve(() => "hang")
      const slow = yield* makeWebhookReceiver({ name: "hanging", url: Redacted.make(hanging.url), secret: undefined })
      assert.include((yield* Effect.flip(slow.deliver(notification))).message, "took too long")
      assert.include((yield* Effect.flip(slow.deliver(notification))).message, "circuit is open")
      assert.strictEqual(yield* (yield* Policies).breaker("deliver", "hanging"), "open")
    })
  )
})
