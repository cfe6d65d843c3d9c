/** A layer swapped for a test double: the alert manager follows a log in memory and believes in a receiver that exists only here. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { layerAlerting } from "@evenkeel/alerting/Alerting"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { layerPglite } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Deferred, Effect, Layer } from "effect"
import { playPrices } from "../test/support/PlayPrices.ts"

describe("a test double in a layer's place", () => {
  it.live(
    "is told what the real receiver would be",
    () =>
      Effect.gen(function* () {
        const told = yield* Deferred.make<string>()
        const double = {
          name: "double",
          deliver: ({ alerts: [alert] }: Notification) => Effect.asVoid(Deferred.succeed(told, alert.level))
        }
        const alerting = layerAlerting({ owner: "example", minimumLevel: "critical" }).pipe(
          Layer.provide(Layer.succeed(Receivers, [double])),
          Layer.provideMerge(Layer.merge(EventStore.layer, Outbox.layer)),
          Layer.provideMerge(layerPglite("memory://")),
          Layer.provideMerge(Layer.merge(layerRuntime, NodeServices.layer))
        )
        yield* Effect.gen(function* () {
          const events = yield* EventStore
          const changes = yield* playPrices([1, 1, 1, 0.99, 0.99, 0.99, 0.99], 2)
          for (const change of changes) yield* events.append(`coin/${change.coin}`, "any", [{ kind: "LevelChanged", payload: change }])
          assert.strictEqual(yield* Deferred.await(told), "critical")
        }).pipe(Effect.provide(alerting))
      }),
    30_000
  )
})
