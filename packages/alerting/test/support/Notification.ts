/** A notification for tests: of one alert, usual but for what is said. */
import { type Alert, alertSubject, type Notification, type RuleCause } from "@evenkeel/domain/alert/Alert"
import { levelLabels } from "../../src/manager/Decide.ts"
import { levelChange } from "./LevelChange.ts"

export const alertFor = (over: Partial<Alert> = {}): Alert => {
  const { rule } = over
  const change = over.change ?? levelChange()
  const level = over.level ?? "critical"
  return {
    fingerprint: "f",
    status: "firing",
    labels: levelLabels(change.coin, change.kind, level),
    level,
    startsAt: 0,
    endsAt: null,
    ...(rule === undefined ? { change } : { rule }),
    ...over
  }
}

/** An alert of a rule about USDC. */
export const ruleAlertFor = (over: Partial<Alert> = {}): Partial<Alert> & { readonly rule?: RuleCause } => ({
  level: "warning",
  labels: { alertname: "FarBelow", kind: "rule", coin: "USDC", severity: "warning" },
  startsAt: 1000,
  rule: {
    name: "FarBelow",
    signal: "deviation",
    value: -62.5,
    threshold: -50,
    comparison: "below",
    unit: "bps",
    annotations: { summary: "USDC is 62.5 bps below", description: "Look at the book." }
  },
  ...over
})

export const notificationFor = (alert: Partial<Alert> = {}, over: Partial<Notification> = {}): Notification => {
  const whole = alertFor(alert)
  return {
    idempotencyKey: "key",
    position: 1,
    groupKey: whole.fingerprint,
    groupLabels: { coin: alertSubject(whole) },
    status: whole.status,
    alerts: [whole],
    simulated: false,
    ...over
  }
}
