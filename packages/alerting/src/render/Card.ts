/**
 * An alert as services for people show it: a title, a few named facts, the reasons, what to do and where to look. Plain text throughout; each service
 * escapes and shortens it as it needs.
 */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import { chanceText } from "@evenkeel/domain/risk/Chance"
import type { ChangeKind, RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { DateTime } from "effect"
import { messageOf, statusWord } from "./Message.ts"

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
  readonly link: string | undefined
}

export interface CardOptions {
  /** The dashboard's address as its readers reach it; no link without it. */
  readonly link: string | undefined
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
  if (status === "resolved") return undefined
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

const factsOf = ({ change, closedReason }: Alert): Card["facts"] => {
  const { deviationBps, evidence, fairValue, kind, venues } = change
  if (kind === "stale" || closedReason !== undefined) return []
  const model = evidence.model?.horizons ?? []
  const horizon = (minutes: number) => (minutes < 60 ? `${minutes} m` : `${minutes / 60} h`)
  return [
    { name: "Deviation", value: `${deviationBps.toFixed(1)} bps` },
    { name: "Fair value", value: fairValue.toFixed(5) },
    ...(venues.own.length === 0
      ? []
      : [
          {
            name: "Venues",
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

/** One card for each alert, in the notification's order. */
export const cardsOf = ({ alerts, simulated }: Notification, { link }: CardOptions): ReadonlyArray<Card> =>
  alerts.map((alert) => {
    const { reasons, title } = messageOf(alert, simulated)
    const advice = adviceOf(alert)
    return {
      alert,
      title: plainText(`${statusWord(alert)}: ${title}`),
      color: colors[alert.status === "resolved" ? "normal" : alert.level],
      time: DateTime.formatIso(DateTime.makeUnsafe(alert.change.time)),
      facts: factsOf(alert).map(({ name, value }) => ({ name, value: plainText(value) })),
      reasons: reasons.map(plainText),
      advice: advice === undefined ? undefined : plainText(advice),
      link: link === undefined ? undefined : `${link.replace(/\/$/, "")}/#${alert.change.coin}`
    }
  })

/** A card as lines of text, for services that show nothing else. */
export const cardText = ({ advice, facts, link, reasons, time, title }: Card): string =>
  [
    title,
    ...facts.map(({ name, value }) => `${name}: ${value}`),
    ...reasons.map((reason) => `- ${reason}`),
    ...(advice === undefined ? [] : [advice]),
    time,
    ...(link === undefined ? [] : [link])
  ].join("\n")

/** Reasons that a card keeps where it must be bounded. */
const reasonsMax = 20

/** The card with no text longer than `max`, and no more than twenty reasons. */
export const boundedCard = (card: Card, max: number): Card => ({
  ...card,
  title: shortened(card.title, max),
  facts: card.facts.map(({ name, value }) => ({ name, value: shortened(value, max) })),
  reasons: card.reasons.slice(0, reasonsMax).map((reason) => shortened(reason, max)),
  advice: card.advice === undefined ? undefined : shortened(card.advice, max)
})

/** At most `max` UTF-16 units, none of them half a character; what was cut ends with an ellipsis. */
export const shortened = (text: string, max: number): string => {
  if (text.length <= max) return text
  const cut = text.slice(0, Math.max(0, max - 1))
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** The first parts that take up `max` together at most, and one at least. */
export const fitting = <Part>(parts: ReadonlyArray<Part>, max: number, sizeOf: (part: Part) => number): ReadonlyArray<Part> => {
  let left = max
  const end = parts.findIndex((part, index) => {
    left -= sizeOf(part)
    return left < 0 && index > 0
  })
  return end === -1 ? parts : parts.slice(0, end)
}
