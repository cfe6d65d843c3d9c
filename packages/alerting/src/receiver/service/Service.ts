/** What the services for people share. */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import { Schema } from "effect"
import type { CardOptions } from "../../render/Card.ts"
import { isSimulated } from "../../render/Message.ts"

export type ServiceContext = CardOptions

/** Unique among receivers. `console` is the screen's. */
export const serviceName = Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9_.-]{1,64}$/))

/** An address that holds a key: what stands behind its host is never shown. */
export const SecretUrl = Schema.Redacted(
  Schema.String.check(
    Schema.isPattern(/^https?:\/\//),
    Schema.makeFilter((text: string) => URL.canParse(text), { expected: "an address" })
  )
)

/** A key or a password. */
export const Secret = Schema.Redacted(Schema.NonEmptyString)

/** A key that is sent in a header, which takes no other characters. */
export const HeaderSecret = Schema.Redacted(Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/)))

/** What a service knows an alert by, however often it hears of it. A demo's alert has a key of its own: it closes none of the real market's. */
export const alertKey = (alert: Alert, notification: Pick<Notification, "simulated">): string =>
  `evenkeel-${isSimulated(alert, notification) ? "simulated-" : ""}${alert.fingerprint}`

/** Inert between tags: the three characters that mean something there, and in Slack's text. */
export const escapedMarkup = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** Inert in HTML, in text and in quoted attributes. */
export const escapedHtml = (text: string): string => escapedMarkup(text).replaceAll('"', "&quot;")
