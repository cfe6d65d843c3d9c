/** A configuration's file that has changed: into one with another plan, into nonsense, or into one that names a receiver that there is not. */
import type { EngineConfig } from "evenkeel/config/EngineConfig"
import { ConfigInvalid } from "evenkeel/config/LoadConfig"
import { makeReload } from "evenkeel/engine/Reload"
import { Effect } from "effect"
import { layerSimulatedDisk } from "../disk/SimulatedDisk.ts"
import { type AlertPlan, withPlan } from "./AlertPlan.ts"

export type Reloaded = AlertPlan | "invalid" | "unknown receiver"

/** What the file says then; undefined where nobody can tell. */
export const reloadedConfig = (before: EngineConfig, to: Reloaded): EngineConfig | undefined => {
  if (to === "invalid") return undefined
  if (to !== "unknown receiver") return withPlan(before, to)
  const { alerts } = before
  return { ...before, alerts: { ...alerts, route: { ...alerts.route, receivers: ["nobody"] } } }
}

/** The engine, which stands by `before`, reads its file again. */
export const reload = (before: EngineConfig, next: EngineConfig | undefined) => {
  const load = next === undefined ? Effect.fail(new ConfigInvalid({ problems: ["alerts.route: nonsense"] })) : Effect.succeed(next)
  return makeReload(before, { file: "/evenkeel.json", load }, "live").pipe(
    Effect.flatMap((reloading) => reloading("the file has changed")),
    Effect.provide(layerSimulatedDisk)
  )
}
