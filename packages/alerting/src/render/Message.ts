/** Alerts in words: a line that says what happened, and the reasons below it. */
import { type Alert, alertChangedAt, alertSubject, type Notification } from "@evenkeel/domain/alert/Alert"
import type { ChangeKind } from "@evenkeel/domain/risk/RiskLevel"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { DateTime } from "effect"
import { reasonsOfAlert } from "./Reasons.ts"
import { ruleTitle } from "./RuleWords.ts"

export interface Message {
  readonly title: string
  readonly reasons: ReadonlyArray<string>
}

const whatHappens: Readonly<Record<ChangeKind, string>> = {
  break: "is losing its peg",
  premium: "stands above its peg",
  local: "is dislocated on one venue",
  recovery: "is recovering",
  stale: "has no fresh price",
  disputed: "is disputed: its sources differ, and no set of them outweighs the others",
  unattributed: "may be losing its peg: one pair moved, and which of its two coins did is not known"
}

/** `CRITICAL` or, once it is over, `RESOLVED`. */
export const statusWord = ({ level, status }: Pick<Alert, "level" | "status">): string =>
  status === "resolved" ? "RESOLVED" : level.toUpperCase()

/** Of a notification that an older version has written, the whole says whether its market was made up. */
export const isSimulated = (alert: Pick<Alert, "simulated">, notification: Pick<Notification, "simulated">): boolean =>
  alert.simulated === true || notification.simulated

export const messageOf = (alert: Alert, simulated: boolean): Message => ({
  title: `${simulated ? "simulated: " : ""}${titleOf(alert)}`,
  reasons: reasonsOfAlert(alert)
})

const titleOf = (alert: Alert): string => {
  const { change, closedBy = "operator", closedReason, rule, status } = alert
  const subject = alertSubject(alert)
  if (closedReason !== undefined) return `${subject}: the alert was closed${closedBy === "operator" ? " by hand" : ""}: ${closedReason}`
  if (rule !== undefined) return ruleTitle(rule, subject, status)
  if (change === undefined) return subject
  const what = status === "resolved" ? `${subject} is ${change.level}` : `${subject} ${whatHappens[change.kind]}`
  const worth = change.kind === "stale" ? "" : `: ${change.deviationBps.toFixed(1)} bps, fair value ${change.fairValue.toFixed(5)}`
  return `${what}${worth}`
}

/** Plain text, or with colours for a terminal: the alerts one below the other. */
export const textOf = (notification: Notification, color: boolean): string =>
  notification.alerts
    .map((alert) => {
      const { reasons, title } = messageOf(alert, isSimulated(alert, notification))
      const word = statusWord(alert)
      const painted = color ? `${colors[alert.status === "resolved" ? "normal" : alert.level]}${word}${reset}` : word
      const time = DateTime.formatIso(DateTime.makeUnsafe(alertChangedAt(alert)))
      return [`${time} ${painted} ${plainText(title)}`, ...reasons.map((reason) => `    ${plainText(reason)}`)].join("\n")
    })
    .join("\n")

const reset = "\u001b[0m"
const colors = {
  normal: "\u001b[32m",
  watch: "\u001b[36m",
  warning: "\u001b[33m",
  critical: "\u001b[1;31m",
  stale: "\u001b[35m"
} as const
