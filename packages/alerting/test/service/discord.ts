/** Discord, as docs.discord.com describes "Execute Webhook", the limits of embeds and a refusal for coming too often. */
import { Redacted } from "effect"
import { makeDiscord } from "../../src/receiver/service/Discord.ts"
import type { ServiceAnswer, ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface Embed {
  readonly title: string
  readonly description: string
  readonly color: number
  readonly timestamp: string
  readonly fields: ReadonlyArray<{ readonly name: string; readonly value: string }>
  readonly url?: string
}
interface Message {
  readonly content: string
  readonly embeds: ReadonlyArray<Embed>
  readonly allowed_mentions?: { readonly parse: ReadonlyArray<string> }
}

const path = "/api/webhooks/1/secretkey"

const problemOf = ({ body, headers, method }: ServiceRequest): string | undefined => {
  if (method !== "POST" || headers["content-type"] !== "application/json") return "Cannot send an empty message"
  const { allowed_mentions, content, embeds } = JSON.parse(body) as Message
  if (content.length > 2000 || embeds.length === 0 || embeds.length > 10) return "BASE_TYPE_BAD_LENGTH"
  // Without it Discord takes mentions from the text.
  if (allowed_mentions === undefined || allowed_mentions.parse.length > 0) return "somebody is mentioned"
  for (const { color, description, fields, timestamp, title, url } of embeds) {
    if (title === "" || title.length > 256 || description.length > 4096) return "BASE_TYPE_MAX_LENGTH"
    if (!Number.isInteger(color) || color < 0 || color > 0xffffff) return "NUMBER_TYPE_MAX"
    if (fields.length > 25) return "BASE_TYPE_MAX_LENGTH: fields"
    if (fields.some(({ name, value }) => name === "" || name.length > 256 || value === "" || value.length > 1024)) return "fields"
    if (Number.isNaN(Date.parse(timestamp)) || (url !== undefined && !URL.canParse(url))) return "DATE_TIME_TYPE_PARSE"
  }
  const all = embeds.flatMap(({ description, fields, title }) => [
    title,
    description,
    ...fields.flatMap(({ name, value }) => [name, value])
  ])
  return all.join("").length > 6000 ? "MAX_EMBED_SIZE_EXCEEDED" : undefined
}

export const discord: ServiceUnderTest = {
  name: "Discord",
  make: (origin) =>
    makeDiscord({ type: "discord", name: "desk", url: Redacted.make(`${origin}${path}?thread_id=7`) }, { link: "https://desk.example" }),
  take: (request): ServiceAnswer => {
    if (request.path !== `${path}?thread_id=7&wait=true`) return { status: 404, body: `{"message": "Unknown Webhook", "code": 10015}` }
    const problem = problemOf(request)
    return problem === undefined
      ? { status: 200, body: `{"id": "1"}` }
      : { status: 400, body: JSON.stringify({ code: 50035, message: problem }) }
  },
  secrets: ["secretkey"],
  shown: (requests) =>
    requests
      .map(({ body }) => JSON.parse(body) as Message)
      .flatMap(({ content, embeds }) => [
        content,
        ...embeds.flatMap(({ description, fields, title }) => [title, description, ...fields.map(({ value }) => value)])
      ])
      .join("\n"),
  escapes: (text) => text.replace(/[\\*_~`|<>[\]()#@]/g, "\\$&").replaceAll("://", "\\://"),
  pauses: [
    { status: 429, body: `{"message": "You are being rate limited.", "retry_after": 7, "global": false}` },
    { status: 429, headers: { "retry-after": "1" }, body: `{"retry_after": 7.0}` },
    { status: 429, headers: { "retry-after": "7" }, body: `{"retry_after": "never"}` },
    { status: 429, headers: { "retry-after": "7" }, body: `{"retry_after": -1e9}` }
  ]
}
