/** Where services are reached when nothing else is configured, and in what order they are told: a client that keeps requests and sends none. */
import { assert, describe, it } from "@effect/vitest"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { makeServices, type ServiceOptions } from "../src/receiver/Services.ts"
import { levelChange } from "./support/LevelChange.ts"
import { alertFor, notificationFor } from "./support/Notification.ts"

const key = Redacted.make("k")

/** Method, address and body of each request. */
const requestsOf = Effect.fnUntraced(function* (options: ServiceOptions, notification: Notification) {
  const requests: Array<readonly [call: string, body: string]> = []
  const client = HttpClient.make((request, url) => {
    const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
    requests.push([`${request.method} ${url.href}`, body])
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status: 202 })))
  })
  const [receiver] = yield* makeServices([options], { link: undefined }).pipe(
    Effect.provideService(HttpClient.HttpClient, client),
    Effect.provide(Policies.layer().pipe(Layer.provide(HealthRegistry.layer)))
  )
  yield* receiver!.deliver(notification)
  return requests
})
const callsOf = (options: ServiceOptions, notification: Notification) =>
  Effect.map(requestsOf(options, notification), (requests) => requests.map(([call]) => call))

const worse = notificationFor({ fingerprint: "a", change: levelChange({ time: 60_000 }) })
const over = notificationFor({ fingerprint: "a", status: "resolved", endsAt: 90_000 })

describe("a service without an address", () => {
  it.effect("is PagerDuty at its public one, with one event an alert", () =>
    Effect.gen(function* () {
      const alerts: Notification["alerts"] = [
        alertFor({ level: "critical" }),
        alertFor({ level: "stale" }),
        alertFor({ level: "warning" }),
        alertFor({ level: "watch" })
      ]
      const requests = yield* requestsOf({ type: "pagerduty", name: "pager", key }, notificationFor({}, { alerts }))
      assert.deepStrictEqual([...new Set(requests.map(([call]) => call))], ["POST https://events.pagerduty.com/v2/enqueue"])
      const severities = requests.map(([, body]) => (JSON.parse(body) as { payload: { severity: string } }).payload.severity)
      assert.deepStrictEqual(severities, ["critical", "error", "warning", "info"])
    })
  )

  it.effect("is Opsgenie in the United States or in Europe, which is told of a change and of the end", () =>
    Effect.gen(function* () {
      const us = yield* callsOf({ type: "opsgenie", name: "duty", key }, notificationFor())
      assert.deepStrictEqual(us, ["POST https://api.opsgenie.com/v2/alerts"])
      const eu = { type: "opsgenie", name: "duty", key, region: "eu" } as const
      const alert = "https://api.eu.opsgenie.com/v2/alerts/evenkeel-a"
      assert.deepStrictEqual(yield* callsOf(eu, worse), [
        "POST https://api.eu.opsgenie.com/v2/alerts",
        `PUT ${alert}/priority?identifierType=alias`,
        `PUT ${alert}/message?identifierType=alias`,
        `PUT ${alert}/description?identifierType=alias`
      ])
      assert.deepStrictEqual(yield* callsOf(eu, over), [`POST ${alert}/close?identifierType=alias`])
    })
  )

  it.effect("is Twilio, which is sent a text that costs no more than three parts", () =>
    Effect.gen(function* () {
      const options = { type: "sms", name: "phones", account: "AC1", token: key, from: "+15005550006", to: ["+14155550100"] } as const
      const long = notificationFor({ status: "resolved", endsAt: 5, closedReason: "long ".repeat(100) })
      const [[call, body] = ["", ""]] = yield* requestsOf(options, long)
      assert.strictEqual(call, "POST https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json")
      const text = new URLSearchParams(body).get("Body")!
      assert.lengthOf(text, 320)
      assert.match(text, /long\.\.\.$| \.\.\.$|\w\.\.\.$/)
      assert.match(text, /^[\n -~]+$/, "nothing outside the GSM alphabet")
    })
  )
})
