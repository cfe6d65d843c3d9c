/** Alertmanager, as its api/v2/openapi.yaml and its checks of what is posted have it. */
import { Redacted } from "effect"
import { type AlertmanagerOptions, makeAlertmanager } from "../../src/receiver/service/Alertmanager.ts"
import type { ServiceAnswer, ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

interface PostableAlert {
  readonly labels: Readonly<Record<string, unknown>>
  readonly annotations: Readonly<Record<string, unknown>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL?: string
}

const path = "/prefix/api/v2/alerts"
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

const problemOf = ({ body, headers, method }: ServiceRequest): string | undefined => {
  if (method !== "POST" || headers["content-type"] !== "application/json") return "415"
  for (const { annotations, endsAt, generatorURL, labels, startsAt } of JSON.parse(body) as ReadonlyArray<PostableAlert>) {
    const names = Object.keys(labels)
    if (names.length === 0 || names.some((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))) return "invalid label set"
    if ([...Object.values(labels), ...Object.values(annotations)].some((value) => typeof value !== "string" || value === "")) return "value"
    if (!time.test(startsAt) || !time.test(endsAt)) return "parsing time"
    if (Date.parse(endsAt) < Date.parse(startsAt)) return "start time must be before end time"
    if (generatorURL !== undefined && !URL.canParse(generatorURL)) return "generatorURL"
  }
  return undefined
}

const alertmanagerWith = (how: string, options: Partial<AlertmanagerOptions>, authorization: string): ServiceUnderTest => ({
  name: `Alertmanager with ${how}`,
  make: (origin) =>
    makeAlertmanager(
      { type: "alertmanager", name: "central", url: Redacted.make(`${origin}/prefix/`), ...options },
      { link: "https://desk.example" }
    ),
  take: (request): ServiceAnswer => {
    if (request.path !== path) return { status: 404, body: `"path was not found"` }
    if (request.headers.authorization !== authorization) return { status: 401, body: "Unauthorized" }
    const problem = problemOf(request)
    return problem === undefined ? { status: 200 } : { status: 400, body: JSON.stringify(problem) }
  },
  secrets: ["secretkey", authorization],
  shown: (requests) =>
    requests
      .flatMap(({ body }) => JSON.parse(body) as ReadonlyArray<PostableAlert>)
      .flatMap(({ annotations, labels }) => [...Object.values(labels), ...Object.values(annotations)])
      .join("\n")
})

export const alertmanager = alertmanagerWith("a token", { token: Redacted.make("secretkey") }, "Bearer secretkey")
export const alertmanagerBasic = alertmanagerWith(
  "a password",
  { username: "evenkeel", password: Redacted.make("secretkey") },
  `Basic ${Buffer.from("evenkeel:secretkey").toString("base64")}`
)
