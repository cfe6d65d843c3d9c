/** Slack, as docs.slack.dev describes incoming webhooks and their blocks. */
import { Redacted } from "effect"
import { makeSlack } from "../../src/receiver/service/Slack.ts"
import type { ServiceAnswer, ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface Text {
  readonly type: string
  readonly text: string
}
interface Block {
  readonly type: string
  readonly text?: Text
  readonly fields?: ReadonlyArray<Text>
  readonly elements?: ReadonlyArray<Text>
}
interface Message {
  readonly text: string
  readonly blocks: ReadonlyArray<Block>
}

const path = "/services/T000/B000/secretkey"

const problemOf = ({ body, headers, method }: ServiceRequest): string | undefined => {
  if (method !== "POST" || headers["content-type"] !== "application/json") return "invalid_payload"
  const { blocks, text } = JSON.parse(body) as Message
  if (text.length > 40_000) return "msg_too_long"
  if (blocks.length > 50) return "invalid_blocks"
  for (const { elements = [], fields = [], text: own, type } of blocks) {
    if (type === "header" && (own?.type !== "plain_text" || own.text.length > 150 || own.text === "")) return "invalid_blocks: header"
    if (type === "section" && own !== undefined && (own.text.length > 3000 || own.text === "")) return "invalid_blocks: section"
    if (fields.length > 10 || fields.some((field) => field.text.length > 2000)) return "invalid_blocks: fields"
    if (type === "context" && (elements.length === 0 || elements.length > 10)) return "invalid_blocks: context"
  }
  return undefined
}

export const slack: ServiceUnderTest = {
  name: "Slack",
  make: (origin) => makeSlack({ type: "slack", name: "desk", url: Redacted.make(`${origin}${path}`) }, { link: "https://desk.example" }),
  take: (request): ServiceAnswer => {
    if (request.path !== path) return { status: 404, body: "no_service" }
    const problem = problemOf(request)
    return problem === undefined ? { status: 200, body: "ok" } : { status: 400, body: problem }
  },
  secrets: ["secretkey"],
  shown: (requests) =>
    requests
      .flatMap(({ body }) => (JSON.parse(body) as Message).blocks)
      .flatMap(({ elements = [], fields = [], text }) => [...(text === undefined ? [] : [text]), ...fields, ...elements])
      // A header is plain text: nothing in it has a meaning.
      .map(({ text, type }) =>
        type === "plain_text" ? text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") : text
      )
      .join("\n"),
  escapes: (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
