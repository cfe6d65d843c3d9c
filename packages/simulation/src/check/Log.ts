/**
 * What the log says, once everything has calmed down: each level change once and in a chain, alerts as they follow from the changes, and every
 * promise delivered, in order.
 */
import { Notified } from "@evenkeel/alerting/group/Notified"
import { AlertFactKind, AlertState, decide } from "@evenkeel/alerting/manager/Decide"
import { Detection } from "@evenkeel/detection/host/Detection"
import { LevelChange, type RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { beginning, EventStore, type StoredEvent } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Context, Effect, Result, Schema } from "effect"
import type { UpRun } from "../world/Machine.ts"
import type { Received } from "../world/SimulatedReceiver.ts"
import type { World } from "../world/World.ts"
import { wrongAlerting } from "./Alerting.ts"
import { orphanedEnds } from "./Notifications.ts"
import { storyOf } from "./Story.ts"

const factsMax = 100_000

const decodeChange = Schema.decodeUnknownSync(Schema.fromJsonString(LevelChange))
const decodeState = Schema.decodeUnknownSync(Schema.fromJsonString(AlertState))
const decodeNotified = Schema.decodeUnknownSync(Schema.fromJsonString(Notified))
const isAlertFact = Schema.is(AlertFactKind)

interface Recorded<A> {
  readonly position: number
  readonly kind: string
  readonly value: A
}

/** Each change begins where the one before it ended, and none is there twice. */
const brokenChains = (changes: ReadonlyArray<Recorded<LevelChange>>): ReadonlyArray<string> => {
  const standing = new Map<string, RiskLevel>()
  return changes.flatMap(({ position, value: { coin, level, previous } }) => {
    const before = standing.get(coin) ?? "normal"
    standing.set(coin, level)
    if (previous !== before)
      return [`fact ${position}: ${coin} goes from ${previous} to ${level}, and the fact before left it at ${before}`]
    return level === previous ? [`fact ${position}: ${coin} goes from ${level} to ${level}`] : []
  })
}

/** Alerts of levels as they follow from the changes, against those in the log. */
const wrongAlerts = (
  changes: ReadonlyArray<Recorded<LevelChange>>,
  facts: ReadonlyArray<Recorded<AlertState>>,
  minimumLevel: RiskLevel
): ReadonlyArray<string> => {
  const open = new Map<string, ReadonlyArray<AlertState>>()
  const expected = changes.flatMap(({ position, value }) => {
    const decided = decide(open.get(value.coin) ?? [], value, position, minimumLevel)
    const states = new Map((open.get(value.coin) ?? []).map((state) => [state.alert.fingerprint, state]))
    for (const { state } of decided) {
      if (state.alert.status === "firing") states.set(state.alert.fingerprint, state)
      else states.delete(state.alert.fingerprint)
    }
    open.set(value.coin, [...states.values()])
    return decided.map(({ kind, state }) => `${kind} ${state.alert.fingerprint} of fact ${position}`)
  })
  const found = facts.map(({ kind, value }) => `${kind} ${value.alert.fingerprint} of fact ${value.position}`)
  return expected.join("\n") === found.join("\n")
    ? []
    : [`the alerts in the log are\n  ${found.join("\n  ")}\nand follow from its changes as\n  ${expected.join("\n  ")}`]
}

/** Each state of an alert is told once: no group waits, and nothing is muted. */
const wrongTellings = (facts: ReadonlyArray<Recorded<AlertState>>, told: ReadonlyArray<Recorded<Notified>>): ReadonlyArray<string> => {
  const expected = facts.map(({ value: { alert, position } }) => `${alert.fingerprint} ${alert.status} of fact ${position}`).sort()
  const found = told
    .flatMap(({ value: { alerts } }) => alerts.map(({ fingerprint, position, status }) => `${fingerprint} ${status} of fact ${position}`))
    .sort()
  return expected.join("\n") === found.join("\n")
    ? []
    : [`what was told is\n  ${found.join("\n  ")}\nand follows from the alerts as\n  ${expected.join("\n  ")}`]
}

/** What a receiver got, in the order in which it did. */
export interface Deliveries {
  readonly name: string
  readonly received: ReadonlyArray<Pick<Received, "fingerprint" | "key">>
}

/** Every promised notification reached the receiver. */
export const lostDeliveries = (promised: ReadonlyMap<string, Notified>, { name, received }: Deliveries): ReadonlyArray<string> => {
  const keys = new Set(received.map(({ key }) => key))
  return [...promised]
    .filter(([key, { receivers }]) => receivers.includes(name) && !keys.has(key))
    .map(([key]) => `${name} never got ${key}`)
}

/** What a receiver got was promised, and came in the group's order. */
export const wrongDeliveries = (promised: ReadonlyMap<string, Notified>, { name, received }: Deliveries): ReadonlyArray<string> => {
  const keys = new Set(received.map(({ key }) => key))
  const unpromised = [...keys].filter((key) => !promised.has(key)).map((key) => `${name} got ${key}, which nobody had promised`)
  const ranks = new Map([...promised.keys()].map((key, rank) => [key, rank]))
  const last = new Map<string, number>()
  const disordered = received.flatMap(({ fingerprint, key }, index) => {
    if (received.findIndex((other) => other.key === key) < index) return []
    const rank = ranks.get(key) ?? 0
    const before = last.get(fingerprint) ?? 0
    last.set(fingerprint, rank)
    return rank >= before ? [] : [`${name} got ${key} after what follows it`]
  })
  return [...unpromised, ...disordered]
}

/** Every coin stands where the log's last fact says. */
const wrongLevels = ({ choice, services }: UpRun, changes: ReadonlyArray<Recorded<LevelChange>>): ReadonlyArray<string> => {
  const detection = Context.get(services, Detection)
  return choice.coins.flatMap((coin, index) => {
    const last = changes.findLast(({ value }) => value.coin === coin)?.value.level ?? "normal"
    const level = detection.coin(index)?.level
    return level === last ? [] : [`${coin} is ${level}, and its last fact says ${last}`]
  })
}

/** The changes of the log, the notifications that follow from them, and what is wrong with either; for a log of one engine alone. */
export const promisesOf = Effect.fnUntraced(function* (minimumLevel: RiskLevel, isPlain = true) {
  const events = yield* EventStore
  const read: ReadonlyArray<StoredEvent> = yield* events.read({ after: beginning, limit: factsMax })
  const rows = read.toSorted((a, b) => a.position - b.position)
  const changes = rows.flatMap((row) => (row.kind === "LevelChanged" ? [{ ...row, value: decodeChange(row.payload) }] : []))
  const facts = rows.flatMap((row) => (isAlertFact(row.kind) ? [{ ...row, value: decodeState(row.payload) }] : []))
  const told = rows.flatMap((row) => (row.kind === "Notified" ? [{ ...row, value: decodeNotified(row.payload) }] : []))
  const promised = new Map(told.map(({ value }) => [value.idempotencyKey, value]))
  const ofLevels = facts.filter(({ value }) => value.alert.rule === undefined)
  const alerts = [...wrongAlerts(changes, ofLevels, minimumLevel), ...(isPlain ? wrongTellings(facts, told) : [])]
  return { rows, changes, promised, chains: brokenChains(changes), alerts }
})

/** What was promised to somebody who could get it at every time. */
const alwaysThere = ({ alerting, receivers }: World) => (alerting === undefined ? receivers.slice(0, 1) : receivers)

export const wrongLog = (world: World, run: UpRun): Effect.Effect<ReadonlyArray<string>> => {
  const { alerting, hasTwo, receivers, time } = world
  const asked = Effect.gen(function* () {
    const found = yield* promisesOf(run.choice.config.alerts.minimumLevel, alerting === undefined)
    const { alerts, chains, changes, promised, rows } = found
    const pending = yield* (yield* Outbox).pending
    const verified = yield* Effect.result((yield* EventStore).verify)
    return [
      ...(hasTwo ? [] : chains),
      ...alerts,
      ...alwaysThere(world).flatMap((receiver) => lostDeliveries(promised, receiver)),
      ...receivers.flatMap((receiver) => [...wrongDeliveries(promised, receiver), ...orphanedEnds(promised, receiver)]),
      ...(alerting === undefined ? [] : wrongAlerting(world, alerting, run, storyOf(rows))),
      ...(hasTwo ? [] : wrongLevels(run, changes)),
      ...(pending > 0 ? [`${pending} notifications are left, and nothing is in their way`] : []),
      ...(Result.isFailure(verified) ? [verified.failure.message] : [])
    ]
  }).pipe(
    Effect.provideContext(run.services),
    Effect.catchCause((cause) => Effect.succeed([`the log cannot be read: ${String(cause)}`]))
  )
  return time.complete(asked)
}
