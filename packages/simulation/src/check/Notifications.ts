/**
 * What people are told, against the log, in any world: nothing that is held back is told as it stands, nothing is told before its time or twice under two
 * keys, nothing acknowledged is repeated or escalated, and in the end everybody knows what there is to know.
 */
import type { AlertState } from "@evenkeel/alerting/manager/Decide"
import type { AlertPlan } from "../world/AlertPlan.ts"
import { allRoutes, groupOf, type ModelRoute, muteOf, plainKey, routesFor } from "./Routing.ts"
import { type Fact, Known } from "./Story.ts"

export interface Circumstances {
  readonly plans: ReadonlyArray<AlertPlan>
  /** How far the wall's clock has ever been set, ms, 0 among them: an engine's time may be off by as much. */
  readonly clockOffsets: ReadonlyArray<number>
  /** Groups may begin anew: the configuration has changed, or several engines may have different ones. */
  readonly regroups: boolean
}

interface Telling {
  readonly generation: string
  readonly at: number
  readonly told: ReadonlySet<string>
  /** Fingerprints that were told to fire, and not to be over. */
  readonly open: ReadonlySet<string>
}

type ToldFact = Extract<Fact, { readonly is: "notified" }>

/** All of a key but its last number is the group's beginning: a group that began anew has another. */
const generationOf = (key: string): string => key.slice(0, key.lastIndexOf("-"))

const routeOf = (plans: ReadonlyArray<AlertPlan>, groupKey: string): ReadonlyArray<ModelRoute> => {
  const key = plainKey(groupKey)
  return plans.flatMap((plan) => allRoutes(plan).filter(({ id }) => key.startsWith(`${id}:`)))
}

/** Each notification by itself, and against the one before it in its group. */
export const wrongNotifications = (story: ReadonlyArray<Fact>, { clockOffsets, plans, regroups }: Circumstances): ReadonlyArray<string> => {
  const known = new Known()
  const last = new Map<string, Telling>()
  /** Of each alert, who was told that it fires, and not that it is over since. */
  const opened = new Map<string, Set<string>>()
  /** When each group told of each alert first. */
  const firstTold = new Map<string, number>()
  /** What each group told its receivers last. */
  const lastHeard = new Map<string, Set<string>>()
  const beginnings = new Map(
    story.flatMap((fact) => (fact.is === "alert" ? [[fact.value.position, fact.value.alert.startsAt] as const] : []))
  )
  const wrong: Array<string> = []

  const look = ({ at, position, value }: ToldFact) => {
    const { alerts, groupKey, idempotencyKey, receivers, why } = value
    const says = (problem: string) => void wrong.push(`notification ${position} (${why} of ${groupKey}): ${problem}`)
    const candidates = routeOf(plans, groupKey)
    const route = candidates[0]
    if (route === undefined) return says("no plan has its route")
    const told = why === "escalation" ? (route.escalate?.receivers ?? []) : route.receivers
    // An end is told to whoever was told that it fires, by whichever route, which is looked at below.
    if (why !== "resolved" && !receivers.every((receiver) => told.includes(receiver)))
      says(`it is told to ${receivers.join(", ")}, and its route tells ${told.join(", ")}`)
    const states: Array<AlertState> = []
    for (const { fingerprint, position: of, status } of alerts) {
      const state = known.alerts.get(fingerprint)
      if (state === undefined || state.position !== of || state.alert.status !== status) {
        says(`it says that ${fingerprint} is ${status} by fact ${of}, and the log says otherwise`)
        continue
      }
      states.push(state)
      const { labels } = state.alert
      if (groupOf(route, labels) !== plainKey(groupKey) && status === "firing") says(`${fingerprint} is of another group`)
      if (status === "firing" && !candidates.some(({ id, plan }) => routesFor(plan, labels).some((each) => each.id === id)))
        says(`${fingerprint} takes another route`)
      const mutes = clockOffsets.map((offset) => muteOf(route, labels, { at: at - offset, firing: known.firing, silences: known.silences }))
      if (mutes.every((mute) => mute !== undefined)) says(`${fingerprint} is ${mutes[0]}`)
    }
    const firing = states.filter(({ alert }) => alert.status === "firing")
    if ((why === "repeat" || why === "escalation") && firing.every((state) => known.isAcknowledged(state)))
      says("all of it is acknowledged")
    if (why === "escalation" && firing.some((state) => known.isAcknowledged(state))) says("some of it is acknowledged")

    const generation = generationOf(idempotencyKey)
    const before = last.get(groupKey)
    const same = before?.generation === generation ? before : undefined
    const firingNow = firing.map(({ alert }) => `${alert.fingerprint} ${alert.level}`)
    for (const { alert } of states) {
      const open = opened.get(alert.fingerprint) ?? new Set()
      for (const receiver of receivers) {
        if (alert.status === "firing") open.add(receiver)
        else if (!open.delete(receiver))
          says(`${alert.fingerprint} is over, and ${receiver} was not told that it fires, or that it is over before`)
      }
      opened.set(alert.fingerprint, open)
    }
    const name = `${groupKey} ${[...receivers].sort().join()}`
    const heardBefore = lastHeard.get(name)
    if (why === "firing" && !regroups && heardBefore !== undefined && firingNow.every((each) => heardBefore.has(each)))
      says("nothing in it is new")
    if (why !== "escalation") lastHeard.set(name, new Set(firingNow))
    if (why === "firing" && before !== undefined && same === undefined && !regroups) {
      const opened = Number(generation.slice(generation.lastIndexOf("-") + 1))
      if (firing.every((state) => before.open.has(state.alert.fingerprint) && state.openedPosition < opened && before.told.size > 0))
        says("it was told under another key")
    }
    if (clockOffsets.length === 1) {
      const early = (since: number, millis: number, what: string) => {
        if (at < since + millis) says(`it comes ${at - since} ms after ${what}, and not after ${millis}`)
      }
      // The alert that the group began with may be over by now.
      const opener = beginnings.get(Number(generation.slice(generation.lastIndexOf("-") + 1))) ?? at
      const oldest = Math.min(opener, ...states.map(({ alert }) => alert.startsAt))
      if (why === "firing" && same === undefined && states.length > 0) early(oldest, route.waitMillis, "its oldest alert began")
      if (why !== "escalation" && same !== undefined && at > same.at && !regroups) early(same.at, route.intervalMillis, "the one before it")
      if (why === "repeat" && same !== undefined) early(same.at, route.repeatMillis + 1, "what it repeats")
      if (why === "escalation" && route.escalate !== undefined && !regroups)
        for (const { alert } of firing) {
          const since = firstTold.get(`${groupKey} ${alert.fingerprint}`)
          if (since === undefined) says(`${alert.fingerprint} was not told before`)
          else early(since, route.escalate.afterMillis, "it was told first")
        }
    }
    for (const { alert } of states) {
      const each = `${groupKey} ${alert.fingerprint}`
      if (alert.status === "resolved") firstTold.delete(each)
      else if (!firstTold.has(each)) firstTold.set(each, at)
    }
    if (why === "escalation") return
    const open = new Set([...(same?.open ?? []), ...firing.map(({ alert }) => alert.fingerprint)])
    for (const { alert } of states) if (alert.status === "resolved") open.delete(alert.fingerprint)
    last.set(groupKey, { generation, at, told: new Set(firingNow), open })
  }
  for (const fact of story) {
    if (fact.is === "notified") look(fact)
    known.take(fact)
    // One whose severity leads it elsewhere is news where it comes back.
    if (fact.is === "alert")
      for (const [name, told] of lastHeard) {
        const { fingerprint, labels } = fact.value.alert
        if (!plans.some((plan) => routesFor(plan, labels).some((each) => name.startsWith(`${groupOf(each, labels)} `))))
          for (const each of told) if (each.startsWith(`${fingerprint} `)) told.delete(each)
      }
  }
  return wrong
}

/** What fires and is not held back was told in each of its groups, and what was told to fire and is over was told to be over. */
export const untold = (story: ReadonlyArray<Fact>, plan: AlertPlan, now: number, regroups: boolean): ReadonlyArray<string> => {
  const known = new Known()
  for (const fact of story) known.take(fact)
  /** Of each alert, who was told that it fires, and not that it is over since; and by which fact. */
  const open = new Map<string, Map<string, number>>()
  for (const fact of story)
    if (fact.is === "notified")
      for (const { fingerprint, status } of fact.value.alerts) {
        const told = open.get(fingerprint) ?? new Map<string, number>()
        for (const receiver of fact.value.receivers)
          if (status === "firing") told.set(receiver, fact.position)
          else told.delete(receiver)
        open.set(fingerprint, told)
      }
  const holds = (route: ModelRoute, { alert }: AlertState) =>
    muteOf(route, alert.labels, { at: now, firing: known.firing, silences: known.silences }) !== undefined
  // Where something may hold an end back, or a reload has led it elsewhere, it may still wait.
  const waits =
    regroups || plan.inhibitions.length > 0 || known.silences.length > 0 || allRoutes(plan).some(({ muteTimes }) => muteTimes.length > 0)
  return [...known.alerts.values()].flatMap((state) => {
    const { alert, openedPosition } = state
    const told = open.get(alert.fingerprint) ?? new Map<string, number>()
    if (alert.status === "resolved")
      return waits || told.size === 0 ? [] : [`${alert.fingerprint} is over, and ${[...told.keys()].join(", ")} is not told`]
    return routesFor(plan, alert.labels).flatMap((route) =>
      route.receivers
        .filter((receiver) => !((told.get(receiver) ?? 0) > openedPosition) && !holds(route, state))
        .map(
          (receiver) =>
            `${groupOf(route, alert.labels)}: ${alert.fingerprint} fires since fact ${openedPosition}, and ${receiver} is not told`
        )
    )
  })
}

/** No `resolved` without its `firing` at a receiver, in the order in which it took them. */
export const orphanedEnds = (
  promised: ReadonlyMap<
    string,
    { readonly groupKey: string; readonly alerts: ReadonlyArray<{ readonly fingerprint: string; readonly status: string }> }
  >,
  { name, received }: { readonly name: string; readonly received: ReadonlyArray<{ readonly key: string }> }
): ReadonlyArray<string> => {
  const told = new Set<string>()
  return [...new Set(received.map(({ key }) => key))].flatMap((key) => {
    const { alerts } = promised.get(key) ?? { alerts: [] }
    return alerts.flatMap(({ fingerprint, status }) => {
      if (status === "firing") told.add(fingerprint)
      return status === "firing" || told.has(fingerprint)
        ? []
        : [`${name} is told by ${key} that ${fingerprint} is over, and never was that it fires`]
    })
  })
}
