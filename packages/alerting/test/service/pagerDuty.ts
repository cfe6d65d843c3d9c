/** PagerDuty, as developer.pagerduty.com describes the Events API v2. */
import { Redacted } from "effect"
import { makePagerDuty } from "../../src/receiver/service/PagerDuty.ts"
import type { ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface Event {
  readonly routing_key: string
  readonly event_action: string
  readonly dedup_key: string
  readonly links: ReadonlyArray<{ readonly href: string }>
  readonly payload: {
    readonly summary: string
    readonly source: string
    readonly severity: string
    readonly timestamp: string
    readonly custom_details: Readonly<Record<string, string | ReadonlyArray<string>>>
  }
}

const key = "R0UT1NGK3Y"
const eventOf = ({ body }: ServiceRequest) => JSON.parse(body) as Event

const problemOf = (request: ServiceRequest): string | undefined => {
  if (request.method !== "POST" || request.headers["content-type"] !== "application/json") return "JSON is expected"
  if (Buffer.byteLength(request.body) > 512 * 1024) return "Event object exceeds 512 KB"
  const { dedup_key, event_action, links, payload, routing_key } = eventOf(request)
  if (routing_key !== key) return "Invalid routing key"
  if (!["trigger", "acknowledge", "resolve"].includes(event_action)) return "event_action is invalid"
  if (dedup_key === "" || dedup_key.length > 255) return "dedup_key is invalid"
  if (payload.summary === "" || payload.summary.length > 1024) return "payload.summary is invalid"
  if (payload.source === "" || !["critical", "error", "warning", "info"].includes(payload.severity)) return "payload is invalid"
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(payload.timestamp)) return "payload.timestamp is invalid"
  if (links.some(({ href }) => !URL.canParse(href))) return "links are invalid"
  // Whatever is resolved says so to people too, and nothing else does.
  if ((event_action === "resolve") !== payload.summary.startsWith("RESOLVED")) return "event_action is not what the summary says"
  return undefined
}

export const pagerDuty: ServiceUnderTest = {
  name: "PagerDuty",
  make: (origin) =>
    makePagerDuty(
      { type: "pagerduty", name: "pager", key: Redacted.make(key), url: Redacted.make(`${origin}/v2/enqueue`) },
      { link: "https://desk.example" }
    ),
  take: (request) => {
    if (request.path !== "/v2/enqueue") return { status: 404 }
    const problem = problemOf(request)
    return problem === undefined
      ? { status: 202, body: JSON.stringify({ status: "success", dedup_key: eventOf(request).dedup_key }) }
      : { status: 400, body: JSON.stringify({ status: "invalid event", errors: [problem] }) }
  },
  secrets: [key],
  shown: (requests) =>
    requests
      .map(eventOf)
      .flatMap(({ payload }) => [payload.summary, ...Object.values(payload.custom_details).flat()])
      .join("\n"),
  keys: (requests) => requests.map((request) => eventOf(request).dedup_key)
}
