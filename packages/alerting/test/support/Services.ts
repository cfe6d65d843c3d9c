/** What alerting stands on, for tests: the embedded database in memory, and receivers that keep what they are given. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer } from "effect"
import { layerAlertTables } from "../../src/Alerting.ts"
import { Acknowledging } from "../../src/manager/Acknowledging.ts"
import { DeliveryFailed, type Receiver } from "../../src/receiver/Receiver.ts"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"

/** Fails as often as `refusals` says, and takes `delay` for each. */
export const makeKeeper = (name: string, delay: Effect.Effect<void> = Effect.void) => {
  const seen: Array<Notification> = []
  const state = { refusals: 0 }
  const receiver: Receiver = {
    name,
    deliver: (notification) =>
      Effect.andThen(
        delay,
        Effect.suspend(() => {
          if (state.refusals > 0) {
            state.refusals--
            return Effect.fail(new DeliveryFailed({ receiver: name, problem: "answered 503", retryable: true }))
          }
          seen.push(notification)
          return Effect.void
        })
      )
  }
  return { receiver, seen, state }
}

export const services = Layer.mergeAll(Outbox.layer, SpanLinks.layer, Acknowledging.layer).pipe(
  Layer.provideMerge(layerAlertTables),
  Layer.provideMerge(EventStore.layer),
  Layer.provideMerge(layerMemoryDatabase),
  Layer.provideMerge(Layer.mergeAll(Supervisor.layer, Policies.layer())),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)
