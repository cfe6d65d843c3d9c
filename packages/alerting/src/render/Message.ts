/** A notification in words: a line that says what happened, and the reasons below it. */
import type { Notification } from "@evenkeel/domain/alert/Alert"
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
export const statusWord = ({ alert }: Notification): string => (alert.status === "resolved" ? "RESOLVED" : alert.level.toUpperCase())

export const messageOf = ({ alert, simulated }: Notification): Message => {
  const { change, status } = alert
  const what = status === "resolved" ? `${change.coin} is ${change.level}` : `${change.coin} ${whatHappens[change.kind]}`
  if (alert.closedReason !== undefined) {
    const title = `${simulated ? "simulated: " : ""}${change.coin}: the alert was closed by hand: ${alert.closedReason}`
    return { title, reasons: [] }
  }
  const worth = change.kind === "stale" ? "" : `: ${change.deviationBps.toFixed(1)} bps, fair value ${change.fairValue.toFixed(5)}`
  return {
    title: `${simulated ? "simulated: " : ""}${what}${worth}`,
    reasons: reasonsOf(change)
  }
}

/** Plain text, or with colours for a terminal. */
export const textOf = (notification: Notification, color: boolean): string => {
  const { alert } = notification
  const { reasons, title } = messageOf(notification)
  const word = statusWord(notification)
  const painted = color ? `${colors[alert.status === "resolved" ? "normal" : alert.level]}${word}${reset}` : word
  const time = DateTime.formatIso(DateTime.makeUnsafe(alert.change.time))
  return [`${time} ${painted} ${plainText(title)}`, ...reasons.map((reason) => `    ${plainText(reason)}`)].join("\n")
}

const reset = "\u001b[0m"
const colors = {
  normal: "\u001b[32m",
  watch: "\u001b[36m",
  warning: "\u001b[33m",
  critical: "\u001b[1;31m",
  stale: "\u001b[35m"
} as const
