import { assert, it } from "@effect/vitest"
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import type { Alert } from "@evenkeel/domain/alert/Alert"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { levelChange } from "../../../alerting/test/support/LevelChange.ts"
import { alertFor } from "../../../alerting/test/support/Notification.ts"
import { layerUnwatched } from "./Unwatched.ts"

const alertOf = (coin: string, status: Alert["status"] = "firing"): Alert =>
  alertFor({ fingerprint: coin, status, change: levelChange({ coin }) })

it.effect("an alert of a coin that is not watched any more is said, without making the engine unready", () => {
  const watched = knownCoins.slice(0, 1)
  const alerts = AlertManager.layerTest([alertOf(watched[0]!.symbol), alertOf("GONE"), alertOf("OVER", "resolved")])
  return Effect.gen(function* () {
    const health = yield* HealthRegistry
    yield* TestClock.adjust("1 second")
    const own = (yield* health.snapshot).find(({ component }) => component === "alerts")!
    assert.deepInclude(own, { status: "degraded", detail: "1 alerts fire of coins that are not watched: GONE" })
    assert.strictEqual(own.gauges["unwatched"], 1)
    assert.deepInclude(own.gauges, { firing_critical: 2, firing_warning: 0 })
    assert.isTrue(yield* health.ready)
  }).pipe(
    Effect.provide(
      layerUnwatched(watched).pipe(Layer.provide(alerts), Layer.provideMerge(Supervisor.layer), Layer.provideMerge(HealthRegistry.layer))
    )
  )
})
