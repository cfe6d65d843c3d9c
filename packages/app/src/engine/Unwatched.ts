/**
 * Looks at the alerts that fire. How many there are of each severity goes into health, and from there into `/metrics`; so do those of coins
 * which this engine's configuration does not watch, for nothing here will ever resolve them.
 *
 * Another engine on the same database may watch such a coin, so that they are not resolved but said: in the log, in health and as a metric.
 * `evenkeel alerts resolve` closes them.
 */
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import type { Alert } from "@evenkeel/domain/alert/Alert"
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { databaseProblem, statementHangsAfter } from "@evenkeel/store/database/DatabaseProblem"
import { Effect, Layer } from "effect"

const lookEvery = "10 seconds"
/** Firing alerts that are looked at: four of each of 250 coins. */
const alertsMax = 1000
const component = "alerts"

/** What an alert's severity may be: of a coin's trouble its level, of a rule what the rule says. */
export const alertSeverities = ["watch", "warning", "critical", "stale"] as const

/** Those of `alerts` that fire and whose coin is none of `coins`. */
export const unwatchedOf = (coins: ReadonlyArray<Coin>, alerts: ReadonlyArray<Alert>): ReadonlyArray<Alert> =>
  alerts.filter(({ change, status }) => status === "firing" && change !== undefined && !coins.some(({ symbol }) => symbol === change.coin))

export const layerUnwatched = (coins: ReadonlyArray<Coin>) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const manager = yield* AlertManager
      const health = yield* HealthRegistry
      const supervisor = yield* Supervisor
      let firing: ReadonlyArray<Alert> = []
      let count = 0
      let said = ""
      const look = Effect.gen(function* () {
        firing = yield* manager.list({ all: false, limit: alertsMax })
        const unwatched = unwatchedOf(coins, firing)
        count = unwatched.length
        const names = [...new Set(unwatched.map(({ change }) => change?.coin ?? ""))].sort().join(", ")
        if (names !== "" && names !== said)
          yield* Effect.logWarning("alerts fire of coins that are not watched: see `evenkeel alerts list`", { coins: names })
        said = names
        yield* names === ""
          ? health.report(component, "running")
          : health.report(component, "degraded", `${count} alerts fire of coins that are not watched: ${names}`)
      })
      yield* health.gauge(component, "unwatched", () => count)
      for (const severity of alertSeverities)
        yield* health.gauge(component, `firing_${severity}`, () => firing.filter(({ level }) => level === severity).length)
      yield* supervisor.superviseBeating(
        component,
        ({ waiting }) =>
          look.pipe(
            Effect.catchTag("SqlError", (error) => health.report(component, "degraded", databaseProblem(error))),
            Effect.andThen(waiting(Effect.sleep(lookEvery))),
            Effect.forever
          ),
        statementHangsAfter
      )
    })
  )
