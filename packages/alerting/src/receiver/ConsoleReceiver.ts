/** Prints alerts for people, on standard output. */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { Console, DateTime } from "effect"
import type { Receiver } from "./Receiver.ts"

export const consoleReceiver = (options: { readonly color: boolean }): Receiver => ({
  name: "console",
  deliver: (notification) => Console.log(describeNotification(notification, options.color))
})

const reset = "\u001b[0m"
const colors = { normal: "\u001b[32m", watch: "\u001b[36m", warning: "\u001b[33m", critical: "\u001b[1;31m" } as const

/** The alert on one line, its reasons below. */
export const describeNotification = ({ alert }: Notification, color: boolean): string => {
  const { change, level, status } = alert
  const word = status === "resolved" ? "RESOLVED" : level.toUpperCase()
  const painted = color ? `${colors[status === "resolved" ? "normal" : level]}${word}${reset}` : word
  const time = DateTime.formatIso(DateTime.makeUnsafe(change.time))
  const what = status === "resolved" ? `${change.coin} is ${change.level}` : `${change.coin} ${wordOf[change.kind]}`
  const head = `${time} ${painted} ${what}: ${change.deviationBps.toFixed(1)} bps, fair value ${change.fairValue.toFixed(5)}`
  return [head, ...change.reason.map((reason) => `    ${reason}`)].join("\n")
}

const wordOf = {
  break: "is losing its peg",
  premium: "stands above its peg",
  local: "is dislocated on one venue",
  recovery: "is recovering"
} as const
