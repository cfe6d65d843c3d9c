/**
 * Every notification of a world in which nothing fails, and when it must come: to the millisecond. Alertmanager's grouping once more, fed with the log's
 * facts about alerts, silences and acknowledgements. Of worlds whose plan does not change: what is taken along then is looked at in `Notifications`.
 */
import type { AlertState } from "@evenkeel/alerting/manager/Decide"
import type { AlertPlan } from "../world/AlertPlan.ts"
import { allRoutes, groupOf, type ModelRoute, muteOf, plainKey, routesFor } from "./Routing.ts"
import { type Fact, Known } from "./Story.ts"

export interface PlanChange {
  /** The wall's time. */
  readonly at: number
  readonly plan: AlertPlan
}

/** An alert that somebody was told to fire and not to be over: with which level each receiver was told it last, empty where it was left out since. */
interface Open {
  readonly told: Map<string, string>
  since: number
  escalated: boolean
}

interface Due {
  readonly route: ModelRoute
  readonly members: Set<string>
  lookAt: number
  looked: boolean
  toldAt: number | undefined
  readonly open: Map<string, Open>
}

const tickMillis = 1000
const heldBackMillis = 1000
const ranks: Readonly<Record<string, number>> = { watch: 1, warning: 2, stale: 2, critical: 3 }
const rank = (level: string): number => ranks[level] ?? 0

interface Expected {
  readonly at: number
  readonly text: string
}

const textOf = (key: string, why: string, receivers: ReadonlyArray<string>, alerts: ReadonlyArray<string>) =>
  `${why} of ${key} to ${[...receivers].sort().join(", ")}: ${[...alerts].sort().join(", ")}`

/** `phase`: when, within its second, the engine's look at its groups comes. */
const expectedOf = (
  story: ReadonlyArray<Fact>,
  plans: ReadonlyArray<PlanChange>,
  { from, phase, until }: { readonly from: number; readonly phase: number; readonly until: number }
): ReadonlyArray<Expected> => {
  const known = new Known()
  const groups = new Map<string, Due>()
  const expected: Array<Expected> = []
  let routed = plans[0]!.plan
  const planAt = (at: number) => plans.findLast((each) => each.at <= at)!.plan

  const lookAt = (key: string, group: Due, at: number, plan: AlertPlan) => {
    const { route } = group
    const members = [...group.members].map((fingerprint) => known.alerts.get(fingerprint)!)
    const leaves = new Set(
      members.flatMap(({ alert }) =>
        alert.status === "firing" && !routesFor(plan, alert.labels).some((each) => groupOf(each, alert.labels) === key)
          ? [alert.fingerprint]
          : []
      )
    )
    const leaveOut = (fingerprint: string, receivers: Iterable<string>) => {
      const told = group.open.get(fingerprint)?.told
      for (const receiver of receivers) if (told?.has(receiver)) told.set(receiver, "")
    }
    for (const fingerprint of leaves) leaveOut(fingerprint, [...(group.open.get(fingerprint)?.told.keys() ?? [])])
    const heard = members.filter(
      ({ alert }) =>
        !leaves.has(alert.fingerprint) && muteOf(route, alert.labels, { at, firing: known.firing, silences: known.silences }) === undefined
    )
    const firing = heard.filter(({ alert }) => alert.status === "firing")
    const unseen = firing.filter((state) => !known.isAcknowledged(state))
    const isRepeat = group.toldAt !== undefined && at - group.toldAt > route.repeatMillis && unseen.length > 0
    const say = (reason: string, receivers: ReadonlyArray<string>, states: ReadonlyArray<AlertState>) => {
      if (receivers.length > 0)
        expected.push({
          at,
          text: textOf(
            key,
            reason,
            receivers,
            states.map(({ alert }) => `${alert.fingerprint} ${alert.status}`)
          )
        })
    }
    const words = new Map<string, { readonly why: string; readonly receivers: Array<string>; readonly of: ReadonlyArray<AlertState> }>()
    for (const receiver of new Set([...route.receivers, ...[...group.open.values()].flatMap(({ told }) => [...told.keys()])])) {
      const toldOf = ({ alert }: AlertState) => group.open.get(alert.fingerprint)?.told.get(receiver)
      const mine = route.receivers.includes(receiver) ? firing : []
      const ended = heard.filter((state) => state.alert.status === "resolved" && toldOf(state) !== undefined)
      const isNew = mine.some((state) => toldOf(state) !== state.alert.level)
      const why = isNew ? "firing" : ended.length > 0 ? "resolved" : mine.length > 0 && isRepeat ? "repeat" : undefined
      if (why === undefined) continue
      const of = [...mine, ...ended]
      const name = `${why} ${of.map(({ alert }) => alert.fingerprint).join()}`
      const alike = words.get(name) ?? { why, receivers: [], of }
      alike.receivers.push(receiver)
      words.set(name, alike)
    }
    for (const { of, receivers, why } of words.values()) {
      say(why, receivers, of)
      if (receivers.some((receiver) => route.receivers.includes(receiver))) group.toldAt = at
      for (const { alert } of of) {
        const { fingerprint } = alert
        const before = group.open.get(fingerprint)
        if (alert.status === "firing") {
          const isWorse = before === undefined || rank(alert.level) > Math.max(...[...before.told.values()].map(rank))
          const open = before ?? { told: new Map(), since: at, escalated: false }
          if (isWorse) Object.assign(open, { since: at, escalated: false })
          for (const receiver of receivers) open.told.set(receiver, alert.level)
          group.open.set(fingerprint, open)
        } else
          // Whoever has heard of the end from one group does not hear of it from another.
          for (const other of groups.values()) {
            const open = other.open.get(fingerprint)
            for (const receiver of receivers) open?.told.delete(receiver)
            if (open?.told.size === 0) other.open.delete(fingerprint)
          }
      }
      for (const state of members) if (!heard.includes(state)) leaveOut(state.alert.fingerprint, receivers)
    }
    const after = route.escalate?.afterMillis
    const waiting = after === undefined ? [] : unseen.filter(({ alert }) => group.open.get(alert.fingerprint)?.escalated === false)
    const escalateAt = ({ alert }: AlertState) => group.open.get(alert.fingerprint)!.since + (after ?? 0)
    const late = waiting.filter((state) => escalateAt(state) <= at)
    if (late.length > 0) say("escalation", route.escalate!.receivers, late)
    for (const { alert } of late) {
      const open = group.open.get(alert.fingerprint)!
      open.escalated = true
      for (const receiver of route.escalate!.receivers) if (!open.told.has(receiver)) open.told.set(receiver, alert.level)
    }
    for (const state of members)
      if (state.alert.status === "resolved" && (heard.includes(state) || !group.open.has(state.alert.fingerprint)))
        group.members.delete(state.alert.fingerprint)
    for (const fingerprint of group.open.keys()) if (!group.members.has(fingerprint)) group.open.delete(fingerprint)
    if (group.members.size === 0) return void groups.delete(key)
    group.looked = true
    const next =
      route.intervalMillis > 0
        ? at + route.intervalMillis
        : heard.length < members.length
          ? at + heldBackMillis
          : (group.toldAt ?? at) + route.repeatMillis + 1 > at
            ? (group.toldAt ?? at) + route.repeatMillis + 1
            : at + route.repeatMillis + 1
    group.lookAt = Math.min(next, ...waiting.map(escalateAt).filter((due) => due > at))
  }

  const take = (states: ReadonlyArray<AlertState>, at: number) => {
    const plan = planAt(at)
    const ids = new Set(allRoutes(plan).map(({ id }) => id))
    const touched = new Set<string>()
    for (const { alert } of states) {
      const routes = routesFor(plan, alert.labels)
      const keys = new Set(routes.map((route) => groupOf(route, alert.labels)))
      for (const route of routes) {
        const key = groupOf(route, alert.labels)
        if (alert.status === "firing" && !groups.has(key))
          groups.set(key, {
            route,
            members: new Set(),
            lookAt: at + route.waitMillis,
            looked: false,
            toldAt: undefined,
            open: new Map()
          })
      }
      for (const [key, group] of groups) {
        if (!ids.has(group.route.id) || !(keys.has(key) || group.members.has(alert.fingerprint))) continue
        touched.add(key)
        group.members.add(alert.fingerprint)
        const atOnce = group.looked ? group.route.intervalMillis === 0 : alert.startsAt + group.route.waitMillis < at
        if (atOnce) group.lookAt = Math.min(group.lookAt, at)
      }
    }
    for (const key of [...touched].sort()) if (groups.get(key)!.lookAt <= at) lookAt(key, groups.get(key)!, at, plan)
  }

  const tick = (at: number) => {
    const plan = planAt(at)
    if (plan !== routed) {
      const ids = new Set(allRoutes(plan).map(({ id }) => id))
      for (const [key, { route }] of groups) if (!ids.has(route.id)) groups.delete(key)
      routed = plan
      take(
        [...known.alerts.values()].filter(({ alert }) => alert.status === "firing"),
        at
      )
    }
    const due = [...groups].filter(([, group]) => group.lookAt <= at)
    for (const [key, group] of due.sort(([one, a], [two, b]) => a.lookAt - b.lookAt || (one < two ? -1 : 1))) lookAt(key, group, at, plan)
  }

  let next = from + ((((phase - from) % tickMillis) + tickMillis) % tickMillis)
  let batch: Array<Fact & { readonly is: "alert" }> = []
  const flush = () => {
    if (batch.length > 0)
      take(
        batch.map(({ value }) => value),
        batch[0]!.at
      )
    batch = []
  }
  for (const fact of story) {
    // The facts of one change are taken together.
    const first = batch[0]
    if (
      first !== undefined &&
      (fact.is !== "alert" || fact.transaction !== first.transaction || fact.value.position !== first.value.position)
    )
      flush()
    // A look that is due in the very millisecond of a fact was asked of the database before it.
    for (; next <= fact.at; next += tickMillis) tick(next)
    known.take(fact)
    if (fact.is === "alert") batch.push(fact)
  }
  flush()
  for (; next <= until; next += tickMillis) tick(next)
  return expected
}

/** What must be told of a quiet world, against what was. */
export const wrongTimes = (
  story: ReadonlyArray<Fact>,
  plans: ReadonlyArray<PlanChange>,
  span: { readonly from: number; readonly phase: number; readonly until: number }
): ReadonlyArray<string> => {
  const line = ({ at, text }: Expected) => `${((at - span.from) / 1000).toFixed(3)} ${text}`
  const expected = expectedOf(story, plans, span).map(line).sort()
  const found = story
    .flatMap((fact) => {
      if (fact.is !== "notified") return []
      const { alerts, groupKey, receivers, why } = fact.value
      const named = alerts.map(({ fingerprint, status }) => `${fingerprint} ${status}`)
      return [line({ at: fact.at, text: textOf(plainKey(groupKey), why, receivers, named) })]
    })
    .sort()
  const missing = expected.filter((each) => !found.includes(each))
  const beyond = found.filter((each) => !expected.includes(each))
  return missing.length + beyond.length === 0
    ? []
    : [`it should have been told\n  ${missing.join("\n  ")}\nand was told\n  ${beyond.join("\n  ")}`]
}
