/**
 * Follows the log: each level change becomes facts about alerts, their present state, and what their groups are told.
 *
 * All of it is one transaction with the consumer's cursor: whatever crashes next, either all of it happened or none, and a change is never
 * handled twice, though several engines share the database.
 */
import type { Alert } from "@evenkeel/domain/alert/Alert"
import { changeKeyOf, LevelChange, levelChangesFamily, operatorFamily } from "@evenkeel/domain/risk/RiskLevel"
import { alertWay, attributes, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { makeConsumer } from "@evenkeel/store/event/Consumer"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql"
import { AlertSettings } from "../AlertSettings.ts"
import { Dispatcher } from "../dispatch/Dispatcher.ts"
import { alertLinkOf, Notifier } from "../group/Notifier.ts"
import { AlertTable } from "./AlertTable.ts"
import { type AlertFact, AlertsClosed, type AlertState, decide, decideClosed } from "./Decide.ts"

export class AlertManager extends Context.Service<
  AlertManager,
  {
    /** Alerts, newest first; `firing` alone unless all are asked for. */
    readonly list: (options: { readonly all: boolean; readonly limit: number }) => Effect.Effect<ReadonlyArray<Alert>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/AlertManager") {
  /** Follows the log for as long as its scope lasts. */
  static readonly layer = Layer.effect(
    AlertManager,
    Effect.suspend(() => makeAlertManager())
  )

  /** A double that follows nothing and lists what it is given. */
  static readonly layerTest = (alerts: ReadonlyArray<Alert> = []) =>
    Layer.succeed(
      AlertManager,
      AlertManager.of({
        list: ({ all, limit }) => Effect.succeed(alerts.filter(({ status }) => all || status === "firing").slice(0, limit))
      })
    )
}

/** The name of the cursor. */
export const alertsConsumer = "alerts"

const decided = spanName("alertDecided")
const decidedOptions = { ...spanOptions("alertDecided", { "messaging.consumer.group.name": alertsConsumer }), annotations: alertWay }

const decodeChange = Schema.decodeUnknownEffect(Schema.fromJsonString(LevelChange))

const decodeClosed = Schema.decodeUnknownEffect(Schema.fromJsonString(AlertsClosed))

const makeAlertManager = Effect.fnUntraced(function* () {
  const settings = yield* AlertSettings
  const events = yield* EventStore
  const dispatcher = yield* Dispatcher
  const links = yield* SpanLinks
  const notifier = yield* Notifier
  const table = yield* AlertTable

  /** `factsOf`: what the fact at hand means for the coin's firing alerts. */
  const record = Effect.fnUntraced(function* (coin: string, factsOf: (open: ReadonlyArray<AlertState>) => ReadonlyArray<AlertFact>) {
    const facts = factsOf(yield* table.openOf(coin))
    const span = yield* Effect.currentSpan
    span.attribute(attributes.coin, coin)
    span.attribute(attributes.alerts, facts.length)
    for (const { kind, state } of facts) {
      yield* events.append(`alert/${state.alert.fingerprint}`, "any", [{ kind, payload: state }])
      yield* table.apply(state)
      links.set(alertLinkOf(state.alert.fingerprint), span)
    }
    yield* notifier.take(facts.map(({ state }) => state))
  })

  yield* makeConsumer({
    name: alertsConsumer,
    families: [levelChangesFamily, operatorFamily],
    handle: ({ kind, payload, position }) => {
      if (kind === "LevelChanged")
        return Effect.flatMap(decodeChange(payload), (change) =>
          record(change.coin, (open) => decide(open, change, position, settings.current().minimumLevel)).pipe(
            Effect.withSpan(decided, { ...decidedOptions, ...links.parentOf(changeKeyOf(change)) })
          )
        )
      if (kind === "AlertsClosed")
        return Effect.flatMap(decodeClosed(payload), (closed) =>
          record(closed.coin, (open) => decideClosed(open, closed, position)).pipe(Effect.withSpan(decided, decidedOptions))
        )
      return Effect.void
    },
    afterCommit: dispatcher.nudge
  })
  return AlertManager.of({ list: table.list })
})
