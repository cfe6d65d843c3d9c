/**
 * Telegram, by a bot's `sendMessage`. Telegram takes no key for a repeat, so each notification is a message of its own.
 *
 * Limits: 4,096 characters a message after its entities are read; of HTML `<`, `>` and `&` have a meaning, and `@name` mentions somebody in any text. What
 * failed says `ok: false`, and `parameters.retry_after` when to come back, in seconds. Source: core.telegram.org/bots/api ("Making requests", "sendMessage",
 * "HTML style", "ResponseParameters").
 */
import { Option, Redacted, Schema } from "effect"
import { type Card, cardsOf, cardText, fitting } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { escapedMarkup, SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const TelegramOptions = Schema.Struct({
  type: Schema.Literal("telegram"),
  name: serviceName,
  /** Of the bot, as @BotFather gives it: `123456:ABC…`. */
  token: Schema.Redacted(Schema.String.check(Schema.isPattern(/^\d{1,20}:[\w-]{1,100}$/))),
  /** A chat's number, below zero for groups, or a channel's `@name`. */
  chatId: Schema.String.check(Schema.isPattern(/^(-?\d{1,20}|@\w{1,64})$/, { expected: "a chat's number or a channel's @name" })),
  /** Of a proxy or of a Bot API server of one's own. */
  url: Schema.optionalKey(SecretUrl)
})
export type TelegramOptions = typeof TelegramOptions.Type

const publicUrl = "https://api.telegram.org"
const titleMax = 400
const detailsMax = 3000
/** Of 4,096: the rest is for what says how many are left out. */
const charactersMax = 4000

/** A mention is none with a mark without width behind its sign. */
const withoutMentions = (text: string): string => text.replaceAll("@", "@\u2060")

interface Part {
  readonly title: string
  readonly details: string
}

const partOf = (card: Card): Part => ({
  title: shortened(withoutMentions(card.title), titleMax),
  details: shortened(withoutMentions(cardText(card).slice(card.title.length + 1)), detailsMax)
})

/** As Telegram counts, with the lines around it. */
const charactersOf = ({ details, title }: Part): number => title.length + details.length + 3

const Answer = Schema.Struct({
  ok: Schema.Boolean,
  description: Schema.optionalKey(Schema.String),
  parameters: Schema.optionalKey(Schema.Struct({ retry_after: Schema.optionalKey(Schema.Finite) }))
})
const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))

export const makeTelegram = ({ chatId, name, token, url }: TelegramOptions, context: ServiceContext) => {
  const base = (url === undefined ? publicUrl : Redacted.value(url)).replace(/\/+$/, "")
  const address = Redacted.make(`${base}/bot${Redacted.value(token)}/sendMessage`)
  return makeHttpReceiver({
    name,
    messagesOf: (notification) => {
      const parts = cardsOf(notification, context).map(partOf)
      const shown = fitting(parts, charactersMax, charactersOf)
      const texts = shown.map(({ details, title }) => `<b>${escapedMarkup(title)}</b>\n${escapedMarkup(details)}`)
      const more = parts.length > shown.length ? [`and ${parts.length - shown.length} more alerts`] : []
      const text = [...texts, ...more].join("\n\n")
      const body = { chat_id: chatId, text, parse_mode: "HTML", link_preview_options: { is_disabled: true } }
      return [{ url: address, body: JSON.stringify(body) }]
    },
    // Whatever else answers at this address has told nobody.
    refusalOf: (body) =>
      Option.match(decodeAnswer(body), {
        onNone: () => "the answer is none of Telegram's",
        onSome: ({ description = "no reason given", ok }) => (ok ? undefined : description)
      }),
    pauseOf: (body) => {
      const seconds = Option.getOrUndefined(decodeAnswer(body))?.parameters?.retry_after
      return seconds === undefined ? undefined : seconds * 1000
    }
  })
}
