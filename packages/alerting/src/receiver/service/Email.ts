/**
 * Email, by SMTP: one message a notification, as text and as HTML.
 *
 * A 4xx reply is worth another try and a 5xx is not (RFC 5321, 4.2.1); recipients who were served are left out of it.
 *
 * The password and the alert travel over TLS: without `STARTTLS`, or with a certificate that cannot be checked, nothing is sent. A private authority's
 * certificate is known to Node by `NODE_EXTRA_CA_CERTS`.
 */
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { attributes } from "@evenkeel/runtime/telemetry/Spans"
import { Clock, Effect, Redacted, Schema } from "effect"
import type { NodemailerError } from "nodemailer"
import { makeDelivery, withoutSecrets } from "../Delivery.ts"
import { DeliveryFailed, type Receiver } from "../Receiver.ts"
import { type Email, emailOf } from "./EmailMessage.ts"
import { Secret, type ServiceContext, serviceName } from "./Service.ts"

const Address = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/))

export const EmailOptions = Schema.Struct({
  type: Schema.Literal("email"),
  name: serviceName,
  host: Schema.String.check(Schema.isPattern(/^[^\s/@]+$/)),
  /** 465 with `implicit`, else 587. */
  port: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))),
  /** `starttls` must succeed; `implicit` is TLS from the first byte. Left out: `implicit` at port 465, `none` on loopback, else `starttls`. */
  tls: Schema.optionalKey(Schema.Literals(["starttls", "implicit", "none"])),
  user: Schema.optionalKey(Schema.NonEmptyString),
  password: Schema.optionalKey(Secret),
  from: Address,
  to: Schema.Array(Address).check(Schema.isMinLength(1), Schema.isMaxLength(50))
}).check(
  Schema.makeFilter(({ password, user }) => (user === undefined) === (password === undefined), { expected: "user and password together" })
)
export type EmailOptions = typeof EmailOptions.Type

const replyCharactersShown = 200

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)

export const makeEmail = Effect.fnUntraced(function* (options: EmailOptions, context: ServiceContext) {
  const { from, host, name, password, port, user } = options
  const tls = options.tls ?? (port === 465 ? "implicit" : isLoopback(host) ? "none" : "starttls")
  const to = [...new Set(options.to)]
  const delivery = yield* makeDelivery(name)
  // Every command reads the options: the library is loaded where somebody is told by email.
  const { createTransport } = yield* Effect.promise(() => import("nodemailer"))
  const transport = createTransport({
    host,
    port: port ?? (tls === "implicit" ? 465 : 587),
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: Redacted.value(password) } }),
    disableFileAccess: true,
    disableUrlAccess: true
  })

  const failed = ({ code, message, response, responseCode }: NodemailerError) => {
    const answered = responseCode !== undefined && code !== "ETLS"
    const said = answered ? `answered ${response?.replace(/^(\d{3})[ -]/, "$1: ")}` : `${code ?? "failed"}: ${message}`
    const secrets = password === undefined ? [] : [Redacted.value(password)]
    const problem = plainText(withoutSecrets(said, secrets).slice(0, replyCharactersShown))
    return new DeliveryFailed({ receiver: name, problem, retryable: responseCode === undefined || responseCode < 500 })
  }

  const send = Effect.fn("Email.send")(function* (message: Email, taken: Set<string>) {
    yield* Effect.annotateCurrentSpan({ [attributes.receiver]: name, "server.address": host })
    const others = to.filter((recipient) => !taken.has(recipient))
    if (others.length === 0) return
    const { rejected, rejectedErrors = [] } = yield* Effect.tryPromise({
      // Whoever interrupts it, as the policy's timeout does, closes the connection.
      try: (signal) =>
        transport.sendMail({ ...message, from: { name: "Evenkeel", address: from }, to, envelope: { from, to: others }, signal }),
      catch: (error) => failed(error as NodemailerError)
    })
    const refusing = new Set(rejected.map((recipient) => recipient.toLowerCase()))
    for (const recipient of others) if (!refusing.has(recipient.toLowerCase())) taken.add(recipient)
    const refusals = rejectedErrors.map(failed)
    const refusal = refusals.find(({ retryable }) => retryable) ?? refusals[0]
    if (refusal !== undefined) return yield* refusal
  })

  return {
    name,
    deliver: Effect.fnUntraced(function* (notification) {
      const { idempotencyKey } = notification
      const message = emailOf(notification, options, context, yield* Clock.currentTimeMillis)
      yield* delivery.attempt(send(message, delivery.takenOf(idempotencyKey)))
      delivery.forget(idempotencyKey)
    })
  } satisfies Receiver
})
