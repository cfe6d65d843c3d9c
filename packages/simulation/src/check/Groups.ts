/**
 * Every notification of a world in which nothing fails, and when it must come: to the millisecond. Alertmanager's grouping once more, fed with the log's
 * facts about alerts, silences and acknowledgements, and with the changes of the plan.
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

interface Due {
  readonly route: ModelRoute
  readonly members: Set<string>
  lookAt: number
  looked: boolean
  told: { readonly at: number; readonly firing: ReadonlySet<string>; readonly resolved: ReadonlySet<string> } | undefined
  readonly open: Set<string>
  /** Since when something that was told fires. */
  since: number | undefined
  escalated: boolean
}

const tickMillis = 1000
const heldBackMillis = 1000

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
    const heard = members.filter(({ alert }) => {
      const isHere = routesFor(plan, alert.labels).some((each) => groupOf(each, alert.labels) === key)
      const left = alert.status === "firing" && !isHere
      return !left && muteOf(route, alert.labels, { at, firing: known.firing, silences: known.silences }) === undefined
    })
    const firing = heard.filter(({ alert }) => alert.status === "firing")
    const ended = heard.filter(({ alert }) => alert.status === "resolved" && group.open.has(alert.fingerprint))
    const named = new Set(firing.map(({ alert }) => `${alert.fingerprint} ${alert.level}`))
    const unseen = firing.filter((state) => !known.isAcknowledged(state))
    const { told } = group
    const isNew = [...named].some((name) => told === undefined || !told.firing.has(name))
    const isRepeat = told !== undefined && firing.length > 0 && at - told.at > route.repeatMillis && unseen.length > 0
    const why = isNew ? "firing" : ended.length > 0 ? "resolved" : isRepeat ? "repeat" : undefined
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
    if (why !== undefined) {
      say(why, route.receivers, [...firing, ...ended])
      for (const { alert } of firing) group.open.add(alert.fingerprint)
      for (const { alert } of ended) group.open.delete(alert.fingerprint)
      group.told = { at, firing: named, resolved: new Set() }
      group.since = firing.length === 0 ? undefined : (group.since ?? at)
      if (group.since === undefined) group.escalated = false
    }
    const escalateAt =
      group.since === undefined || group.escalated || route.escalate === undefined ? undefined : group.since + route.escalate.afterMillis
    if (escalateAt !== undefined && escalateAt <= at && unseen.length > 0) {
      say("escalation", route.escalate!.receivers, unseen)
      group.escalated = true
    }
    for (const { alert } of members) if (alert.status === "resolved") group.members.delete(alert.fingerprint)
    if (group.members.size === 0) return void groups.delete(key)
    group.looked = true
    const next =
      route.intervalMillis > 0
        ? at + route.intervalMillis
        : heard.length < members.length
          ? at + heldBackMillis
          : Math.max(at, group.told?.at ?? at) + route.repeatMillis + 1
    group.lookAt = escalateAt !== undefined && escalateAt > at ? Math.min(next, escalateAt) : next
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
            told: undefined,
            open: new Set(),
            since: undefined,
            escalated: false
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
    for (const key of touched) if (groups.get(key)!.lookAt <= at) lookAt(key, groups.get(key)!, at, plan)
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
    for (const [key, group] of groups) if (group.lookAt <= at) lookAt(key, group, at, plan)
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
