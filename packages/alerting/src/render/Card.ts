/**
 * An alert as services for people show it: a title, a few named facts, the reasons, what to do and where to look. Plain text throughout; each service
 * escapes and shortens it as it needs.
 */
import { type Alert, alertChangedAt, alertCoin, alertSubject, type Notification, type RuleCause } from "@evenkeel/domain/alert/Alert"
import { chanceText } from "@evenkeel/domain/risk/Chance"
import type { ChangeKind, RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { DateTime } from "effect"
import { numberText } from "../rule/Rule.ts"
import { isSimulated, messageOf, statusWord } from "./Message.ts"
import { reasonsOfAlert } from "./Reasons.ts"
import { shortened } from "./Shortened.ts"
import type { TemplateFields } from "./Template.ts"
import type { Words } from "./Words.ts"

export interface Card {
  readonly alert: Alert
  /** `CRITICAL: USDC is losing its peg: -345.5 bps, fair value 0.96545`. */
  readonly title: string
  /** `#rrggbb`, by level. */
  readonly color: string
  /** ISO 8601. */
  readonly time: string
  readonly facts: ReadonlyArray<{ readonly name: string; readonly value: string }>
  readonly reasons: ReadonlyArray<string>
  /** What to do now; undefined where nothing is to be done. */
  readonly advice: string | undefined
  /** The words of a template, which stand in place of facts, reasons and advice; undefined where there is none. */
  readonly text: string | undefined
  readonly link: string | undefined
}

export interface CardOptions {
  /** The dashboard's address as its readers reach it; no link without it. */
  readonly link: string | undefined
  /** The templates that stand in place of the words here; none where it is left out. */
  readonly words?: Pick<Words["Service"], "title" | "text">
}

const colors: Readonly<Record<RiskLevel, string>> = {
  normal: "#2e7d32",
  watch: "#0277bd",
  warning: "#ef6c00",
  critical: "#c62828",
  stale: "#6a1b9a"
}

const venuesShown = 6

/** Below `critical` there is time to look; an alert of one venue, or of a rise, loses nobody's peg. */
const adviceOf = ({ change, level, status }: Alert): string | undefined => {
  if (status === "resolved" || change === undefined) return undefined
  const byKind: Readonly<Record<ChangeKind, string | undefined>> = {
    break:
      level === "critical"
        ? `Act now: stop taking ${change.coin}, and look at what you hold, lend or accept of it.`
        : `Look at what you hold, lend or accept of ${change.coin}, and at whether it can be redeemed.`,
    premium: `${change.coin} costs more than its peg: look at what you must buy of it.`,
    local: `Do not trade ${change.coin} on ${change.venues.differ.join(", ")} until it agrees with the others, nor take its price from there.`,
    recovery: undefined,
    stale: `Nobody can see ${change.coin}: look at the venues and at the engine's health.`,
    disputed: `Take no price of ${change.coin} from one source alone until they agree.`,
    unattributed: `Look at both coins of the pair: one of them moved.`
  }
  return byKind[change.kind]
}

const ruleFacts = ({ comparison, signal, threshold, unit, value }: RuleCause): Card["facts"] => {
  const behind = unit === "" ? "" : ` ${unit}`
  return [
    { name: signal, value: `${numberText(value)}${behind}` },
    { name: `Fires ${comparison}`, value: `${numberText(threshold)}${behind}` }
  ]
}

const factsOf = ({ change, closedReason, rule }: Alert): Card["facts"] => {
  if (rule !== undefined && closedReason === undefined) return ruleFacts(rule)
  if (change === undefined) return []
  const { deviationBps, errorBps, evidence, fairValue, kind, venues } = change
  if (kind === "stale" || closedReason !== undefined) return []
  // Of a coin that comes back nobody asks whether it breaks.
  const model = kind === "recovery" ? [] : (evidence.model?.horizons ?? [])
  const usual = evidence.baselineBps === null ? "" : ` (usually ${evidence.baselineBps.toFixed(1)})`
  const horizon = (minutes: number) => (minutes < 60 ? `${minutes} m` : `${minutes / 60} h`)
  return [
    { name: "Deviation", value: `${deviationBps.toFixed(1)} bps${usual}` },
    { name: "Fair value", value: `${fairValue.toFixed(5)} ± ${((errorBps * fairValue) / 1e4).toFixed(5)}` },
    ...(venues.own.length === 0
      ? []
      : [
          {
            name: "Venues, bps",
            value: venues.own
              .slice(0, venuesShown)
              .map((own) => `${own.venue} ${own.deviationBps.toFixed(1)}`)
              .join(", ")
          }
        ]),
    ...(model.length === 0
      ? []
      : [
          {
            name: "Chance of a break",
            value: model.map(({ minutes, probability }) => `${horizon(minutes)} ${chanceText(probability)}`).join(", ")
          }
        ])
  ]
}

/** Who looks at it, where somebody said so. */
const acknowledgedFacts = ({ fingerprint }: Alert, { acknowledged = [] }: Notification): Card["facts"] =>
  acknowledged
    .filter((each) => each.fingerprint === fingerprint)
    .map(({ at, by, comment }) => ({ name: "Acknowledged", value: `by ${by} at ${isoOf(at)}${comment === "" ? "" : `: ${comment}`}` }))

const isoOf = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))

/** What a template can show. */
const fieldsOf = (card: Card, notification: Notification, simulated: boolean): TemplateFields => {
  const { advice, alert, facts, link, reasons, time, title } = card
  const { change, closedReason, labels, level, rule, startsAt, status } = alert
  const acknowledged = notification.acknowledged?.find(({ fingerprint }) => fingerprint === alert.fingerprint)
  return {
    title,
    status,
    firing: status === "firing",
    resolved: status === "resolved",
    simulated,
    severity: level,
    alertname: labels["alertname"] ?? "",
    kind: labels["kind"] ?? "",
    subject: alertSubject(alert),
    coin: alertCoin(alert) ?? "",
    deviation: change === undefined ? "" : change.deviationBps.toFixed(1),
    fairValue: change === undefined ? "" : change.fairValue.toFixed(5),
    signal: rule?.signal ?? "",
    value: rule === undefined ? "" : numberText(rule.value),
    threshold: rule === undefined ? "" : numberText(rule.threshold),
    unit: rule?.unit ?? "",
    summary: rule?.annotations["summary"] ?? "",
    description: rule?.annotations["description"] ?? "",
    time,
    startsAt: isoOf(startsAt),
    acknowledgedBy: acknowledged?.by ?? "",
    closedReason: closedReason ?? "",
    advice: advice ?? "",
    link: link ?? "",
    reasons,
    facts,
    labels: Object.entries(labels).map(([name, value]) => ({ name, value }))
  }
}

/** One card for each alert, in the notification's order. */
export const cardsOf = (notification: Notification, { link, words }: CardOptions): ReadonlyArray<Card> =>
  notification.alerts.map((alert) => {
    const simulated = isSimulated(alert, notification)
    const { reasons: whole, title } = messageOf(alert, simulated)
    const advice = adviceOf(alert)
    const coin = alertCoin(alert)
    const card: Card = {
      alert,
      title: plainText(`${statusWord(alert)}: ${title}`),
      color: colors[alert.status === "resolved" ? "normal" : alert.level],
      time: isoOf(alertChangedAt(alert)),
      facts: [...factsOf(alert), ...acknowledgedFacts(alert, notification)].map(({ name, value }) => ({ name, value: plainText(value) })),
      reasons: reasonsOfAlert(alert, { beside: true }).map(plainText),
      advice: advice === undefined ? undefined : plainText(advice),
      text: undefined,
      link: link === undefined ? undefined : `${link.replace(/\/$/, "")}/${coin === undefined ? "" : `#${coin}`}`
    }
    if (words === undefined) return card
    // A template may show the reasons without the facts.
    const fields = fieldsOf({ ...card, reasons: whole.map(plainText) }, notification, simulated)
    return { ...card, title: words.title(fields) ?? card.title, text: words.text(fields) }
  })

/** What stands below a card's title, where everything is lines of text. */
const bodyOf = ({ advice, facts, reasons, text }: Card): ReadonlyArray<string> =>
  text !== undefined
    ? [text]
    : [
        ...facts.map(({ name, value }) => `${name}: ${value}`),
        ...reasons.map((reason) => `- ${reason}`),
        ...(advice === undefined ? [] : [advice])
      ]

/** A card as lines of text, for services that show nothing else. */
export const cardText = (card: Card): string =>
  [card.title, ...bodyOf(card), card.time, ...(card.link === undefined ? [] : [card.link])].join("\n")

/** Reasons that a card keeps where it must be bounded. */
const reasonsMax = 20

/** The card with no text longer than `max`, and no more than twenty reasons. */
export const boundedCard = (card: Card, max: number): Card => ({
  ...card,
  title: shortened(card.title, max),
  facts: card.facts.map(({ name, value }) => ({ name, value: shortened(value, max) })),
  reasons: card.reasons.slice(0, reasonsMax).map((reason) => shortened(reason, max)),
  advice: card.advice === undefined ? undefined : shortened(card.advice, max),
  text: card.text === undefined ? undefined : shortened(card.text, 4 * max)
})

/** The first parts that take up `max` together at most, and one at least. */
export const fitting = <Part>(parts: ReadonlyArray<Part>, max: number, sizeOf: (part: Part) => number): ReadonlyArray<Part> => {
  let left = max
  const end = parts.findIndex((part, index) => {
    left -= sizeOf(part)
    return left < 0 && index > 0
  })
  return end === -1 ? parts : parts.slice(0, end)
}
