/** The services that can be told by configuration, one line each. */
import { Effect, Schema } from "effect"
import { AlertmanagerOptions, makeAlertmanager } from "./service/Alertmanager.ts"
import { DiscordOptions, makeDiscord } from "./service/Discord.ts"
import { EmailOptions, makeEmail } from "./service/Email.ts"
import { makeOpsgenie, OpsgenieOptions } from "./service/Opsgenie.ts"
import { makePagerDuty, PagerDutyOptions } from "./service/PagerDuty.ts"
import type { ServiceContext } from "./service/Service.ts"
import { makeSlack, SlackOptions } from "./service/Slack.ts"
import { makeSms, SmsOptions } from "./service/Sms.ts"
import { makeTeams, TeamsOptions } from "./service/Teams.ts"
import { makeTelegram, TelegramOptions } from "./service/Telegram.ts"

export const ServiceOptions = Schema.Union([
  SlackOptions,
  DiscordOptions,
  TelegramOptions,
  TeamsOptions,
  AlertmanagerOptions,
  PagerDutyOptions,
  OpsgenieOptions,
  SmsOptions,
  EmailOptions
])
export type ServiceOptions = typeof ServiceOptions.Type

/** A receiver for each, in their order. */
export const makeServices = (services: ReadonlyArray<ServiceOptions>, context: ServiceContext) =>
  Effect.forEach(services, (options) => {
    switch (options.type) {
      case "slack":
        return makeSlack(options, context)
      case "discord":
        return makeDiscord(options, context)
      case "telegram":
        return makeTelegram(options, context)
      case "teams":
        return makeTeams(options, context)
      case "alertmanager":
        return makeAlertmanager(options, context)
      case "pagerduty":
        return makePagerDuty(options, context)
      case "opsgenie":
        return makeOpsgenie(options, context)
      case "sms":
        return makeSms(options, context)
      case "email":
        return makeEmail(options, context)
    }
  })
