/**
 * Slack, by an incoming webhook.
 *
 * Limits: 50 blocks a message, 150 characters a header, 3,000 a section, ten fields a section of 2,000 characters each; one message a second, else 429
 * with `Retry-After`. Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, docs.slack.dev/reference/block-kit/blocks.
 */
import { Schema } from "effect"
import { type Card, cardsOf, cardText } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { escapedMarkup, SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const SlackOptions = Schema.Struct({
  type: Schema.Literal("slack"),
  name: serviceName,
  /** `https://hooks.slack.com/services/…` */
  url: SecretUrl
})
export type SlackOptions = typeof SlackOptions.Type

const headerMax = 150
const sectionMax = 3000
const fieldMax = 2000
const fieldsMax = 10
/** Each takes five blocks at most, of 50. */
const cardsMax = 9
const textMax = 4000

const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text: shortened(escapedMarkup(text), sectionMax) } })

const blocksOf = ({ advice, facts, link, reasons, text, time, title }: Card): ReadonlyArray<object> => [
  { type: "header", text: { type: "plain_text", text: shortened(title, headerMax), emoji: false } },
  ...(text === undefined ? [] : [section(text)]),
  ...(facts.length === 0 || text !== undefined
    ? []
    : [
        {
          type: "section",
          fields: facts
            .slice(0, fieldsMax)
            .map(({ name, value }) => ({ type: "mrkdwn", text: shortened(`*${escapedMarkup(name)}*\n${escapedMarkup(value)}`, fieldMax) }))
        }
      ]),
  ...(reasons.length === 0 || text !== undefined ? [] : [section(reasons.map((reason) => `• ${reason}`).join("\n"))]),
  ...(advice === undefined || text !== undefined ? [] : [section(advice)]),
  { type: "context", elements: [{ type: "mrkdwn", text: link === undefined ? time : `${time} · <${encodeURI(link)}|open>` }] }
]

export const makeSlack = ({ name, url }: SlackOptions, context: ServiceContext) =>
  makeHttpReceiver({
    name,
    messagesOf: (notification) => {
      const cards = cardsOf(notification, context)
      const shown = cards.slice(0, cardsMax)
      const more = cards.length > shown.length ? [section(`and ${cards.length - shown.length} more alerts`)] : []
      // What notifications and old clients show instead of the blocks.
      const text = shortened(escapedMarkup(cards.map(cardText).join("\n\n")), textMax)
      return [{ url, body: JSON.stringify({ text, blocks: [...shown.flatMap(blocksOf), ...more] }) }]
    }
  })
