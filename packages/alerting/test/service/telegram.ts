/** Telegram, as core.telegram.org/bots/api describes `sendMessage`, HTML style and its answers. */
import { Redacted } from "effect"
import { makeTelegram } from "../../src/receiver/service/Telegram.ts"
import type { ServiceAnswer, ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface Message {
  readonly chat_id: string
  readonly text: string
  readonly parse_mode: string
  readonly link_preview_options: { readonly is_disabled: boolean }
}

const token = "123456:AAsecret_token-x"

const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" }

/** The text as it is shown; undefined where its HTML cannot be read. */
const parsed = (html: string): string | undefined => {
  const text = html.replaceAll(/<b>([^<]*)<\/b>/g, "$1")
  if (/[<>]/.test(text) || /&(?!amp;|lt;|gt;)/.test(text)) return undefined
  return text.replaceAll(/&\w+;/g, (entity) => entities[entity]!)
}

const refused = (status: number, description: string, more: object = {}): ServiceAnswer => ({
  status,
  body: JSON.stringify({ ok: false, error_code: status, description, ...more })
})

const take = ({ body, headers, method, path }: ServiceRequest): ServiceAnswer => {
  if (path !== `/bot${token}/sendMessage`) return refused(404, "Not Found")
  if (method !== "POST" || headers["content-type"] !== "application/json") return refused(400, "Bad Request: message text is empty")
  const { chat_id, parse_mode, text } = JSON.parse(body) as Message
  if (chat_id !== "-1001") return refused(400, "Bad Request: chat not found")
  const shown = parse_mode === "HTML" ? parsed(text) : undefined
  if (shown === undefined) return refused(400, "Bad Request: can't parse entities")
  if (shown.trim() === "") return refused(400, "Bad Request: message text is empty")
  if (shown.length > 4096) return refused(400, "Bad Request: message is too long")
  return { status: 200, body: JSON.stringify({ ok: true, result: { message_id: 1, text: shown } }) }
}

export const telegram: ServiceUnderTest = {
  name: "Telegram",
  make: (origin) =>
    makeTelegram(
      { type: "telegram", name: "desk", token: Redacted.make(token), chatId: "-1001", url: Redacted.make(`${origin}/`) },
      { link: "https://desk.example" }
    ),
  take,
  secrets: [token, "AAsecret_token-x"],
  shown: (requests) => requests.map(({ body }) => (JSON.parse(body) as Message).text).join("\n"),
  escapes: (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("@", "@\u2060"),
  pauses: [refused(429, "Too Many Requests: retry after 7", { parameters: { retry_after: 7 } })],
  refusals: [
    [refused(200, "Forbidden: bot was blocked by the user"), "bot was blocked"],
    [{ status: 200, body: "<html>Sign in</html>" }, "none of Telegram's"],
    [{ status: 200, body: `{"ok": "true"}` }, "none of Telegram's"]
  ]
}
