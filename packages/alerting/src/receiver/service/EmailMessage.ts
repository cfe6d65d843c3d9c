/**
 * A notification as a mail message, in text and in HTML.
 *
 * A repeat has the same `Message-ID`, which mail servers and readers take for the same message. `References` name the alerts, the oldest first, so that all
 * that is said of an alert is one thread.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { DateTime } from "effect"
import { createHash } from "node:crypto"
import { boundedCard, type Card, cardsOf, cardText } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { alertKey, escapedHtml, type ServiceContext } from "./Service.ts"

const subjectMax = 200
/** With 20 cards of such texts a message stays below 10 MB, which every server takes. */
const textMax = 1000
const cardsMax = 20
const referencesMax = 20

const htmlOf = ({ advice, color, facts, link, reasons, text, time, title }: Card): string =>
  [
    `<h3 style="color:${color}">${escapedHtml(title)}</h3>`,
    ...(text === undefined ? [] : [`<p>${escapedHtml(text).replaceAll("\n", "<br>\n")}</p>`]),
    ...(facts.length === 0 || text !== undefined
      ? []
      : [
          `<table>${facts.map(({ name, value }) => `<tr><td>${escapedHtml(name)}</td><td>${escapedHtml(value)}</td></tr>`).join("\n")}</table>`
        ]),
    ...(reasons.length === 0 || text !== undefined
      ? []
      : [`<ul>${reasons.map((reason) => `<li>${escapedHtml(reason)}</li>`).join("\n")}</ul>`]),
    ...(advice === undefined || text !== undefined ? [] : [`<p>${escapedHtml(advice)}</p>`]),
    `<p>${time}${link === undefined ? "" : ` · <a href="${escapedHtml(encodeURI(link))}">open</a>`}</p>`
  ].join("\n")

/** Whatever the parts hold, a name that a header can. */
const idOf = (domain: string, ...parts: ReadonlyArray<string>): string =>
  `<${createHash("sha256").update(parts.join("\u0000")).digest("hex").slice(0, 32)}@${domain}>`

/** One id for each alert since it began, the oldest first. */
const threadOf = (notification: Notification, name: string, domain: string): ReadonlyArray<string> =>
  notification.alerts
    .toSorted((a, b) => a.startsAt - b.startsAt || (a.fingerprint < b.fingerprint ? -1 : 1))
    .slice(0, referencesMax)
    .map((alert) => idOf(domain, name, alertKey(alert, notification), `${alert.startsAt}`))

/** The same bytes for all attempts of a delivery. */
export const emailOf = (
  notification: Notification,
  { from, name }: { readonly from: string; readonly name: string },
  context: ServiceContext,
  now: number
) => {
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
export type Email = ReturnType<typeof emailOf>
