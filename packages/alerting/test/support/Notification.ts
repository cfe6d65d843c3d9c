/** A notification for tests: of one alert, usual but for what is said. */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import { levelLabels } from "../../src/manager/Decide.ts"
import { levelChange } from "./LevelChange.ts"

export const alertFor = (over: Partial<Alert> = {}): Alert => {
  const change = over.change ?? levelChange()
  const level = over.level ?? "critical"
  return {
    fingerprint: "f",
    status: "firing",
    labels: levelLabels(change.coin, change.kind, level),
    level,
    startsAt: 0,
    endsAt: null,
    change,
    ...over
  }
}

export const notificationFor = (alert: Partial<Alert> = {}, over: Partial<Notification> = {}): Notification => {
  const whole = alertFor(alert)
  return {
    idempotencyKey: "key",
    position: 1,
    groupKey: whole.fingerprint,
    groupLabels: { coin: whole.change.coin },
    status: whole.status,
    alerts: [whole],
    simulated: false,
    ...over
  }
}
