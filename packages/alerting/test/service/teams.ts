/** Microsoft Teams, as learn.microsoft.com describes workflows' webhooks and Adaptive Cards. */
import { Redacted } from "effect"
import { makeTeams } from "../../src/receiver/service/Teams.ts"
import type { ServiceAnswer, ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface Element {
  readonly type: string
  readonly style?: string
  readonly items?: ReadonlyArray<Element>
  readonly inlines?: ReadonlyArray<{ readonly type: string; readonly text: string }>
  readonly actions?: ReadonlyArray<{ readonly type: string; readonly title: string; readonly url: string }>
}
interface Message {
  readonly type: string
  readonly attachments: ReadonlyArray<{
    readonly contentType: string
    readonly content: { readonly type: string; readonly version: string; readonly body: ReadonlyArray<Element> }
  }>
}

const path = "/workflows/1/triggers/manual/paths/invoke?api-version=1&sig=secret%2Fkey"
const styles = ["default", "emphasis", "good", "attention", "warning", "accent"]

const elementsOf = (elements: ReadonlyArray<Element>): ReadonlyArray<Element> =>
  elements.flatMap((element) => [element, ...elementsOf(element.items ?? [])])

const problemOf = ({ body, headers, method }: ServiceRequest): string | undefined => {
  if (method !== "POST" || headers["content-type"] !== "application/json") return "InvalidRequestContent"
  if (Buffer.byteLength(body) > 28 * 1024) return "Request Entity too large"
  const { attachments, type } = JSON.parse(body) as Message
  const [attachment] = attachments
  if (type !== "message" || attachment === undefined) return "TriggerInputSchemaMismatch"
  const { content, contentType } = attachment
  if (contentType !== "application/vnd.microsoft.card.adaptive" || content.type !== "AdaptiveCard") return "not an Adaptive Card"
  for (const { actions = [], inlines = [], items = [], style, type: kind } of elementsOf(content.body)) {
    // A text block would be read as Markdown.
    if (!["Container", "RichTextBlock", "ActionSet"].includes(kind)) return `${kind} is not expected`
    if (kind === "Container" && (items.length === 0 || !styles.includes(style ?? "default"))) return "Container"
    if (kind === "RichTextBlock" && (inlines.length === 0 || inlines.some((run) => run.type !== "TextRun" || run.text === ""))) return kind
    if (kind === "ActionSet" && actions.some((action) => action.type !== "Action.OpenUrl" || !URL.canParse(action.url))) return kind
  }
  return undefined
}

export const teams: ServiceUnderTest = {
  name: "Microsoft Teams",
  make: (origin) => makeTeams({ type: "teams", name: "desk", url: Redacted.make(`${origin}${path}`) }, { link: "https://desk.example" }),
  take: (request): ServiceAnswer => {
    if (request.path !== path) return { status: 401, body: "DirectApiAuthorizationRequired" }
    const problem = problemOf(request)
    return problem === undefined ? { status: 202 } : { status: problem.includes("too large") ? 413 : 400, body: problem }
  },
  secrets: ["secret%2Fkey", "secret/key"],
  shown: (requests) =>
    requests
      .flatMap(({ body }) => (JSON.parse(body) as Message).attachments)
      .flatMap(({ content }) => elementsOf(content.body))
      .map(({ inlines = [] }) => inlines.map(({ text }) => text).join(""))
      .join("\n")
}
