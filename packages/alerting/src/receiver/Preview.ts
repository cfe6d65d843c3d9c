/** What a service would be sent of a notification, without a key and without a network. */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { emailOf } from "./service/EmailMessage.ts"
import type { ServiceContext } from "./service/Service.ts"
import type { ServiceType } from "./ServiceTypes.ts"
import { makeServices, type ServiceOptions } from "./Services.ts"

const url = Redacted.make("https://preview.invalid/")
const secret = Redacted.make("preview")
const name = "preview"

/** Enough of each service to make its requests. */
const options: Readonly<Record<Exclude<ServiceType, "email">, ServiceOptions>> = {
  slack: { type: "slack", name, url },
  discord: { type: "discord", name, url },
  telegram: { type: "telegram", name, token: secret, chatId: "1", url },
  teams: { type: "teams", name, url },
  alertmanager: { type: "alertmanager", name, url },
  pagerduty: { type: "pagerduty", name, key: secret, url },
  opsgenie: { type: "opsgenie", name, key: secret, url },
  sms: { type: "sms", name, account: "AC", token: secret, from: "Evenkeel", to: ["+10000"], url }
}

/** The bodies of its requests as text, or of an email subject and text. */
export const previewOf = Effect.fnUntraced(function* (service: ServiceType, notification: Notification, context: ServiceContext) {
  if (service === "email") {
    const { subject, text } = emailOf(notification, { from: "evenkeel@example.org", name }, context, 0)
    return [`Subject: ${subject}\n\n${text}`]
  }
  const bodies: Array<string> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const { body } = request
      bodies.push(body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : "")
      return HttpClientResponse.fromWeb(request, new Response('{"ok":true}', { status: 200 }))
    })
  )
  const services = Layer.mergeAll(Policies.layer().pipe(Layer.provide(HealthRegistry.layer)), Layer.succeed(HttpClient.HttpClient, client))
  yield* Effect.gen(function* () {
    const [receiver] = yield* makeServices([options[service]], context)
    yield* receiver!.deliver(notification)
  }).pipe(Effect.scoped, Effect.provide(services))
  return bodies.map(readable)
})

/** JSON over several lines, a form as its fields. */
const readable = (body: string): string =>
  body.startsWith("{") || body.startsWith("[")
    ? JSON.stringify(JSON.parse(body), undefined, 2)
    : [...new URLSearchParams(body)].map(([field, value]) => `${field}: ${value}`).join("\n")
