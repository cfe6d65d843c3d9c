/** The services that can be told by configuration, one line each. */
import { Effect, Schema } from "effect"
import type { ServiceContext } from "./service/Service.ts"
import { makeSlack, SlackOptions } from "./service/Slack.ts"

export const ServiceOptions = Schema.Union([SlackOptions])
export type ServiceOptions = typeof ServiceOptions.Type

/** A receiver for each, in their order. */
export const makeServices = (services: ReadonlyArray<ServiceOptions>, context: ServiceContext) =>
  Effect.forEach(services, (options) => {
    switch (options.type) {
      case "slack":
        return makeSlack(options, context)
    }
  })
