/**
 * Microsoft Teams, by a workflow "Send webhook alerts to a channel": one Adaptive Card with a container for each alert. Teams takes no key for a repeat.
 *
 * All text is in `TextRun`s, in which nothing has a meaning: `TextBlock`s and facts are read as Markdown.
 *
 * Limits: about 28 KB a message. Some have seen less refused, so 20 KB are sent at most. Sources: learn.microsoft.com/connectors/teams ("Message size
 * limit"), learn.microsoft.com/adaptive-cards/schema-explorer/text-run, learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format.
 */
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { type Card, cardsOf, fitting } from "../../render/Card.ts"
import { shortened } from "../../render/Shortened.ts"
import { makeHttpReceiver } from "../HttpReceiver.ts"
import { SecretUrl, type ServiceContext, serviceName } from "./Service.ts"

export const TeamsOptions = Schema.Struct({
  type: Schema.Literal("teams"),
  name: serviceName,
  /** The workflow's address, with its signature. */
  url: SecretUrl
})
export type TeamsOptions = typeof TeamsOptions.Type

/** What stands around the containers has some of 20 KB, too. */
const containersBytesMax = 19 * 1024
const titleMax = 300
const factMax = 300
const reasonMax = 400
const reasonsMax = 8
/** Of a template. */
const textMax = 4000
const linesMax = 40

const styles: Readonly<Record<RiskLevel, string>> = {
  normal: "good",
  watch: "accent",
  warning: "warning",
  critical: "attention",
  stale: "emphasis"
}

type Run = readonly [text: string, more?: { readonly weight?: string; readonly size?: string; readonly isSubtle?: boolean }]

const line = (...runs: ReadonlyArray<Run>) => ({
  type: "RichTextBlock",
  inlines: runs.map(([text, more]) => ({ type: "TextRun", text, ...more }))
})

const containerOf = ({ advice, alert, facts, link, reasons, text, time, title }: Card) => ({
  type: "Container",
  style: styles[alert.status === "resolved" ? "normal" : alert.level],
  separator: true,
  items: [
    line([shortened(title, titleMax), { weight: "Bolder", size: "Medium" }]),
    ...(text !== undefined
      ? shortened(text, textMax)
          .split("\n")
          .slice(0, linesMax)
          .map((each) => line([each]))
      : [
          ...facts.map(({ name, value }) => line([`${name}: `, { weight: "Bolder" }], [shortened(value, factMax)])),
          ...reasons.slice(0, reasonsMax).map((reason) => line([`• ${shortened(reason, reasonMax)}`])),
          ...(advice === undefined ? [] : [line([shortened(advice, reasonMax)])])
        ]),
    line([time, { isSubtle: true }]),
    ...(link === undefined ? [] : [{ type: "ActionSet", actions: [{ type: "Action.OpenUrl", title: "Open", url: encodeURI(link) }] }])
  ]
})

export const makeTeams = ({ name, url }: TeamsOptions, context: ServiceContext) =>
  makeHttpReceiver({
    name,
    messagesOf: (notification) => {
      const containers = cardsOf(notification, context).map(containerOf)
      const shown = fitting(containers, containersBytesMax, (container) => Buffer.byteLength(JSON.stringify(container)) + 1)
      const more = containers.length > shown.length ? [line([`and ${containers.length - shown.length} more alerts`])] : []
      const content = {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        msteams: { width: "Full" },
        body: [...shown, ...more]
      }
      const attachments = [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }]
      return [{ url, body: JSON.stringify({ type: "message", attachments }) }]
    }
  })
