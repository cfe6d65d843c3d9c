/**
 * Posts alerts as JSON to a URL: the notification, and each alert's words as `message`.
 *
 * Every request carries `Evenkeel-Signature: t=<Unix s>,v1=<hex>`, the HMAC-SHA256 of `<t>.<body>` under the shared secret, and
 * `Idempotency-Key`, the same over all repeats. 408, 429 and 5xx are tried again; other refusals are final for the moment
 * and left to the outbox's longer patience.
 */
import { Redacted } from "effect"
import { createHmac, timingSafeEqual } from "node:crypto"
import { isSimulated, messageOf } from "../render/Message.ts"
import { makeHttpReceiver } from "./HttpReceiver.ts"

export interface WebhookOptions {
  readonly name: string
  /** May hold a key: scheme and host alone are ever shown. */
  readonly url: Redacted.Redacted
  /** Unsigned without one. */
  readonly secret: Redacted.Redacted | undefined
}

export const makeWebhookReceiver = ({ name, secret, url }: WebhookOptions) =>
  makeHttpReceiver({
    name,
    messagesOf: (notification, now) => {
      const alerts = notification.alerts.map((alert) => ({ ...alert, message: messageOf(alert, isSimulated(alert, notification)) }))
      const body = JSON.stringify({ ...notification, alerts })
      const seconds = Math.floor(now / 1000)
      const signed =
        secret === undefined ? {} : { "evenkeel-signature": `t=${seconds},v1=${signatureOf(Redacted.value(secret), seconds, body)}` }
      return [{ url, body, headers: { "idempotency-key": notification.idempotencyKey, ...signed } }]
    }
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
