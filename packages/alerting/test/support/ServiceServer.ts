/** A service on loopback, over HTTP or another protocol: it checks each request as the real one documents it, and answers as it is told to. */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import type { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import type { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, type Scope } from "effect"
import type { HttpClient } from "effect/http"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { Receiver } from "../../src/receiver/Receiver.ts"
import { levelChange } from "./LevelChange.ts"
import { alertFor, notificationFor, ruleAlertFor } from "./Notification.ts"

export interface ServiceRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface ServiceAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** No answer at all, or a refusal that repeats what was asked, and with which keys. */
type Special = "hang" | "echo"

export interface ServiceServer {
  /** `http://127.0.0.1:port` */
  readonly origin: string
  readonly requests: Array<ServiceRequest>
  /** What comes next; the service's own good answer when empty. */
  readonly answers: Array<ServiceAnswer | Special>
}

/** How a service is served, and how it says no in its protocol's words. */
export interface Protocol {
  readonly serve: (service: Pick<ServiceUnderTest, "take">) => Effect.Effect<ServiceServer, never, Scope.Scope>
  /** Two ways to say that it may work later. */
  readonly busy: readonly [ServiceAnswer, ServiceAnswer]
  readonly refusal: (body: string) => ServiceAnswer
  /** Not before so many seconds; undefined where the protocol has no word for it. */
  readonly wait: ((seconds: number) => ServiceAnswer) | undefined
}

/** What a service's test says of it. */
export interface ServiceUnderTest {
  readonly name: string
  /** HTTP when it is left out. */
  readonly protocol?: Protocol
  readonly make: (origin: string) => Effect.Effect<Receiver, never, HttpClient.HttpClient | Policies | Scope.Scope>
  /** What the service answers to a request; an answer above 299 says what is wrong with it, as the service would. */
  readonly take: (request: ServiceRequest) => ServiceAnswer
  /** Keys and addresses that nobody may be shown. */
  readonly secrets: ReadonlyArray<string>
  /** Everything that people read of what was sent, as text. */
  readonly shown: (requests: ReadonlyArray<ServiceRequest>) => string
  /** What must stand in front of `<`, `&` and the like where the service gives them a meaning. */
  readonly escapes?: (hostile: string) => string
  /** How else than in its protocol's words it asks to be left alone for seven seconds. */
  readonly pauses?: ReadonlyArray<ServiceAnswer>
  /** Answers that look good and mean no, or that another answers in its place: each with what is told of it. */
  readonly refusals?: ReadonlyArray<readonly [answer: ServiceAnswer, told: string]>
  /** Where the service keeps incidents or threads: the one that each request is about. */
  readonly keys?: (requests: ReadonlyArray<ServiceRequest>) => ReadonlyArray<string>
}

const serveHttp = ({ take }: Pick<ServiceUnderTest, "take">) =>
  Effect.acquireRelease(
    Effect.callback<ServiceServer & { readonly close: () => void }>((resume) => {
      const requests: Array<ServiceRequest> = []
      const answers: Array<ServiceAnswer | Special> = []
      const server = createServer((message, response) => {
        const chunks: Array<Buffer> = []
        message
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("end", () => {
            const request = {
              method: message.method ?? "",
              path: message.url ?? "",
              headers: message.headers,
              body: Buffer.concat(chunks).toString()
            }
            requests.push(request)
            const next = answers.shift() ?? take(request)
            const answer = next === "echo" ? http.refusal(echoOf(request)) : next
            if (answer !== "hang") response.writeHead(answer.status, answer.headers).end(answer.body)
          })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.closeAllConnections()
          server.close()
        }
        resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, requests, answers, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const echoOf = ({ body, headers, path }: ServiceRequest): string => [path, decodeURIComponent(path), headers.authorization, body].join("\n")

export const http: Protocol = {
  serve: serveHttp,
  busy: [{ status: 503 }, { status: 500, body: "later" }],
  refusal: (body) => ({ status: 400, body }),
  wait: (seconds) => ({ status: 429, headers: { "retry-after": `${seconds}` } })
}

/** What a venue's name may hold at the worst. */
export const hostile = `<!channel> & <b>"x"</b> *_~\`[a](http://evil.example) @everyone \u202e 𝒳 ${"long ".repeat(400)}`

/** Its marks and mentions, without what is only long. */
export const hostileMarks = hostile.slice(0, hostile.indexOf("@everyone") + "@everyone".length)

/** Notifications of every shape that a service must take. */
export const notifications = (): Readonly<Record<string, Notification>> => {
  const alert = (over: Partial<Alert> = {}) => alertFor(over)
  const model = {
    version: 1,
    horizons: [
      { minutes: 30, probability: 0.42 },
      { minutes: 1440, probability: 0.93 }
    ]
  }
  const own = ["kraken", "coinbase"].map((venue) => ({ venue, deviationBps: -101.5, level: "critical" as const }))
  const rich = levelChange({ venues: { agree: ["kraken"], differ: [], own }, evidence: { ...levelChange().evidence, model } })
  // Signs that are escaped, take several bytes or are half a character, in every place that a venue's name comes to.
  const venue = "@&<*𝒳\ud835".repeat(500)
  const worst = levelChange({
    kind: "local",
    venues: { agree: [venue], differ: [venue], own: [{ venue, deviationBps: -900, level: "critical" }] }
  })
  const many = Array.from({ length: 60 }, (_, index) => alert({ fingerprint: `f${index}`, change: levelChange({ coin: `COIN${index}` }) }))
  return {
    firing: notificationFor({ change: rich }),
    resolved: notificationFor({ status: "resolved", endsAt: 60_000, change: levelChange({ level: "normal", kind: "recovery" }) }),
    stale: notificationFor({ level: "stale", change: levelChange({ level: "stale", kind: "stale" }) }),
    simulated: notificationFor({}, { simulated: true }),
    closed: notificationFor({ status: "resolved", endsAt: 5, closedReason: "not watched any more" }),
    rule: notificationFor(ruleAlertFor()),
    ruleOfEngine: notificationFor(
      ruleAlertFor({ labels: { alertname: "DiskNearlyFull", kind: "rule", severity: "warning" }, status: "resolved", endsAt: 60_000 })
    ),
    ruleHostile: notificationFor(
      ruleAlertFor({ rule: { ...ruleAlertFor().rule!, annotations: { summary: `USDC ${hostile}`, description: hostile } } })
    ),
    acknowledged: notificationFor({}, { acknowledged: [{ fingerprint: "f", by: "ann", comment: "on it", at: 1000 }] }),
    many: notificationFor({}, { alerts: [many[0]!, ...many.slice(1)] }),
    worst: notificationFor({}, { alerts: [alert({ change: worst }), ...many.map((each) => ({ ...each, change: worst }))] }),
    hostile: notificationFor({
      change: levelChange({
        kind: "local",
        venues: { agree: [hostile], differ: [hostile], own: [{ venue: hostile, deviationBps: -900, level: "critical" }] }
      })
    })
  }
}

export type Services = HttpClient.HttpClient | Policies | HealthRegistry
