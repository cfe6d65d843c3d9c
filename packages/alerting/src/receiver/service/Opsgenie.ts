/**
 * Opsgenie, by its Alert API, which Jira Service Management has too. An open alert is known by its alias: creating it again only counts it, so one that has
 * changed since it began is then updated, and one that is over is closed.
 *
 * Limits: 130 characters a message, 15,000 a description, 25,000 a note, 512 an entity, 20 tags of 50. Message and description may hold HTML. All is
 * taken with 202 and done later. Sources: docs.opsgenie.com/docs/alert-api, support.atlassian.com/opsgenie/docs/alerts-and-alert-fields.
 */
import { alertChangedAt, alertKind, alertSubject, type Notification } from "@evenkeel/domain/alert/Alert"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Redacted, Schema } from "effect"
import { type Card, cardsOf, cardText } from "../../render/Card.ts"
import { type HttpMessage, makeHttpReceiver } from "../HttpReceiver.ts"
import { shortened } from "../../render/Shortened.ts"
import { alertKey, escapedHtml, HeaderSecret, SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const OpsgenieOptions = Schema.Struct({
  type: Schema.Literal("opsgenie"),
  name: serviceName,
  /** Of an API integration. */
  key: HeaderSecret,
  /** `us` when it is left out. */
  region: Schema.optionalKey(Schema.Literals(["us", "eu"])),
  /** What stands before `/v2/alerts`, over `region`: a proxy, or `https://api.atlassian.com/jsm/ops/integration` of Jira Service Management. */
  url: Schema.optionalKey(SecretUrl)
})
export type OpsgenieOptions = typeof OpsgenieOptions.Type

const publicUrls = { us: "https://api.opsgenie.com", eu: "https://api.eu.opsgenie.com" }
const messageMax = 130
const descriptionMax = 15_000
const source = "evenkeel"

const priorities: Readonly<Record<RiskLevel, string>> = { critical: "P1", stale: "P2", warning: "P3", watch: "P4", normal: "P5" }

export const makeOpsgenie = ({ key, name, region = "us", url }: OpsgenieOptions, context: ServiceContext) => {
  const base = (url === undefined ? publicUrls[region] : Redacted.value(url)).replace(/\/+$/, "")
  const call = (method: "POST" | "PUT", path: string, body: object): HttpMessage => ({
    url: Redacted.make(`${base}/v2/alerts${path}`),
    method,
    headers: { authorization: `GenieKey ${Redacted.value(key)}` },
    body: JSON.stringify(body)
  })
  const callsOf = (card: Card, notification: Notification): ReadonlyArray<HttpMessage> => {
    const { alert, title } = card
    const alias = alertKey(alert, notification)
    const of = (what: string) => `/${encodeURIComponent(alias)}/${what}?identifierType=alias`
    const message = shortened(escapedHtml(title), messageMax)
    const description = shortened(escapedHtml(cardText(card)), descriptionMax)
    if (alert.status === "resolved") return [call("POST", of("close"), { source, note: description })]
    const priority = priorities[alert.level]
    const created = call("POST", "", {
      alias,
      message,
      description,
      priority,
      source,
      entity: alertSubject(alert),
      tags: [alertKind(alert)]
    })
    // What just began has nothing to update.
    if (alertChangedAt(alert) <= alert.startsAt) return [created]
    return [
      created,
      call("PUT", of("priority"), { priority }),
      call("PUT", of("message"), { message }),
      call("PUT", of("description"), { description })
    ]
  }
  return makeHttpReceiver({
    name,
    messagesOf: (notification) => cardsOf(notification, context).flatMap((card) => callsOf(card, notification))
  })
}
