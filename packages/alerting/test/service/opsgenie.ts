/** Opsgenie, as docs.opsgenie.com describes the Alert API. */
import { Redacted } from "effect"
import { makeOpsgenie } from "../../src/receiver/service/Opsgenie.ts"
import { escapedHtml } from "../../src/receiver/service/Service.ts"
import type { ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface Call {
  readonly alias?: string
  readonly message?: string
  readonly description?: string
  readonly note?: string
  readonly priority?: string
  readonly source?: string
  readonly entity?: string
  readonly tags?: ReadonlyArray<string>
}

const key = "G3N1EK3Y"
const base = "/jsm/ops/integration"
const callOf = ({ body }: ServiceRequest) => JSON.parse(body) as Call
/** An existing alert's alias, and what is done with it. */
const actionOf = ({ path }: ServiceRequest) => /\/v2\/alerts\/([^/]+)\/(\w+)\?identifierType=alias$/.exec(path) ?? undefined
const within = (text: string | undefined, max: number) => text !== undefined && text !== "" && text.length <= max

const problemOf = (request: ServiceRequest): string | undefined => {
  if (request.headers["content-type"] !== "application/json") return "JSON is expected"
  const { alias, description, entity, message, note, priority, source, tags = [] } = callOf(request)
  const isPriority = /^P[1-5]$/.test(priority ?? "")
  switch (`${request.method} ${actionOf(request)?.[2] ?? ""}`) {
    case "POST ": {
      if (!within(message, 130) || !within(description, 15_000) || !within(alias, 512)) return "a text is missing or too long"
      if (!isPriority || !within(source, 100) || !within(entity, 512)) return "a field is missing or too long"
      return tags.length > 20 || tags.some((tag) => tag.length > 50) ? "tags are too long" : undefined
    }
    case "POST close":
      return within(note, 25_000) ? undefined : "note is missing or too long"
    case "PUT priority":
      return isPriority ? undefined : "priority is not valid"
    case "PUT message":
      return within(message, 130) ? undefined : "message is missing or too long"
    case "PUT description":
      return within(description, 15_000) ? undefined : "description is missing or too long"
    default:
      return "no such action"
  }
}

export const opsgenie: ServiceUnderTest = {
  name: "Opsgenie",
  make: (origin) =>
    makeOpsgenie(
      { type: "opsgenie", name: "duty", key: Redacted.make(key), url: Redacted.make(`${origin}${base}/`) },
      { link: "https://desk.example" }
    ),
  take: (request) => {
    if (!request.path.startsWith(`${base}/v2/alerts`)) return { status: 404 }
    if (request.headers.authorization !== `GenieKey ${key}`) return { status: 401, body: "Could not authenticate" }
    const problem = problemOf(request)
    return problem === undefined ? { status: 202, body: `{"result":"Request will be processed"}` } : { status: 422, body: problem }
  },
  secrets: [key],
  shown: (requests) =>
    requests
      .map(callOf)
      .flatMap(({ description = "", message = "", note = "" }) => [message, description, note])
      .join("\n"),
  escapes: escapedHtml,
  keys: (requests) => requests.map((request) => actionOf(request)?.[1] ?? callOf(request).alias ?? "")
}
