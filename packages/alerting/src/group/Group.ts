/**
 * Alerts of one route that are told together: when the group is told, and of what.
 *
 * A new group waits for `groupWait`, then looks at itself each `groupInterval` for as long as it has alerts. At each look a receiver is told if there is
 * something new for it, or if all fires unchanged since `repeatInterval`. An alert that has been over since the last look leaves it, once those who were
 * told that it fires know.
 *
 * Pure, and plain data: a group stands in the database between two looks. The meaning is Alertmanager's (dispatch/dispatch.go and notify/notify.go);
 * a group that became empty is forgotten at once, and not within half a minute, what began and ended between two looks is never told, and an end that is
 * held back is told when nothing holds it back any more.
 */
import { Labels } from "@evenkeel/domain/alert/Labels"
import { type RiskLevel, riskLevels, severity } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import type { Route } from "../route/Route.ts"

/** An alert that somebody was told to fire, and has not been told to be over since. */
export const OpenAlert = Schema.Struct({
  fingerprint: Schema.String,
  /** The severity that each receiver was told last; empty where the last word to it left the alert out, so that it is news when it comes back. */
  told: Schema.Record(Schema.String, Schema.String),
  /** Unix ms since when it has been told, or told to be worse. */
  since: Schema.Finite,
  /** Since then those who are next have been told. */
  escalated: Schema.Boolean
})
export type OpenAlert = typeof OpenAlert.Type

export const Group = Schema.Struct({
  /** The route's id and the group's labels: the same group has the same key after a restart. */
  key: Schema.String,
  routeId: Schema.String,
  labels: Labels,
  /** Fingerprints of the alerts in it, those that are over and not told to be among them. */
  members: Schema.Array(Schema.String),
  /** Unix ms of the next look. */
  lookAt: Schema.Finite,
  /** It has been looked at. */
  looked: Schema.Boolean,
  /** Unix ms when the route's receivers were told last. */
  toldAt: Schema.NullOr(Schema.Finite),
  open: Schema.Array(OpenAlert),
  /** Position in the log of the fact that it began with, and how often it was told since: no other notification has the same two. */
  openedPosition: Schema.Int,
  sequence: Schema.Int
})
export type Group = typeof Group.Type

type Timing = Pick<Route, "groupWaitMillis" | "groupIntervalMillis" | "repeatIntervalMillis" | "receivers"> & {
  /** Who is told next, when nobody acknowledges what fires within so long; nobody where it is left out. */
  readonly escalateAfterMillis?: number | undefined
  readonly escalateTo?: ReadonlyArray<string>
}

export const makeGroup = (options: {
  readonly key: string
  readonly route: Pick<Route, "id" | "groupWaitMillis">
  readonly labels: Labels
  readonly position: number
  readonly now: number
}): Group => ({
  key: options.key,
  routeId: options.route.id,
  labels: options.labels,
  members: [],
  lookAt: options.now + options.route.groupWaitMillis,
  looked: false,
  toldAt: null,
  open: [],
  openedPosition: options.position,
  sequence: 0
})

/**
 * An alert joins, or changes. One that began longer ago than `groupWait` does not wait for a group that is new, and a group without an interval tells of
 * each change at once.
 */
export const joined = (
  group: Group,
  timing: Pick<Timing, "groupWaitMillis" | "groupIntervalMillis">,
  { fingerprint, startsAt }: { readonly fingerprint: string; readonly startsAt: number },
  now: number
): Group => {
  const atOnce = group.looked ? timing.groupIntervalMillis === 0 : startsAt + timing.groupWaitMillis < now
  return {
    ...group,
    members: group.members.includes(fingerprint) ? group.members : [...group.members, fingerprint],
    lookAt: atOnce ? Math.min(group.lookAt, now) : group.lookAt
  }
}

/** An alert fires that was not told, one is over, or it is time to repeat what was told. */
export type Why = "firing" | "resolved" | "repeat"

/** What several receivers are told with the same words. */
export interface Tell<Member> {
  readonly receivers: ReadonlyArray<string>
  readonly why: Why
  readonly firing: ReadonlyArray<Member>
  readonly resolved: ReadonlyArray<Member>
}

export interface Look<Member> {
  /** As it stands afterwards; undefined where it is empty. */
  readonly group: Group | undefined
  readonly tells: ReadonlyArray<Tell<Member>>
  /** What is told to those who are next, since nobody has acknowledged it; none where it is not time. */
  readonly escalate: ReadonlyArray<Member>
}

interface MemberState {
  readonly fingerprint: string
  /** An alert that has become worse or better is told like a new one. */
  readonly severity: string
  readonly status: "firing" | "resolved"
  /** Inhibited, silenced, or of a route that is mute at this time. */
  readonly muted: boolean
  /** It fires, and its labels lead it to another group by now: this one hears of it when it comes back, and when it is over. */
  readonly left?: boolean
  /** Somebody has said that he looks at it: it is not repeated, and not escalated. */
  readonly acknowledged: boolean
}

/** A group without an interval, of which something is muted, is looked at again so soon: what holds it back may end. */
const mutedMillis = 1000
/** Of a receiver whose last word left the alert out. */
const leftOut = ""

const isLevel = (text: string): text is RiskLevel => riskLevels.some((level) => level === text)
const rankOf = (text: string): number => (isLevel(text) ? severity(text) : 0)

/** A look at `now`. `members` are the group's alerts as they are. */
export const look = <Member extends MemberState>(
  group: Group,
  timing: Timing,
  members: ReadonlyArray<Member>,
  now: number
): Look<Member> => {
  const open = new Map(group.open.map((each) => [each.fingerprint, { ...each, told: { ...each.told } }]))
  const leaveOut = (fingerprint: string, receivers?: ReadonlyArray<string>) => {
    const told = open.get(fingerprint)?.told ?? {}
    for (const receiver of receivers ?? Object.keys(told)) if (told[receiver] !== undefined) told[receiver] = leftOut
  }
  for (const { fingerprint, left } of members) if (left === true) leaveOut(fingerprint)
  const heard = members.filter(({ left, muted }) => !muted && left !== true)
  const firing = heard.filter(({ status }) => status === "firing")
  const unseen = firing.filter(({ acknowledged }) => !acknowledged)
  const repeats = group.toldAt !== null && group.toldAt < now - timing.repeatIntervalMillis && unseen.length > 0

  const tells = new Map<string, { readonly receivers: Array<string> } & Tell<Member>>()
  for (const receiver of new Set([...timing.receivers, ...group.open.flatMap(({ told }) => Object.keys(told))])) {
    const toldOf = ({ fingerprint }: Member) => open.get(fingerprint)?.told[receiver]
    // That something is over is told to those alone who were told that it fires.
    const resolved = heard.filter((member) => member.status === "resolved" && toldOf(member) !== undefined)
    const taken = timing.receivers.includes(receiver) ? firing : []
    const isNews = taken.some((member) => toldOf(member) !== member.severity)
    const why = isNews ? "firing" : resolved.length > 0 ? "resolved" : taken.length > 0 && repeats ? "repeat" : undefined
    if (why === undefined) continue
    const words = JSON.stringify([why, taken.length, resolved.map(({ fingerprint }) => fingerprint)])
    const alike = tells.get(words)
    if (alike === undefined) tells.set(words, { receivers: [receiver], why, firing: taken, resolved })
    else alike.receivers.push(receiver)
  }

  let { toldAt } = group
  for (const { firing: taken, receivers, resolved } of tells.values()) {
    if (taken.length > 0 || receivers.some((receiver) => timing.receivers.includes(receiver))) toldAt = now
    for (const { fingerprint, severity: worth } of taken) {
      const known = open.get(fingerprint)
      const isWorse = known === undefined || rankOf(worth) > Math.max(...Object.values(known.told).map(rankOf))
      const entry = known === undefined || isWorse ? { fingerprint, told: { ...known?.told }, since: now, escalated: false } : known
      for (const receiver of receivers) entry.told[receiver] = worth
      open.set(fingerprint, entry)
    }
    for (const { fingerprint } of resolved) {
      const entry = open.get(fingerprint)!
      for (const receiver of receivers) delete entry.told[receiver]
      if (Object.keys(entry.told).length === 0) open.delete(fingerprint)
    }
    for (const member of members) if (!heard.includes(member)) leaveOut(member.fingerprint, receivers)
  }

  const escalateAfter = timing.escalateAfterMillis
  const waiting = escalateAfter === undefined ? [] : unseen.filter(({ fingerprint }) => open.get(fingerprint)?.escalated === false)
  const escalateAt = ({ fingerprint }: Member) => open.get(fingerprint)!.since + (escalateAfter ?? 0)
  const escalate = waiting.filter((member) => escalateAt(member) <= now)
  for (const { fingerprint, severity: worth } of escalate) {
    const entry = open.get(fingerprint)!
    const told = { ...entry.told }
    // They hear of its end, too.
    for (const receiver of timing.escalateTo ?? []) told[receiver] ??= worth
    open.set(fingerprint, { ...entry, told, escalated: true })
  }

  // What is over and held back waits until those may know who were told that it fires.
  const remaining = members
    .filter((member) => member.status === "firing" || (!heard.includes(member) && open.has(member.fingerprint)))
    .map(({ fingerprint }) => fingerprint)
  const repeatAt = (toldAt ?? now) + timing.repeatIntervalMillis + 1
  const unmutedNext = repeatAt > now ? repeatAt : now + timing.repeatIntervalMillis + 1
  const withoutInterval = heard.length < members.length ? now + mutedMillis : unmutedNext
  const next = timing.groupIntervalMillis > 0 ? now + timing.groupIntervalMillis : withoutInterval
  const lookAt = Math.min(next, ...waiting.map(escalateAt).filter((at) => at > now))
  return {
    tells: [...tells.values()],
    escalate,
    group:
      remaining.length === 0
        ? undefined
        : {
            ...group,
            members: remaining,
            lookAt,
            looked: true,
            toldAt,
            open: [...open.values()].filter(({ fingerprint }) => remaining.includes(fingerprint)),
            sequence: group.sequence + tells.size + (escalate.length > 0 ? 1 : 0)
          }
  }
}

/** These receivers have heard from another group that the alert is over. */
export const endTold = (group: Group, fingerprint: string, receivers: ReadonlyArray<string>): Group => ({
  ...group,
  open: group.open.flatMap((each) => {
    if (each.fingerprint !== fingerprint) return [each]
    const told = Object.fromEntries(Object.entries(each.told).filter(([receiver]) => !receivers.includes(receiver)))
    return Object.keys(told).length === 0 ? [] : [{ ...each, told }]
  })
})

/** What was told of an alert by groups of another configuration. */
export interface Carried {
  readonly entry: OpenAlert
  readonly toldAt: number | null
}

export const carriedFrom = (groups: Iterable<Group>): ReadonlyMap<string, Carried> => {
  const carried = new Map<string, Carried>()
  for (const { open, toldAt } of groups) {
    for (const entry of open) {
      const known = carried.get(entry.fingerprint)
      if (known === undefined) carried.set(entry.fingerprint, { entry, toldAt })
      else
        carried.set(entry.fingerprint, {
          entry: {
            ...entry,
            // Of two groups that have told it, the one that it was in last has told more than that it went elsewhere.
            told: { ...entry.told, ...Object.fromEntries(Object.entries(known.entry.told).filter(([, worth]) => worth !== leftOut)) },
            since: Math.max(entry.since, known.entry.since),
            escalated: entry.escalated && known.entry.escalated
          },
          toldAt: Math.max(toldAt ?? 0, known.toldAt ?? 0)
        })
    }
  }
  return carried
}

/** The group takes over what those receivers were told that are its own. */
export const toldBefore = (group: Group, { entry, toldAt }: Carried, isOwn: (receiver: string) => boolean): Group => {
  const told = Object.fromEntries(Object.entries(entry.told).filter(([receiver]) => isOwn(receiver)))
  if (Object.keys(told).length === 0) return group
  return {
    ...group,
    toldAt: toldAt === null ? group.toldAt : Math.max(toldAt, group.toldAt ?? 0),
    open: [...group.open.filter(({ fingerprint }) => fingerprint !== entry.fingerprint), { ...entry, told }]
  }
}
