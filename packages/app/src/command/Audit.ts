/** `evenkeel audit`: walks the event store's hash chain from its first event to its last. */
import { layerPglite, layerPostgres } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Console, Effect, Layer, Redacted } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"

export const runAudit = Effect.fn("runAudit")(function* (config: EngineConfig) {
  const database = Redacted.value(config.database.url) === "" ? layerPglite(`${config.data}/database`) : layerPostgres(config.database.url)
  const events = yield* Effect.flatMap(EventStore, (store) => store.verify).pipe(
    Effect.provide(EventStore.layer.pipe(Layer.provide(database)))
  )
  yield* Console.log(`${events} events, the hash chain holds`)
})
