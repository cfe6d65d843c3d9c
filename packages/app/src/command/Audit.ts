/** `evenkeel audit`: walks the event store's hash chain from its first event to its last. */
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Console, Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { databaseOf } from "../engine/EngineSetup.ts"

export const runAudit = Effect.fn("runAudit")(function* (config: EngineConfig) {
  const events = yield* Effect.flatMap(EventStore, (store) => store.verify).pipe(
    Effect.provide(EventStore.layer.pipe(Layer.provide(databaseOf(config))))
  )
  yield* Console.log(`${events} events, the hash chain holds`)
})
