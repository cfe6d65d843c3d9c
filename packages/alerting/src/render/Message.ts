/** Alerts in words: a line that says what happened, and the reasons below it. */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import type { ChangeKind } from "@evenkeel/domain/risk/RiskLevel"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { DateTime } from "effect"
import { reasonsOf } from "./Reasons.ts"

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

export const messageOf = ({ change, closedReason, status }: Alert, simulated: boolean): Message => {
  const prefix = simulated ? "simulated: " : ""
  if (closedReason !== undefined) return { title: `${prefix}${change.coin}: the alert was closed by hand: ${closedReason}`, reasons: [] }
  const what = status === "resolved" ? `${change.coin} is ${change.level}` : `${change.coin} ${whatHappens[change.kind]}`
  const worth = change.kind === "stale" ? "" : `: ${change.deviationBps.toFixed(1)} bps, fair value ${change.fairValue.toFixed(5)}`
  return { title: `${prefix}${what}${worth}`, reasons: reasonsOf(change) }
}

/** Plain text, or with colours for a terminal: the alerts one below the other. */
export const textOf = ({ alerts, simulated }: Notification, color: boolean): string =>
  alerts
    .map((alert) => {
      const { reasons, title } = messageOf(alert, simulated)
      const word = statusWord(alert)
      const painted = color ? `${colors[alert.status === "resolved" ? "normal" : alert.level]}${word}${reset}` : word
      const time = DateTime.formatIso(DateTime.makeUnsafe(alert.change.time))
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
