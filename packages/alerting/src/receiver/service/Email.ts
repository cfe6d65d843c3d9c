/**
 * Email, by SMTP: one message a notification, as text and as HTML.
 *
 * A repeat has the same `Message-ID`, which mail servers and readers take for the same message. `References` name the alerts, the oldest first, so that all
 * that is said of an alert is one thread. A 4xx reply is worth another try and a 5xx is not (RFC 5321, 4.2.1); recipients who were served are left out of it.
 *
 * The password and the alert travel over TLS: without `STARTTLS`, or with a certificate that cannot be checked, nothing is sent. A private authority's
 * certificate is known to Node by `NODE_EXTRA_CA_CERTS`.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { Clock, DateTime, Effect, Redacted, Schema } from "effect"
import { createTransport, type NodemailerError } from "nodemailer"
import { createHash } from "node:crypto"
import { boundedCard, type Card, cardsOf, cardText, shortened } from "../../render/Card.ts"
import { makeDelivery, withoutSecrets } from "../Delivery.ts"
import { DeliveryFailed, type Receiver } from "../Receiver.ts"
import { alertKey, escapedHtml, Secret, type ServiceContext, serviceName } from "./Service.ts"

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

const subjectMax = 200
/** With 20 cards of such texts a message stays below 10 MB, which every server takes. */
const textMax = 1000
const cardsMax = 20
const referencesMax = 20
const replyCharactersShown = 200

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)

const htmlOf = ({ advice, color, facts, link, reasons, time, title }: Card): string =>
  [
    `<h3 style="color:${color}">${escapedHtml(title)}</h3>`,
    ...(facts.length === 0
      ? []
      : [
          `<table>${facts.map(({ name, value }) => `<tr><td>${escapedHtml(name)}</td><td>${escapedHtml(value)}</td></tr>`).join("\n")}</table>`
        ]),
    ...(reasons.length === 0 ? [] : [`<ul>${reasons.map((reason) => `<li>${escapedHtml(reason)}</li>`).join("\n")}</ul>`]),
    ...(advice === undefined ? [] : [`<p>${escapedHtml(advice)}</p>`]),
    `<p>${time}${link === undefined ? "" : ` · <a href="${escapedHtml(encodeURI(link))}">open</a>`}</p>`
  ].join("\n")

/** Whatever the parts hold, a name that a header can. */
const idOf = (domain: string, ...parts: ReadonlyArray<string>): string =>
  `<${createHash("sha256").update(parts.join("\u0000")).digest("hex").slice(0, 32)}@${domain}>`

/** One id for each alert since it began, the oldest first. */
const threadOf = ({ alerts, simulated }: Notification, name: string, domain: string): ReadonlyArray<string> =>
  alerts
    .toSorted((a, b) => a.startsAt - b.startsAt || (a.fingerprint < b.fingerprint ? -1 : 1))
    .slice(0, referencesMax)
    .map((alert) => idOf(domain, name, alertKey(alert, simulated), `${alert.startsAt}`))

/** The same bytes for all attempts of a delivery. */
const messageOf = (notification: Notification, { from, name }: EmailOptions, context: ServiceContext, now: number) => {
  const domain = from.slice(from.indexOf("@") + 1)
  const all = cardsOf(notification, context)
  const cards = all.slice(0, cardsMax).map((card) => boundedCard(card, textMax))
  const more = all.length > cards.length ? [`and ${all.length - cards.length} more alerts`] : []
  const others = all.length === 1 ? "" : ` (and ${all.length - 1} more)`
  const references = threadOf(notification, name, domain)
  const messageId = idOf(domain, name, notification.idempotencyKey)
  return {
    messageId,
    date: DateTime.toDateUtc(DateTime.makeUnsafe(now)),
    baseBoundary: messageId.slice(1, messageId.indexOf("@")),
    inReplyTo: references[0]!,
    references: [...references],
    subject: `${shortened(all[0]!.title, subjectMax)}${others}`,
    text: [...cards.map(cardText), ...more].join("\n\n"),
    html: [...cards.map(htmlOf), ...more.map((line) => `<p>${line}</p>`)].join("\n<hr>\n"),
    // Nobody's absence is an answer to it (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" }
  }
}

export const makeEmail = Effect.fnUntraced(function* (options: EmailOptions, context: ServiceContext) {
  const { from, host, name, password, port, user } = options
  const tls = options.tls ?? (port === 465 ? "implicit" : isLoopback(host) ? "none" : "starttls")
  const to = [...new Set(options.to)]
  const delivery = yield* makeDelivery(name)
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

  const send = Effect.fn("Email.send")(function* (message: ReturnType<typeof messageOf>, taken: Set<string>) {
    yield* Effect.annotateCurrentSpan({ receiver: name, "server.address": host })
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
      const message = messageOf(notification, options, context, yield* Clock.currentTimeMillis)
      yield* delivery.attempt(send(message, delivery.takenOf(idempotencyKey)))
      delivery.forget(idempotencyKey)
    })
  } satisfies Receiver
})
