/** `evenkeel alerts preview`: what notifications look like, in the built-in words or a template's, without an engine and without telling anybody. */
import { previewOf } from "@evenkeel/alerting/receiver/Preview"
import type { ServiceType } from "@evenkeel/alerting/receiver/ServiceTypes"
import { cardsOf, cardText } from "@evenkeel/alerting/render/Card"
import { sampleNotifications } from "@evenkeel/alerting/render/Samples"
import { loadTemplate, loadTemplates, makeWords, type Templates } from "@evenkeel/alerting/render/Words"
import { plainLines } from "@evenkeel/runtime/telemetry/PlainText"
import { Console, Effect, Option } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"

export interface PreviewOptions {
  /** A template's file, in place of the configured ones of its part. */
  readonly template: Option.Option<string>
  /** In the form that this service is sent; as plain text where it is left out. */
  readonly service: Option.Option<ServiceType>
}

export const runPreview = Effect.fn("runPreview")(function* ({ alerts }: EngineConfig, { service, template }: PreviewOptions) {
  const configured: Templates = yield* loadTemplates(alerts.templates)
  const own: Templates = Option.isNone(template)
    ? {}
    : yield* Effect.map(loadTemplate(template.value), (loaded) => ({ [loaded.part]: loaded }))
  const words = makeWords({ ...configured, ...own })
  const context = { link: alerts.link === "" ? undefined : alerts.link, words }
  for (const [name, notification] of Object.entries(sampleNotifications)) {
    yield* Console.log(`--- ${name}`)
    const bodies = Option.isSome(service)
      ? yield* previewOf(service.value, notification, context)
      : [cardsOf(notification, context).map(cardText).join("\n\n")]
    for (const body of bodies) yield* Console.log(plainLines(body))
  }
  if (words.failures() > 0) yield* Console.error(`warning: of ${words.failures()} templates nothing came, and the built-in words stand`)
})
