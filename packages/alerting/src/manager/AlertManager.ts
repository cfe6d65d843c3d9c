/**
 * Follows the log: each level change, and each rule that fires or is cleared, becomes facts about alerts, their present state, and what their groups are told.
 *
 * All of it is one transaction with the consumer's cursor: whatever crashes next, either all of it happened or none, and a change is never
 * handled twice, though several engines share the database.
 *
 * An engine of the real market opens nothing by the facts of a made-up one; what such a one has left firing is closed by `CloseSimulated`.
 */
import type { Alert } from "@evenkeel/domain/alert/Alert"
import { changeKeyOf, LevelChange, levelChangesFamily, operatorFamily } from "@evenkeel/domain/risk/RiskLevel"
import { alertWay, attributes, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { makeConsumer } from "@evenkeel/store/event/Consumer"
import { EventStore, type StoredEvent } from "@evenkeel/store/event/EventStore"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql"
import { AlertSettings } from "../AlertSettings.ts"
import { Dispatcher } from "../dispatch/Dispatcher.ts"
import { alertLinkOf, Notifier } from "../group/Notifier.ts"
import { RuleCleared, RuleFired, rulesFamily } from "../rule/RuleFacts.ts"
import { AlertTable } from "./AlertTable.ts"
import { type AlertFact, AlertsClosed, decide, decideClosed } from "./Decide.ts"
import { decideCleared, decideFired } from "./DecideRule.ts"

export class AlertManager extends Context.Service<
  AlertManager,
  {
    /** Alerts, newest first; `firing` alone unless all are asked for. */
    readonly list: (options: { readonly all: boolean; readonly limit: number }) => Effect.Effect<ReadonlyArray<Alert>, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/AlertManager") {
  /** Follows the log for as long as its scope lasts. `simulated`: the engine's market is made up. */
  static readonly layer = (options: { readonly simulated: boolean }) => Layer.effect(AlertManager, makeAlertManager(options.simulated))

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
const decodeFired = Schema.decodeUnknownEffect(Schema.fromJsonString(RuleFired))
const decodeCleared = Schema.decodeUnknownEffect(Schema.fromJsonString(RuleCleared))

const makeAlertManager = Effect.fnUntraced(function* (simulated: boolean) {
  const settings = yield* AlertSettings
  const events = yield* EventStore
  const dispatcher = yield* Dispatcher
  const links = yield* SpanLinks
  const notifier = yield* Notifier
  const table = yield* AlertTable

  /** `facts`: what the fact at hand means for alerts. */
  const record = Effect.fnUntraced(function* (subject: string, facts: ReadonlyArray<AlertFact>) {
    const span = yield* Effect.currentSpan
    span.attribute(attributes.subject, subject)
    span.attribute(attributes.alerts, facts.length)
    for (const { kind, state } of facts) {
      yield* events.append(`alert/${state.alert.fingerprint}`, "any", [{ kind, payload: state }])
      yield* table.apply(state)
      links.set(alertLinkOf(state.alert.fingerprint), span)
    }
    yield* notifier.take(facts.map(({ state }) => state))
  })
  const alertOf = (fingerprint: string) => Effect.map(table.of([fingerprint]), ([state]) => state)
  const ofNoMarket = (made: boolean | undefined) => made === true && !simulated

  yield* makeConsumer({
    name: alertsConsumer,
    families: [levelChangesFamily, operatorFamily, rulesFamily],
    handle: Effect.fnUntraced(function* ({ kind, payload, position }: StoredEvent) {
      switch (kind) {
        case "LevelChanged": {
          const change = yield* decodeChange(payload)
          if (ofNoMarket(change.simulated)) return
          const open = yield* table.openOf(change.coin)
          return yield* record(change.coin, decide(open, change, position, settings.current().minimumLevel)).pipe(
            Effect.withSpan(decided, { ...decidedOptions, ...links.parentOf(changeKeyOf(change)) })
          )
        }
        case "AlertsClosed": {
          const closed = yield* decodeClosed(payload)
          const open = yield* table.openOf(closed.coin)
          return yield* Effect.withSpan(record(closed.coin, decideClosed(open, closed, position)), decided, decidedOptions)
        }
        case "RuleFired": {
          const fired = yield* decodeFired(payload)
          if (ofNoMarket(fired.simulated)) return
          const known = yield* alertOf(fired.fingerprint)
          return yield* Effect.withSpan(record(fired.rule, decideFired(known, fired, position)), decided, decidedOptions)
        }
        case "RuleCleared": {
          const cleared = yield* decodeCleared(payload)
          const known = yield* alertOf(cleared.fingerprint)
          return yield* Effect.withSpan(record(cleared.rule, decideCleared(known, cleared, position)), decided, decidedOptions)
        }
      }
    }),
    afterCommit: dispatcher.nudge
  })
  return AlertManager.of({ list: table.list })
})
