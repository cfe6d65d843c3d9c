/**
 * Posts alerts as JSON to a URL: the notification, and its words as `message`.
 *
 * Every request carries `Evenkeel-Signature: t=<Unix s>,v1=<hex>`, the HMAC-SHA256 of `<t>.<body>` under the shared secret, and
 * `Idempotency-Key`, the same over all repeats. 408, 429 and 5xx are tried again; other refusals are final for the moment
 * and left to the outbox's longer patience.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { Clock, Effect, Redacted } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { createHmac, timingSafeEqual } from "node:crypto"
import { messageOf } from "../render/Message.ts"
import { DeliveryFailed, type Receiver } from "./Receiver.ts"

export interface WebhookOptions {
  readonly name: string
  /** May hold a key: scheme and host alone are ever shown. */
  readonly url: Redacted.Redacted
  /** Unsigned without one. */
  readonly secret: Redacted.Redacted | undefined
}

export const makeWebhookReceiver = Effect.fnUntraced(function* ({ name, secret, url }: WebhookOptions) {
  // Of an answer only its status is read. With the delivery's scope its connection is closed, however much may still come.
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const policies = yield* Policies
  const failed = (problem: string, retryable: boolean) => new DeliveryFailed({ receiver: name, problem, retryable })

  const post = Effect.fn("WebhookReceiver.post")(function* (notification: Notification) {
    const alerts = notification.alerts.map((alert) => ({ ...alert, message: messageOf(alert, notification.simulated) }))
    const body = JSON.stringify({ ...notification, alerts })
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const request = HttpClientRequest.post(Redacted.value(url)).pipe(
      HttpClientRequest.setHeaders({
        "idempotency-key": notification.idempotencyKey,
        "user-agent": "evenkeel",
        ...(secret === undefined ? {} : { "evenkeel-signature": `t=${now},v1=${signatureOf(Redacted.value(secret), now, body)}` })
      }),
      HttpClientRequest.setBody(HttpBody.text(body, "application/json"))
    )
    const response = yield* sendHidden(client, request).pipe(Effect.mapError((error) => failed(shownProblem(error), true)))
    yield* Effect.annotateCurrentSpan({ "http.response.status_code": response.status, receiver: name })
    if (response.status >= 200 && response.status < 300) return
    const again = response.status === 408 || response.status === 429 || response.status >= 500
    return yield* failed(`answered ${response.status}`, again)
  })

  return {
    name,
    deliver: (notification) =>
      policies
        .run(Effect.scoped(post(notification)), { name: "deliver", key: name, retryable: (error) => error.retryable })
        .pipe(Effect.catchTag("PolicyError", (error) => Effect.fail(failed(error.message, true))))
  } satisfies Receiver
})

/** Hex HMAC-SHA256 of `<time>.<body>`. */
export const signatureOf = (secret: string, time: number, body: string | Uint8Array): string =>
  createHmac("sha256", secret).update(`${time}.`).update(body).digest("hex")

/** A request that was signed longer ago, or so far ahead, is refused: who has kept one cannot send it again later. */
const toleranceSecondsDefault = 300

export interface SignedRequest {
  readonly secret: string
  /** The value of `Evenkeel-Signature`. */
  readonly header: string
  /** As it came, before it is parsed. */
  readonly body: string | Uint8Array
  /** The receiver's time, Unix ms. */
  readonly now: number
  /** Between the receiver's clock and the time in the header, either way. */
  readonly toleranceSeconds?: number
}

/**
 * For receivers written on this package: is the request signed with `secret`, and just now? Within the tolerance a request can still come twice: its
 * `Idempotency-Key` tells.
 *
 * ```ts
 * const header = String(request.headers["evenkeel-signature"])
 * if (!verifySignature({ secret, header, body, now: unixMillis })) return response.writeHead(401).end()
 * ```
 */
export const verifySignature = ({ body, header, now, secret, toleranceSeconds = toleranceSecondsDefault }: SignedRequest): boolean => {
  const [, time, given] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? []
  if (time === undefined || given === undefined) return false
  const own = Buffer.from(signatureOf(secret, Number(time), body), "hex")
  return timingSafeEqual(own, Buffer.from(given, "hex")) && Math.abs(Math.floor(now / 1000) - Number(time)) <= toleranceSeconds
}
