/**
 * Discord, by a channel's webhook: an embed for each alert. Discord takes no key for a repeat, so each notification is a message of its own.
 *
 * Limits: ten embeds a message and 6,000 characters in all of them, 256 a title, 4,096 a description, 25 fields of 256 and 1,024 characters; a message
 * that is refused only says so with `wait`; 429 says in header and body when to come back, in seconds. Sources: docs.discord.com/developers/resources/webhook
 * ("Execute Webhook"), docs.discord.com/developers/resources/message ("Embed Limits"), docs.discord.com/developers/topics/rate-limits.
 */
import { Option, Redacted, Schema } from "effect"
import { type Card, cardsOf, fitting } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const DiscordOptions = Schema.Struct({
  type: Schema.Literal("discord"),
  name: serviceName,
  /** `https://discord.com/api/webhooks/…`; `?thread_id=` is kept. */
  url: SecretUrl
})
export type DiscordOptions = typeof DiscordOptions.Type

const embedsMax = 10
const charactersMax = 6000
const titleMax = 256
const fieldsMax = 25
/** Less than Discord takes, so that one embed never has more than all may have. */
const descriptionMax = 2500
const fieldValueMax = 500

/** What Discord's Markdown gives a meaning, mentions, and the colon that makes a link of an address. */
const escaped = (text: string): string => text.replace(/[\\*_~`|<>[\]()#@]|:(?=\/\/)/g, "\\$&")

const embedOf = ({ advice, color, facts, link, reasons, text, time, title }: Card) => ({
  title: shortened(escaped(title), titleMax),
  description: shortened(
    text !== undefined
      ? escaped(text)
      : [...reasons.map((reason) => `• ${escaped(reason)}`), ...(advice === undefined ? [] : [escaped(advice)])].join("\n"),
    descriptionMax
  ),
  color: Number.parseInt(color.slice(1), 16),
  timestamp: time,
  fields: (text === undefined ? facts : [])
    .slice(0, fieldsMax)
    .map(({ name, value }) => ({ name, value: shortened(escaped(value), fieldValueMax), inline: true })),
  ...(link === undefined ? {} : { url: encodeURI(link) })
})

const charactersOf = ({ description, fields, title }: ReturnType<typeof embedOf>): number =>
  fields.reduce((sum, { name, value }) => sum + name.length + value.length, title.length + description.length)

const decodeLimited = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ retry_after: Schema.Finite })))

export const makeDiscord = ({ name, url }: DiscordOptions, context: ServiceContext) => {
  const confirmed = new URL(Redacted.value(url))
  confirmed.searchParams.set("wait", "true")
  return makeHttpReceiver({
    name,
    messagesOf: (notification) => {
      const embeds = cardsOf(notification, context).map(embedOf)
      const shown = fitting(embeds.slice(0, embedsMax), charactersMax, charactersOf)
      const content = embeds.length > shown.length ? `and ${embeds.length - shown.length} more alerts` : ""
      return [{ url: Redacted.make(confirmed.href), body: JSON.stringify({ content, embeds: shown, allowed_mentions: { parse: [] } }) }]
    },
    pauseOf: (body) => Option.getOrUndefined(Option.map(decodeLimited(body), ({ retry_after }) => retry_after * 1000))
  })
}
