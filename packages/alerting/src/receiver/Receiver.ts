/** Somewhere that notifications go. A receiver is a name and a way to deliver; everything else is the dispatcher's. */
import { Context, type Effect, Schema } from "effect"
import type { Notification } from "@evenkeel/domain/alert/Alert"

export interface Receiver {
  /** Unique among receivers; part of the outbox's key. */
  readonly name: string
  readonly deliver: (notification: Notification) => Effect.Effect<void, DeliveryFailed>
}

/** All receivers of the engine. An engine of one's own provides its own list. */
export class Receivers extends Context.Service<Receivers, ReadonlyArray<Receiver>>()("@evenkeel/alerting/receiver/Receivers") {}

/** The receiver could not be told. */
export class DeliveryFailed extends Schema.TaggedError<DeliveryFailed>()("DeliveryFailed", {
  receiver: Schema.String,
  problem: Schema.String,
  /** False when the receiver understood and refuses: a repeat would be refused as well. */
  retryable: Schema.Boolean,
  /** The receiver asks not to be asked again for so long, ms. */
  pauseMillis: Schema.optionalKey(Schema.Finite)
}) {
  override get message() {
    return `${this.receiver}: ${this.problem}`
  }
}
