/**
 * Follows the log: each level change becomes facts about alerts, their present state, and the notifications that were promised.
 *
 * All of it is one transaction with the consumer's cursor: whatever crashes next, either all of it happened or none, and a change is never
 * handled twice, though several engines share the database.
 */
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import { changeKeyOf, LevelChange, type RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { makeConsumer } from "@evenkeel/store/event/Consumer"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql"
import { Dispatcher } from "../dispatch/Dispatcher.ts"
import { Receivers } from "../receiver/Receiver.ts"
import { AlertTable } from "./AlertTable.ts"
import { decide, idempotencyKeyOf } from "./Decide.ts"

export interface AlertOptions {
  /** Changes below this level open no alert. */
  readonly minimumLevel: RiskLevel
  /** The market is made up: every notification says so. */
  readonly simulated?: boolean
}

export class AlertManager extends Context.Service<
  AlertManager,
  {
    /** Alerts, newest first; `firing` alone unless all are asked for. */
    readonly list: (options: { readonly all: boolean; readonly limit: number }) => Effect.Effect<ReadonlyArray<Alert>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/AlertManager") {
  /** Follows the log for as long as its scope lasts. */
  static readonly layer = (options: AlertOptions) => Layer.effect(AlertManager, makeAlertManager(options))

  /** A double that follows nothing and lists what it is given. */
  static readonly layerTest = (alerts: ReadonlyArray<Alert> = []) =>
    Layer.succeed(
      AlertManager,
      AlertManager.of({
        list: ({ all, limit }) => Effect.succeed(alerts.filter(({ status }) => all || status === "firing").slice(0, limit))
      })
    )
}

/** The name of the cursor, and the family of facts that it follows. */
export const alertsConsumer = "alerts"
export const levelChangesFamily = "coin"

const decodeChange = Schema.decodeUnknownEffect(Schema.fromJsonString(LevelChange))

const makeAlertManager = Effect.fnUntraced(function* ({ minimumLevel, simulated = false }: AlertOptions) {
  const events = yield* EventStore
  const outbox = yield* Outbox
  const receivers = yield* Receivers
  const dispatcher = yield* Dispatcher
  const links = yield* SpanLinks
  const table = yield* AlertTable

  const record = Effect.fnUntraced(function* (change: LevelChange, position: number) {
    const facts = decide(yield* table.openOf(change.coin), change, position, minimumLevel)
    const span = yield* Effect.currentSpan
    span.attribute("coin", change.coin)
    span.attribute("alerts", facts.length)
    const now = yield* Clock.currentTimeMillis
    for (const { kind, state } of facts) {
      const { alert } = state
      yield* events.append(`alert/${alert.fingerprint}`, "any", [{ kind, payload: state }])
      yield* table.apply(state)
      const notification: Notification = { idempotencyKey: idempotencyKeyOf(events.id, state), position, alert, simulated }
      yield* outbox.enqueue(
        receivers.map(({ name }) => ({
          receiver: name,
          idempotencyKey: notification.idempotencyKey,
          fingerprint: alert.fingerprint,
          position,
          payload: JSON.stringify(notification)
        })),
        now
      )
      links.set(notification.idempotencyKey, span)
    }
  })

  yield* makeConsumer({
    name: alertsConsumer,
    families: [levelChangesFamily],
    handle: (event) =>
      event.kind === "LevelChanged"
        ? Effect.flatMap(decodeChange(event.payload), (change) =>
            record(change, event.position).pipe(Effect.withSpan("AlertManager.record", links.parentOf(changeKeyOf(change))))
          )
        : Effect.void,
    afterCommit: dispatcher.nudge
  })
  return AlertManager.of({ list: table.list })
})
