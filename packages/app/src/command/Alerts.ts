/**
 * `evenkeel alerts`: what fires, with the coins that no engine of this configuration watches and the notifications that were given up; closing
 * an alert by hand; and the table of alerts made anew from the facts in the log.
 */
import { layerAlertTables } from "@evenkeel/alerting/Alerting"
import { Acknowledging } from "@evenkeel/alerting/manager/Acknowledging"
import { type AlertAttention, Attention } from "@evenkeel/alerting/manager/Attention"
import { numberText } from "@evenkeel/alerting/rule/Rule"
import { type Alert, alertKind, alertSubject } from "@evenkeel/domain/alert/Alert"
import { operatorFamily } from "@evenkeel/domain/risk/RiskLevel"
import { plainText } from "@evenkeel/runtime/telemetry/PlainText"
import { AlertTable } from "@evenkeel/alerting/manager/AlertTable"
import type { AlertsClosed } from "@evenkeel/alerting/manager/Decide"
import { rebuildAlerts } from "@evenkeel/alerting/manager/RebuildAlerts"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Clock, Console, DateTime, Effect, Layer, Option, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { coinsOf } from "../engine/EngineSetup.ts"
import { unwatchedOf } from "../engine/Unwatched.ts"
import { databaseOfLog } from "./EngineLog.ts"

/** Alerts, and notifications that were given up, that are listed. */
const listedMax = 100

/** There is nothing to close, or an engine will do it. */
export class NotClosed extends Schema.TaggedError<NotClosed>()("NotClosed", { coin: Schema.String, problem: Schema.String }) {
  override get message() {
    return `no alert of ${this.coin} is closed: ${this.problem}`
  }
}

const storeOf = (config: EngineConfig) =>
  Attention.layer.pipe(
    Layer.provideMerge(Acknowledging.layer),
    Layer.provideMerge(Layer.mergeAll(Outbox.layer, layerAlertTables, EventStore.layer)),
    Layer.provideMerge(databaseOfLog(config))
  )

const iso = (time: number) => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))

/** An alert, and below it who looks at it and what holds it back. */
const linesOf = (alert: Alert, { acknowledged, silencedBy }: AlertAttention, isUnwatched: boolean): ReadonlyArray<string> => {
  const { change, fingerprint, level, rule, startsAt, status } = alert
  const what = rule === undefined ? `${level} (${alertKind(alert)})` : `${level} (${rule.name}: ${rule.signal} ${numberText(rule.value)})`
  const at = change === undefined ? "" : ` at ${iso(change.time)}`
  const notes = [
    ...(alert.simulated === true ? ["its market is simulated"] : []),
    ...(isUnwatched ? ["no engine of this configuration watches it"] : [])
  ]
  return [
    `${fingerprint} ${status} since ${iso(startsAt)}: ${alertSubject(alert)} ${what}${at}${notes.map((note) => `: ${note}`).join("")}`,
    ...(acknowledged === null ? [] : [`  acknowledged by ${acknowledged.by} at ${iso(acknowledged.at)}${commentOf(acknowledged.comment)}`]),
    ...silencedBy.map(
      ({ comment, createdBy, endsAt, id }) => `  silenced by ${createdBy} until ${iso(endsAt)}${commentOf(comment)} (${id})`
    )
  ].map(plainText)
}

const commentOf = (comment: string): string => (comment === "" ? "" : `: ${comment}`)

export const runAlertsList = Effect.fn("runAlertsList")(function* (config: EngineConfig, all: boolean) {
  const list = Effect.gen(function* () {
    const alerts = yield* (yield* AlertTable).list({ all, limit: listedMax })
    const unwatched = new Set(unwatchedOf(coinsOf(config), alerts))
    if (alerts.length === 0) yield* Console.log(all ? "there has been no alert" : "no alert fires")
    const attention = yield* (yield* Attention).of(alerts)
    for (const [index, alert] of alerts.entries())
      for (const line of linesOf(alert, attention[index]!, unwatched.has(alert))) yield* Console.log(line)
    for (const { abandonedAt, attempts, idempotencyKey, problem, receiver } of yield* (yield* Outbox).abandoned(listedMax))
      yield* Console.log(`given up at ${iso(abandonedAt)} after ${attempts} attempts: ${idempotencyKey} to ${receiver}: ${problem}`)
  })
  yield* Effect.provide(list, storeOf(config))
})

/** Appends the fact; the engine that follows the log resolves the coin's alerts and tells the receivers. */
export const runAlertsResolve = Effect.fn("runAlertsResolve")(function* (config: EngineConfig, coin: string, reason: string, by: string) {
  const resolve = Effect.gen(function* () {
    if (reason.trim() === "") return yield* new NotClosed({ coin, problem: "a reason is needed, which receivers are told" })
    if (coinsOf(config).some(({ symbol }) => symbol === coin))
      return yield* new NotClosed({ coin, problem: "this configuration watches it, and its engine resolves it when the level is normal" })
    const open = yield* (yield* AlertTable).openOf(coin)
    if (open.length === 0) return yield* new NotClosed({ coin, problem: "none fires" })
    const asked = yield* (yield* EventStore).lastOf(`${operatorFamily}/${coin}`, "AlertsClosed")
    if (Option.isSome(asked) && open.every(({ openedPosition }) => openedPosition < asked.value.position))
      return yield* new NotClosed({ coin, problem: `that was asked for at ${iso(asked.value.recordedAt)}, and waits for an engine` })
    const payload: AlertsClosed = { coin, reason, by, time: yield* Clock.currentTimeMillis }
    yield* (yield* EventStore).append(`${operatorFamily}/${coin}`, "any", [{ kind: "AlertsClosed", payload }])
    const what = open.length === 1 ? "the alert" : `${open.length} alerts`
    yield* Console.log(
      `${what} of ${coin} will be closed by the engine that runs, or by the next one that starts, which tells the receivers`
    )
  })
  yield* Effect.provide(resolve, storeOf(config))
})

export const runAlertsRebuild = Effect.fn("runAlertsRebuild")(function* (config: EngineConfig) {
  const layer = Layer.merge(EventStore.layer, AlertTable.layer).pipe(Layer.provideMerge(databaseOfLog(config)))
  const facts = yield* Effect.provide(rebuildAlerts, layer)
  yield* Console.log(`the table of alerts was made anew from ${facts} facts`)
})
