/** `evenkeel alerts rebuild`: the table of alerts made anew from the facts in the log. */
import { AlertTable } from "@evenkeel/alerting/manager/AlertTable"
import { rebuildAlerts } from "@evenkeel/alerting/manager/RebuildAlerts"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Console, Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOf } from "../engine/EngineSetup.ts"

export const runAlertsRebuild = Effect.fn("runAlertsRebuild")(function* (config: EngineConfig) {
  const layer = Layer.merge(EventStore.layer, AlertTable.layer).pipe(Layer.provideMerge(databaseOf(config)))
  const facts = yield* Effect.provide(rebuildAlerts, layer)
  yield* Console.log(`the table of alerts was made anew from ${facts} facts`)
})
