/**
 * Text messages, by Twilio's API or one that is compatible: one request a number. The API knows no repeats, so a number is sent a notification twice where
 * the answer was lost.
 *
 * A message may have 1,600 characters. It is sent and paid in parts of 153, or of 67 where a character is outside the GSM alphabet, as the ellipsis is:
 * so a text has 320 at most, and is cut with three dots. Sources: twilio.com/docs/messaging/api/message-resource, twilio.com/docs/glossary/what-sms-character-limit.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { Redacted, Schema } from "effect"
import { cardsOf } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { Secret, SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const SmsOptions = Schema.Struct({
  type: Schema.Literal("sms"),
  name: serviceName,
  /** The account's SID, `AC…`. */
  account: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/)),
  /** The account's auth token. */
  token: Secret,
  /** A number, a short code or the name of a sender. */
  from: Schema.String.check(Schema.isPattern(/^\+?[A-Za-z0-9 ]{1,20}$/)),
  /** `+` and country code in front (E.164). */
  to: Schema.Array(Schema.String.check(Schema.isPattern(/^\+[1-9]\d{4,14}$/))).check(Schema.isMinLength(1), Schema.isMaxLength(20)),
  /** What stands before `/2010-04-01`, if not `https://api.twilio.com`. */
  url: Schema.optionalKey(SecretUrl)
})
export type SmsOptions = typeof SmsOptions.Type

const publicUrl = Redacted.make("https://api.twilio.com")
const textMax = 320
/** A longer link leaves too little room for words. */
const linkMax = 120

const cut = (text: string, max: number): string => (text.length <= max ? text : `${shortened(text, max - 2).slice(0, -1)}...`)

const textOf = (notification: Notification, context: ServiceContext): string => {
  const cards = cardsOf(notification, context)
  const { advice, link, text, title } = cards[0]!
  const more = cards.length === 1 ? [] : [`and ${cards.length - 1} more alerts`]
  const end = [...more, ...(link === undefined || link.length > linkMax ? [] : [link])].map((line) => `\n${line}`).join("")
  return `${cut([title, ...[text ?? advice ?? []].flat()].join("\n"), textMax - end.length)}${end}`
}

export const makeSms = ({ account, from, name, to, token, url = publicUrl }: SmsOptions, context: ServiceContext) => {
  const messages = Redacted.make(`${Redacted.value(url).replace(/\/+$/, "")}/2010-04-01/Accounts/${account}/Messages.json`)
  const credentials = Buffer.from(`${account}:${Redacted.value(token)}`).toString("base64")
  return makeHttpReceiver({
    name,
    keys: [token],
    messagesOf: (notification) => {
      const text = textOf(notification, context)
      return [...new Set(to)].map((number) => ({
        url: messages,
        headers: { authorization: `Basic ${credentials}` },
        contentType: "application/x-www-form-urlencoded",
        body: new URLSearchParams({ To: number, From: from, Body: text }).toString()
      }))
    }
  })
}
