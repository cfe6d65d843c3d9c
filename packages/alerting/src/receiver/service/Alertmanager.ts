/**
 * Prometheus Alertmanager, as a client of its API: whoever runs one has the alerts among his own, with its routes and silences.
 *
 * Alertmanager tells alerts apart by their labels, `severity` among them. So an alert that has changed its level since it began is also sent as over at
 * every other level: at most one of them fires, whichever notifications were lost.
 *
 * Alertmanager takes an alert as over when its `endsAt` has passed, and five minutes after it was last heard of when it has none. What fires carries one
 * far ahead, which each repetition renews. Sources: prometheus.io/docs/alerting/latest/alerts_api, github.com/prometheus/alertmanager (api/v2/openapi.yaml).
 */
import { alertChangedAt, alertCoin, type Notification } from "@evenkeel/domain/alert/Alert"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { DateTime, Redacted, Schema } from "effect"
import { type Card, cardsOf, cardText } from "../../render/Card.ts"
import { isSimulated } from "../../render/Message.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { HeaderSecret, Secret, SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const AlertmanagerOptions = Schema.Struct({
  type: Schema.Literal("alertmanager"),
  name: serviceName,
  /** Its address with its path prefix, if it has one: `http://alertmanager:9093`. */
  url: SecretUrl,
  /** Sent as a bearer token. */
  token: Schema.optionalKey(HeaderSecret),
  /** For basic authentication, both. */
  username: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[^:]+$/, { expected: "a name without a colon" }))),
  password: Schema.optionalKey(Secret)
}).check(
  Schema.makeFilter(
    ({ password, token, username }) =>
      (username === undefined) === (password === undefined) && (token === undefined || username === undefined),
    { expected: "a token, or a username and a password, or none of them" }
  )
)
export type AlertmanagerOptions = typeof AlertmanagerOptions.Type

/** A route's `repeatInterval` is to be shorter: an alert that was not repeated for so long is over for Alertmanager. */
export const firesForMillis = 7 * 86_400_000
const summaryMax = 500
const descriptionMax = 4000

/** The levels that one alert can have in turn. */
const levels: ReadonlyArray<RiskLevel> = ["watch", "warning", "critical"]

/** What is posted of a notification at `now`. */
export const postableAlerts = (notification: Notification, context: ServiceContext, now: number) =>
  cardsOf(notification, context).flatMap((card) => postablesOf(card, isSimulated(card.alert, notification), now))

const postablesOf = (card: Card, simulated: boolean, now: number) => {
  const { alert, link, title } = card
  const coin = alertCoin(alert)
  // Nothing that has begun or ended did so in Alertmanager's future.
  const at = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(Math.min(millis, now)))
  const postable = (severity: RiskLevel, endsAt: string) => ({
    labels: {
      alertname: "Evenkeel",
      ...(coin === undefined ? {} : { coin }),
      ...alert.labels,
      severity,
      ...(simulated ? { simulated: "true" } : {})
    },
    annotations: {
      summary: shortened(title, summaryMax),
      description: shortened(cardText(card), descriptionMax),
      fingerprint: alert.fingerprint
    },
    startsAt: at(alert.startsAt),
    endsAt,
    ...(link === undefined ? {} : { generatorURL: encodeURI(link) })
  })
  const changedAt = alert.endsAt ?? alertChangedAt(alert)
  // A rule has one severity.
  const others =
    alert.rule === undefined && levels.includes(alert.level) && changedAt > alert.startsAt
      ? levels.filter((level) => level !== alert.level)
      : []
  const fires = DateTime.formatIso(DateTime.makeUnsafe(now + firesForMillis))
  return [postable(alert.level, alert.endsAt === null ? fires : at(alert.endsAt)), ...others.map((level) => postable(level, at(changedAt)))]
}

export const makeAlertmanager = ({ name, password, token, url, username }: AlertmanagerOptions, context: ServiceContext) => {
  const address = Redacted.make(`${Redacted.value(url).replace(/\/+$/, "")}/api/v2/alerts`)
  const basic = password === undefined ? undefined : Buffer.from(`${username}:${Redacted.value(password)}`).toString("base64")
  const authorization = token === undefined ? basic && `Basic ${basic}` : `Bearer ${Redacted.value(token)}`
  return makeHttpReceiver({
    name,
    keys: password === undefined ? [] : [password],
    messagesOf: (notification, now) => [
      {
        url: address,
        headers: authorization === undefined ? {} : { authorization },
        body: JSON.stringify(postableAlerts(notification, context, now))
      }
    ]
  })
}
