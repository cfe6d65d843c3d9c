/** What Alertmanager makes of what it is posted, over an alert's whole life. */
import { assert, describe, it } from "@effect/vitest"
import type { Alert } from "@evenkeel/domain/alert/Alert"
import { levelChange } from "../../../test/support/LevelChange.ts"
import { alertFor, notificationFor } from "../../../test/support/Notification.ts"
import { levelLabels } from "../../manager/Decide.ts"
import { firesForMillis, postableAlerts } from "./Alertmanager.ts"

const began = 1_700_000_000_000
const minute = 60_000

/** As it stands `minutes` after it began, when it became `level`. */
const at = (minutes: number, level: Alert["level"], over: Partial<Alert> = {}) =>
  alertFor({
    startsAt: began,
    level,
    labels: levelLabels("USDC", "break", level),
    change: levelChange({ coin: "USDC", level, time: began + minutes * minute }),
    ...over
  })

/** Keeps the newest of what has the same labels, and says which fire. */
const makeStore = () => {
  const stored = new Map<string, { readonly severity: string; readonly endsAt: number }>()
  return {
    post: (alert: Alert, now: number, simulated = false) => {
      for (const { endsAt, labels } of postableAlerts(notificationFor(alert, { simulated }), { link: undefined }, now)) {
        const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
        stored.set(JSON.stringify(sorted), { severity: labels.severity, endsAt: Date.parse(endsAt) })
      }
    },
    firing: (now: number) => [...stored.values()].filter(({ endsAt }) => endsAt > now).map(({ severity }) => severity),
    size: () => stored.size
  }
}

describe("Alertmanager", () => {
  it("has one alert firing however the level goes, and none when it is over", () => {
    const store = makeStore()
    const steps = [
      [0, "warning"],
      [5, "critical"],
      [9, "watch"],
      [12, "warning"]
    ] as const
    for (const [minutes, level] of steps) {
      const now = began + minutes * minute + 250
      store.post(at(minutes, level), now)
      assert.deepStrictEqual(store.firing(now), [level])
      assert.deepStrictEqual(store.firing(now + 24 * 60 * minute), [level], "for as long as nothing else is heard")
    }
    const over = began + 20 * minute
    store.post(at(20, "warning", { status: "resolved", endsAt: over }), over + 250)
    assert.deepStrictEqual(store.firing(over + 250), [])
  })

  it("has none firing at a level whose end it was never told", () => {
    const store = makeStore()
    store.post(at(0, "watch"), began)
    // What told of `warning` was lost.
    store.post(at(9, "critical"), began + 9 * minute)
    assert.deepStrictEqual(store.firing(began + 9 * minute), ["critical"])
  })

  it("has one alert, and not two, of what is told twice", () => {
    const store = makeStore()
    for (const now of [began, began + minute, began + 240 * minute]) store.post(at(0, "critical"), now)
    assert.strictEqual(store.size(), 1)
    assert.deepStrictEqual(store.firing(began + 240 * minute + firesForMillis - 1), ["critical"], "each repetition renews it")
  })

  it("takes what ended by a clock ahead of its own as over", () => {
    const store = makeStore()
    store.post(at(0, "critical", { status: "resolved", startsAt: began, endsAt: began + 5 * minute }), began - 5 * minute)
    assert.deepStrictEqual(store.firing(began - 5 * minute), [])
  })

  it("tells a made up market's alert from a real one, and takes one that has no labels yet", () => {
    const [simulated] = postableAlerts(notificationFor(at(0, "critical"), { simulated: true }), { link: undefined }, began)
    assert.deepInclude(simulated!.labels, { alertname: "Depeg", coin: "USDC", simulated: "true" })
    const [old] = postableAlerts(notificationFor(at(0, "critical", { labels: {} })), { link: "https://desk.example/" }, began)
    assert.deepStrictEqual(old!.labels, { alertname: "Evenkeel", coin: "USDC", severity: "critical" })
    assert.strictEqual(old!.generatorURL, "https://desk.example/#USDC")
  })
})
