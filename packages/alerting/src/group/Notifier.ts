/**
 * Tells alerts, group by group: who is told, of what, and when.
 *
 * A change of an alert goes into the groups of its routes in the transaction that records it, and a group that is due then is looked at in the same one.
 * Groups that are due later are looked at by a loop. What is told is a fact of the log with a notification for each of the route's receivers, so that a
 * crash between any two steps neither loses nor repeats it.
 */
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { fingerprintOf } from "@evenkeel/domain/alert/Fingerprint"
import { labelsText } from "@evenkeel/domain/alert/Labels"
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { type Pulse, Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { LatencyStages, presentTrace } from "@evenkeel/runtime/telemetry/LatencyStages"
import { alertWay, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { databaseProblem, statementHangsAfter } from "@evenkeel/store/database/DatabaseProblem"
import { type ConcurrencyConflict, EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Array, Clock, Context, Effect, Layer, Option, Order } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertSettings } from "../AlertSettings.ts"
import { Dispatcher } from "../dispatch/Dispatcher.ts"
import { type Acknowledgement, isAcknowledged } from "../manager/Acknowledgement.ts"
import { Acknowledging } from "../manager/Acknowledging.ts"
import { AlertTable } from "../manager/AlertTable.ts"
import type { AlertState } from "../manager/Decide.ts"
import { Mutes } from "../mute/Mutes.ts"
import { SilenceTable } from "../mute/SilenceTable.ts"
import { Receivers } from "../receiver/Receiver.ts"
import { type AlertPolicy, type AlertPolicyOptions, compileAlertPolicy, policyRoutes } from "../route/AlertPolicy.ts"
import { groupLabelsOf, type Route } from "../route/Route.ts"
import { carriedFrom, endTold, type Group, joined, look, makeGroup, toldBefore } from "./Group.ts"
import { GroupTable } from "./GroupTable.ts"
import { digestOf, type Notified, notifiedFamily } from "./Notified.ts"

/** Under which key the span is known that changed an alert last. */
export const alertLinkOf = (fingerprint: string): string => `alert/${fingerprint}`

/** Groups that are looked at in one transaction. */
const lookMax = 200
/** Without a nudge, groups are looked for this often. */
const lookEvery = "1 second"
/** While the database is away. */
const databaseWait = "2 seconds"
/** A group that is to be looked at so much later than its route can ask for had its time from a clock that was wrong. */
const clockSkewMillisMax = 60_000
/** Of the sequence in an idempotency key: keys are in order as texts, too. */
const sequenceDigits = 6

type Trouble = SqlError.SqlError | ConcurrencyConflict

export class Notifier extends Context.Service<
  Notifier,
  {
    /** Takes alerts as they are now into the groups of their routes, and tells the groups that are due; in the transaction at hand. */
    readonly take: (states: ReadonlyArray<AlertState>) => Effect.Effect<void, Trouble>
    /** Looks at the groups that are due; how many. */
    readonly lookDue: Effect.Effect<number, Trouble>
  }
>()("@evenkeel/alerting/group/Notifier") {
  static readonly layer = Layer.effect(
    Notifier,
    Effect.suspend(() => makeNotifier())
  )
}

const keyOf = ({ id }: Route, labels: Group["labels"]): string => `${id}:${labelsText(labels)}`

const makeNotifier = Effect.fnUntraced(function* () {
  const acknowledging = yield* Acknowledging
  const alerts = yield* AlertTable
  const dispatcher = yield* Dispatcher
  const events = yield* EventStore
  const groups = yield* GroupTable
  const health = yield* HealthRegistry
  const links = yield* SpanLinks
  const latency = yield* LatencyStages
  latency.know("alert")
  const outbox = yield* Outbox
  const receivers = yield* Receivers
  const silences = yield* SilenceTable
  const sql = yield* SqlClient.SqlClient
  const supervisor = yield* Supervisor
  const settings = yield* AlertSettings
  let configured: AlertPolicyOptions | undefined
  let policy: AlertPolicy
  /** The longest that any route asks a group to wait. */
  let farMillis = 0
  /** Takes up what is configured by now. */
  const refresh = () => {
    const now = settings.current().policy
    if (now === configured) return
    configured = now
    policy = compileAlertPolicy(
      now,
      receivers.map(({ name }) => name)
    )
    farMillis = Math.max(
      ...[...policy.routes.values()].flatMap((route) => [route.groupWaitMillis, route.groupIntervalMillis, route.repeatIntervalMillis])
    )
  }
  refresh()

  const tell = Effect.fnUntraced(function* (
    group: Group,
    told: ReadonlyArray<string>,
    why: Notified["why"],
    states: ReadonlyArray<AlertState>,
    seen: ReadonlyMap<string, Acknowledgement>
  ) {
    if (!Array.isReadonlyArrayNonEmpty(states) || told.length === 0) return
    const [first, ...others] = Array.sortWith(
      states,
      ({ alert }) => (alert.status === "resolved" ? 1 : -severity(alert.level)),
      Order.Number
    )
    const fingerprint = fingerprintOf(group.key)
    const idempotencyKey = `${events.id}-${fingerprint}-${group.openedPosition}-${String(group.sequence).padStart(sequenceDigits, "0")}`
    const acknowledged = states.flatMap((state) => {
      const acknowledgement = seen.get(state.alert.fingerprint)
      if (state.alert.status === "resolved" || acknowledgement === undefined || !isAcknowledged(acknowledgement, state)) return []
      const { at, by, comment } = acknowledgement
      return [{ fingerprint: state.alert.fingerprint, by, comment, at }]
    })
    const notification: Notification = {
      idempotencyKey,
      position: Math.max(...states.map(({ position }) => position)),
      groupKey: group.key,
      groupLabels: group.labels,
      status: first!.alert.status,
      alerts: [first!.alert, ...others.map(({ alert }) => alert)],
      ...(acknowledged.length === 0 ? {} : { acknowledged }),
      simulated: states.every(({ alert }) => alert.simulated === true)
    }
    const payload = JSON.stringify(notification)
    const fact: Notified = {
      idempotencyKey,
      groupKey: group.key,
      why,
      receivers: told,
      alerts: states.map(({ alert: { fingerprint, status }, position }) => ({ fingerprint, status, position })),
      digest: digestOf(payload)
    }
    const { position } = yield* events.append(`${notifiedFamily}/${fingerprint}`, "any", [
      { kind: "Notified", payload: fact, key: idempotencyKey }
    ])
    const now = yield* Clock.currentTimeMillis
    yield* Effect.gen(function* () {
      yield* Effect.ignore(Effect.map(Effect.currentSpan, (span) => links.set(idempotencyKey, span)))
      yield* outbox.enqueue(
        told.map((receiver) => ({ receiver, idempotencyKey, fingerprint, position, priority: severity(first!.alert.level), payload })),
        now
      )
      const nanos = Number(yield* Clock.monotonicTimeNanos)
      // What is told again, or to more people, is late by design.
      if (why === "firing" || why === "resolved") latency.since("alert", `recorded ${notification.position}`, nanos, yield* presentTrace)
      latency.mark(`written ${idempotencyKey}`, nanos)
    }).pipe(
      Effect.withSpan(spanName("notificationSent"), {
        ...spanOptions("notificationSent", { "messaging.message.id": idempotencyKey }),
        annotations: alertWay,
        // Under the first alert's way, though its group waited; the other alerts' ways are links.
        ...links.parentOf(alertLinkOf(first!.alert.fingerprint)),
        links: links.linksTo(others.map(({ alert }) => alertLinkOf(alert.fingerprint)))
      })
    )
  })

  /** Looks at these groups, whose route there is, at `now`. `known`: states of alerts that are at hand. */
  const lookAt = Effect.fnUntraced(function* (
    due: ReadonlyArray<{ readonly group: Group; readonly route: Route }>,
    now: number,
    known: ReadonlyArray<AlertState> = []
  ) {
    if (due.length === 0) return
    const states = new Map(known.map((state) => [state.alert.fingerprint, state]))
    const others = new Set(due.flatMap(({ group }) => group.members).filter((fingerprint) => !states.has(fingerprint)))
    for (const state of yield* alerts.of([...others])) states.set(state.alert.fingerprint, state)
    const firing = policy.inhibitRules.length === 0 ? [] : yield* alerts.firingLabels
    const mutes = new Mutes({ ...policy, silences: yield* silences.standing(now) }, firing)
    const seen = yield* acknowledging.of([...states.keys()])
    // Whoever has heard of an end from one group does not hear of it from another.
    const over = [...states.values()].flatMap(({ alert: { fingerprint, status } }) => (status === "resolved" ? [fingerprint] : []))
    const standing = new Map((over.length === 0 ? [] : yield* groups.of([], over)).map((group) => [group.key, group]))
    for (const { group } of due) standing.set(group.key, group)
    for (const { group: taken, route } of due) {
      const group = standing.get(taken.key)!
      const members = group.members.flatMap((fingerprint) => {
        const state = states.get(fingerprint)
        if (state === undefined) return []
        const { labels, level, status } = state.alert
        // Its severity may have led it elsewhere, to another route or another group of this one.
        const isHere = policyRoutes(policy, labels).includes(route) && keyOf(route, groupLabelsOf(route, labels)) === group.key
        const muted = mutes.of(route, labels, now) !== undefined
        const acknowledged = isAcknowledged(seen.get(fingerprint), state)
        return [{ fingerprint, state, status, severity: level, muted, left: status === "firing" && !isHere, acknowledged }]
      })
      const { escalate, group: after, tells } = look(group, route, members, now)
      if (after === undefined) standing.delete(group.key)
      else standing.set(group.key, after)
      yield* after === undefined ? groups.remove(group.key) : groups.save(after)
      let { sequence } = group
      for (const { firing: fires, receivers: told, resolved, why } of tells) {
        const alike = [...fires, ...resolved].map(({ state }) => state)
        yield* tell({ ...group, sequence: sequence++ }, told, why, alike, seen)
        for (const { fingerprint } of resolved) {
          for (const other of [...standing.values()].filter(({ key }) => key !== group.key)) {
            const stripped = endTold(other, fingerprint, told)
            standing.set(other.key, stripped)
            yield* groups.save(stripped)
          }
        }
      }
      const next = escalate.map(({ state }) => state)
      if (next.length > 0) yield* tell({ ...group, sequence }, route.escalateTo, "escalation", next, seen)
    }
  })

  /** Where a group begins that is made once more for an alert as it was: behind what was told of it before, or its keys would be those of then. */
  const beginningOf = (key: string, position: number) =>
    Effect.map(events.lastOf(`${notifiedFamily}/${fingerprintOf(key)}`, "Notified"), (last) =>
      Math.max(position, Option.match(last, { onNone: () => 0, onSome: (fact) => fact.position }))
    )

  /** `before`: the groups that they were in by another configuration, when nothing has happened to them but that. */
  const take = Effect.fnUntraced(function* (states: ReadonlyArray<AlertState>, before?: ReadonlyMap<string, Group>) {
    if (states.length === 0) return
    refresh()
    yield* groups.lock
    const now = yield* groups.now
    const carried = carriedFrom(before?.values() ?? [])
    const routed = states.map((state) => ({
      state,
      routes: policyRoutes(policy, state.alert.labels).map((route) => {
        const labels = groupLabelsOf(route, state.alert.labels)
        return { route, labels, key: keyOf(route, labels) }
      })
    }))
    const known =
      before === undefined
        ? yield* groups.of(
            routed.flatMap(({ routes }) => routes.map(({ key }) => key)),
            states.map(({ alert }) => alert.fingerprint)
          )
        : []
    const touched = new Map<string, { group: Group; readonly route: Route }>()
    for (const group of known) {
      const route = policy.routes.get(group.routeId)
      if (route !== undefined) touched.set(group.key, { group, route })
    }
    for (const { routes, state } of routed) {
      const { alert, position } = state
      const told = carried.get(alert.fingerprint)
      for (const { key, labels, route } of routes) {
        if (touched.has(key) || (alert.status === "resolved" && told === undefined)) continue
        const former = before?.get(key)
        const beginning = before === undefined ? position : yield* beginningOf(key, position)
        const group =
          former === undefined ? makeGroup({ key, route, labels, position: beginning, now }) : { ...former, members: [], open: [] }
        touched.set(key, { group, route })
      }
      for (const [key, entry] of touched) {
        const isHere = routes.some((each) => each.key === key)
        if (isHere || entry.group.members.includes(alert.fingerprint)) entry.group = joined(entry.group, entry.route, alert, now)
      }
      // Whoever has been told stays told, by whichever group is theirs now; the first one has those that no route names any more.
      for (const [index, { key, route }] of told === undefined ? [] : routes.entries()) {
        const others = routes.filter((each) => each.key !== key).flatMap((each) => each.route.receivers)
        const entry = touched.get(key)!
        entry.group = toldBefore(
          entry.group,
          told!,
          (receiver) => route.receivers.includes(receiver) || (index === 0 && !others.includes(receiver))
        )
      }
    }
    const isDue = ({ group }: { readonly group: Group }) => group.lookAt <= now
    // In a fixed order, since an end that one group tells another does not.
    const all = [...touched.values()].sort((a, b) => (a.group.key < b.group.key ? -1 : 1))
    for (const { group } of all.filter((entry) => !isDue(entry))) yield* groups.save(group)
    yield* lookAt(all.filter(isDue), now, states)
  })

  const lookDue: Effect.Effect<number, Trouble> = sql.withTransaction(
    Effect.gen(function* () {
      refresh()
      yield* groups.lock
      const now = yield* groups.now
      const due = yield* groups.due(now, now + farMillis + clockSkewMillisMax, lookMax)
      const routed = due.flatMap((group) => {
        const route = policy.routes.get(group.routeId)
        return route === undefined ? [] : [{ group, route }]
      })
      yield* lookAt(routed, now)
      for (const { key, routeId } of due) if (!policy.routes.has(routeId)) yield* groups.remove(key)
      return due.length
    })
  )

  /** What fires goes the way that is configured now, also where it went another way before. */
  let routedBy: AlertPolicyOptions | undefined
  const reroute = Effect.suspend(() => {
    refresh()
    const by = configured
    if (by === routedBy) return Effect.void
    return sql
      .withTransaction(
        Effect.gen(function* () {
          yield* groups.lock
          const before = new Map((yield* groups.all).map((group) => [group.key, group]))
          yield* groups.removeAll
          const firing = yield* alerts.firing
          const known = new Set(firing.map(({ alert }) => alert.fingerprint))
          // What is over and was held back waits on.
          const held = [...before.values()].flatMap(({ members }) => members.filter((fingerprint) => !known.has(fingerprint)))
          yield* take([...firing, ...(held.length === 0 ? [] : yield* alerts.of([...new Set(held)]))], before)
        })
      )
      .pipe(
        Effect.andThen(
          Effect.sync(() => {
            routedBy = by
          })
        )
      )
  })

  const follow = Effect.fnUntraced(function* ({ beat, waiting }: Pulse) {
    for (;;) {
      yield* beat
      yield* reroute
      yield* beat
      const looked = yield* lookDue
      if (looked > 0) yield* dispatcher.nudge
      if (looked < lookMax) yield* waiting(Effect.sleep(lookEvery))
    }
  })
  yield* supervisor.superviseBeating(
    "notifier",
    (pulse) =>
      Effect.catchTag(follow(pulse), "SqlError", (error) =>
        health
          .report("notifier", "degraded", databaseProblem(error))
          .pipe(Effect.andThen(pulse.waiting(Effect.sleep(databaseWait))), Effect.andThen(health.report("notifier", "running")))
      ).pipe(Effect.forever),
    statementHangsAfter
  )
  return Notifier.of({ take: (states) => take(states), lookDue: Effect.andThen(reroute, lookDue) })
})
