/**
 * PagerDuty, by the Events API v2: one event an alert. A `trigger` under the key of an open alert adds to it, and `resolve` closes it, so repeats are harmless.
 *
 * Limits: 512 KB an event, 1,024 characters a summary, 255 a `dedup_key`; 429 when there are too many. Sources:
 * developer.pagerduty.com/docs/events-api-v2/overview and …/trigger-events.
 */
import { alertKind, alertSubject } from "@evenkeel/domain/alert/Alert"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Redacted, Schema } from "effect"
import { boundedCard, type Card, cardsOf } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { alertKey, Secret, SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const PagerDutyOptions = Schema.Struct({
  type: Schema.Literal("pagerduty"),
  name: serviceName,
  /** The integration's routing key. */
  key: Secret,
  /** Where events go, if not to `https://events.pagerduty.com/v2/enqueue`; accounts in Europe have `https://events.eu.pagerduty.com/v2/enqueue`. */
  url: Schema.optionalKey(SecretUrl)
})
export type PagerDutyOptions = typeof PagerDutyOptions.Type

const publicUrl = Redacted.make("https://events.pagerduty.com/v2/enqueue")
const summaryMax = 1024
/** Of each text in the details: with 20 reasons they stay far below 512 KB. */
const detailMax = 1000

/** With dynamic urgency, `critical` and `error` page somebody. A coin that nobody can see does. */
const severities: Readonly<Record<RiskLevel, string>> = {
  normal: "info",
  watch: "info",
  warning: "warning",
  critical: "critical",
  stale: "error"
}

const detailsOf = ({ advice, facts, reasons, text }: Card) => ({
  ...Object.fromEntries(facts.map(({ name, value }) => [name, value])),
  ...(text === undefined ? {} : { Text: text }),
  ...(reasons.length === 0 || text !== undefined ? {} : { Reasons: reasons }),
  ...(advice === undefined || text !== undefined ? {} : { Advice: advice })
})

export const makePagerDuty = ({ key, name, url = publicUrl }: PagerDutyOptions, context: ServiceContext) =>
  makeHttpReceiver({
    name,
    keys: [key],
    messagesOf: (notification) =>
      cardsOf(notification, context).map((card) => {
        const { alert, link, time, title } = card
        const event = {
          routing_key: Redacted.value(key),
          event_action: alert.status === "resolved" ? "resolve" : "trigger",
          dedup_key: alertKey(alert, notification),
          client: "Evenkeel",
          ...(link === undefined ? {} : { client_url: link, links: [{ href: link, text: "Dashboard" }] }),
          payload: {
            summary: shortened(title, summaryMax),
            source: "evenkeel",
            severity: severities[alert.level],
            timestamp: time,
            component: alertSubject(alert),
            class: alertKind(alert),
            custom_details: detailsOf(boundedCard(card, detailMax))
          }
        }
        return { url, body: JSON.stringify(event) }
      })
  })
