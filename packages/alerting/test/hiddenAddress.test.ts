/** A webhook's address holds its key in many services: nothing that a failing delivery writes may show it. */
import { assert, describe, it } from "@effect/vitest"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Cause, Effect, Exit, Layer, Logger, Redacted, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { createServer } from "node:http"
import { Dispatcher } from "../src/dispatch/Dispatcher.ts"
import { Receivers } from "../src/receiver/Receiver.ts"
import { makeWebhookReceiver } from "../src/receiver/WebhookReceiver.ts"
import { notificationFor } from "./support/Notification.ts"
import { services } from "./support/Services.ts"

const key = "T0K3N"
const place = `/services/${key}/hook?key=${key}#${key}`

/** Answers 500, or breaks the connection off. */
const failingServer = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith("/breaks") === true) request.socket.destroy()
      else response.writeHead(500).end(request.url)
    }).listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed({ port: typeof address === "object" ? (address?.port ?? 0) : 0, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const notification = (receiver: string): Notification => notificationFor({ fingerprint: receiver }, { idempotencyKey: `${receiver}-1` })

/** Its name, what was said of it, and how it ended. */
const textOf = (span: Tracer.NativeSpan) =>
  JSON.stringify([
    span.name,
    [...span.attributes],
    span.status._tag === "Ended" && Exit.isFailure(span.status.exit) ? Cause.pretty(span.status.exit.cause) : ""
  ])

describe("a webhook's address", () => {
  it.live(
    "shows with scheme and host alone in whatever a failing delivery writes",
    () =>
      Effect.gen(function* () {
        const { port } = yield* failingServer
        const urls = {
          answers: `http://user:${key}@127.0.0.1:${port}${place}`,
          breaks: `http://127.0.0.1:${port}/breaks${place}`,
          refuses: `http://127.0.0.1:1${place}`,
          unreadable: `http://127.0.0.1:1:1${place}`
        }
        const written: Array<string> = []
        const spans: Array<Tracer.NativeSpan> = []
        const tracer = Tracer.make({
          span: (options) => {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
        const receivers = Layer.effect(
          Receivers,
          Effect.forEach(Object.entries(urls), ([name, url]) => makeWebhookReceiver({ name, url: Redacted.make(url), secret: undefined }))
        )
        yield* Effect.gen(function* () {
          const outbox = yield* Outbox
          const sql = yield* SqlClient.SqlClient
          yield* outbox.enqueue(
            Object.keys(urls).map((receiver) => ({
              receiver,
              idempotencyKey: `${receiver}-1`,
              fingerprint: receiver,
              position: 1,
              payload: JSON.stringify(notification(receiver))
            })),
            0
          )
          yield* (yield* Dispatcher).nudge
          const rows = yield* sql<{ receiver: string; last_error: string | null }>`select receiver, last_error from notification`.pipe(
            Effect.repeat({ until: (all) => all.every(({ last_error }) => last_error !== null) })
          )
          const errors = Object.fromEntries(rows.map((row) => [row.receiver, row.last_error]))
          assert.include(errors["answers"] ?? "", "500")
          for (const receiver of ["breaks", "refuses"]) assert.match(errors[receiver] ?? "", /http:\/\/127\.0\.0\.1:\d+/)
          assert.isString(errors["unreadable"])
          written.push(JSON.stringify(rows), JSON.stringify(yield* (yield* HealthRegistry).snapshot))
        }).pipe(
          Effect.provide(Dispatcher.layer({ owner: "test" }).pipe(Layer.provide(receivers), Layer.provideMerge(services))),
          Effect.provide(Logger.layer([Logger.make((options) => written.push(Logger.formatJson.log(options)))])),
          Effect.withTracer(tracer)
        )
        assert.isTrue(spans.some(({ name }) => name === "HttpReceiver.send"))
        written.push(...spans.map(textOf))
        assert.isAbove(written.length, 10)
        const leaks = written.filter((text) => text.includes(key))
        assert.deepStrictEqual(leaks, [], `${leaks.length} of ${written.length} texts`)
      }).pipe(Effect.scoped),
    30_000
  )
})
