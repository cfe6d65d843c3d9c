/** A layer swapped for a test double: the alert manager believes in a receiver that exists only here. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { layerPglite } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer } from "effect"
import { watchPrices } from "./CustomEngine.ts"

const services = AlertManager.layer({ minimumLevel: "critical" }).pipe(
  Layer.provide(Layer.succeed(Receivers, [{ name: "double", deliver: () => Effect.void }])),
  Layer.provideMerge(Layer.mergeAll(EventStore.layer, Outbox.layer)),
  Layer.provideMerge(layerPglite("memory://")),
  Layer.provide(NodeServices.layer)
)

describe("a test double in a layer's place", () => {
  it.live(
    "is promised the notification that the real one would get",
    () =>
      Effect.gen(function* () {
        const manager = yield* AlertManager
        for (const change of watchPrices([1, 1, 1, 0.99, 0.99, 0.99, 0.99])) yield* manager.record(change)
        const [row] = yield* (yield* Outbox).due(Number.MAX_SAFE_INTEGER, 10)
        assert.strictEqual(row?.receiver, "double")
        assert.include(row?.payload, '"level":"critical"')
      }).pipe(Effect.provide(services)),
    30_000
  )
})
