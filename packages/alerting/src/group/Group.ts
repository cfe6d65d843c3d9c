/**
 * Alerts of one route that are told together: when the group is told, and of what.
 *
 * A new group waits for `groupWait`, then looks at itself each `groupInterval` for as long as it has alerts. At each look it is told if it has
 * something new, or if it fires unchanged since `repeatInterval`. An alert that has been over since the last look leaves it.
 *
 * Pure, and plain data: a group stands in the database between two looks. The meaning is Alertmanager's (dispatch/dispatch.go and notify/notify.go);
 * a group that became empty is forgotten at once, and not within half a minute,
 * and what began and ended between two looks is never told.
 */
import { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import type { Route } from "../route/Route.ts"

/** What was told last: alerts that fire by fingerprint and severity, those that are over by fingerprint. */
const Told = Schema.Struct({
  /** Unix ms. */
  at: Schema.Finite,
  firing: Schema.Array(Schema.String),
  resolved: Schema.Array(Schema.String),
  /** Fingerprints of all that were told to fire, and have not been told to be over since. */
  open: Schema.Array(Schema.String),
  /** Unix ms since when something told has been firing; null while nothing is. */
  since: Schema.NullOr(Schema.Finite),
  /** Since then it has been escalated. */
  escalated: Schema.Boolean
})
export type Told = typeof Told.Type

export const Group = Schema.Struct({
  /** The route's id and the group's labels: the same group has the same key after a restart. */
  key: Schema.String,
  routeId: Schema.String,
  labels: Labels,
  /** Fingerprints of the alerts in it, those that are over since the last look among them. */
  members: Schema.Array(Schema.String),
  /** Unix ms of the next look. */
  lookAt: Schema.Finite,
  /** It has been looked at. */
  looked: Schema.Boolean,
  told: Schema.NullOr(Told),
  /** Position in the log of the fact that it began with, and how often it was told since: no other notification has the same two. */
  openedPosition: Schema.Int,
  sequence: Schema.Int
})
export type Group = typeof Group.Type

type Timing = Pick<Route, "groupWaitMillis" | "groupIntervalMillis" | "repeatIntervalMillis"> & {
  /** Whoever is told next, when nobody acknowledges what fires within so long; nobody where it is left out. */
  readonly escalateAfterMillis?: number | undefined
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
  told: null,
  openedPosition: options.position,
  sequence: 0
})

/**
 * An alert joins, or changes. One that began longer ago than `groupWait` does not wait for a group that is new, and a group without an interval tells of
 * each change at once.
 */
export const joined = (
  group: Group,
  timing: Timing,
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

export interface Look<Member> {
  /** As it stands afterwards; undefined where it is empty. */
  readonly group: Group | undefined
  /** What is told, and why; undefined where nothing is. */
  readonly tell: { readonly why: Why; readonly firing: ReadonlyArray<Member>; readonly resolved: ReadonlyArray<Member> } | undefined
  /** What is told to those who are next, since nobody has acknowledged it; none where it is not time. */
  readonly escalate: ReadonlyArray<Member>
}

interface MemberState {
  readonly fingerprint: string
  /** An alert that has become worse or better is told like a new one. */
  readonly severity: string
  readonly status: "firing" | "resolved"
  /** Inhibited, silenced, or of a route that is mute at this time or does not take it any more. */
  readonly muted: boolean
  /** Somebody has said that he looks at it: it is not repeated, and not escalated. */
  readonly acknowledged: boolean
}

/** A group without an interval, of which something is muted, is looked at again so soon: what holds it back may end. */
const mutedMillis = 1000

/** A look at `now`. `members` are the group's alerts as they are. */
export const look = <Member extends MemberState>(
  group: Group,
  timing: Timing,
  members: ReadonlyArray<Member>,
  now: number
): Look<Member> => {
  const heard = members.filter(({ muted }) => !muted)
  const firing = heard.filter(({ status }) => status === "firing")
  // That something is over is told to those alone who were told that it fires.
  const resolved = heard.filter(({ fingerprint, status }) => status === "resolved" && group.told?.open.includes(fingerprint))
  const firingNow = firing.map(({ fingerprint, severity }) => `${fingerprint} ${severity}`)
  const resolvedNow = resolved.map(({ fingerprint }) => fingerprint)
  const unseen = firing.filter(({ acknowledged }) => !acknowledged)
  const found =
    firing.length + resolved.length === 0 ? undefined : whyTell(group.told, firingNow, resolvedNow, timing.repeatIntervalMillis, now)
  const why = found === "repeat" && unseen.length === 0 ? undefined : found
  const told = why === undefined ? group.told : toldAfter(group.told, firing, firingNow, resolvedNow, now)
  const escalateAt =
    told?.since == null || told.escalated || timing.escalateAfterMillis === undefined ? undefined : told.since + timing.escalateAfterMillis
  const escalate = escalateAt !== undefined && escalateAt <= now ? unseen : []
  const remaining = members.filter(({ status }) => status === "firing").map(({ fingerprint }) => fingerprint)
  const withoutInterval =
    heard.length < members.length ? now + mutedMillis : Math.max(now, told?.at ?? now) + timing.repeatIntervalMillis + 1
  const next = timing.groupIntervalMillis > 0 ? now + timing.groupIntervalMillis : withoutInterval
  return {
    tell: why === undefined ? undefined : { why, firing, resolved },
    escalate,
    group:
      remaining.length === 0
        ? undefined
        : {
            ...group,
            members: remaining,
            lookAt: escalateAt !== undefined && escalateAt > now ? Math.min(next, escalateAt) : next,
            looked: true,
            told: told !== null && escalate.length > 0 ? { ...told, escalated: true } : told,
            sequence: group.sequence + (why === undefined ? 0 : 1) + (escalate.length > 0 ? 1 : 0)
          }
  }
}

const toldAfter = (
  before: Told | null,
  firing: ReadonlyArray<MemberState>,
  firingNow: ReadonlyArray<string>,
  resolvedNow: ReadonlyArray<string>,
  now: number
): Told => {
  const open = new Set([...(before?.open ?? []), ...firing.map(({ fingerprint }) => fingerprint)])
  for (const fingerprint of resolvedNow) open.delete(fingerprint)
  const since = firing.length === 0 ? null : (before?.since ?? now)
  return {
    at: now,
    firing: firingNow,
    resolved: resolvedNow,
    open: [...open],
    since,
    escalated: since !== null && (before?.escalated ?? false)
  }
}

const isWithin = (some: ReadonlyArray<string>, all: ReadonlyArray<string>) => some.every((each) => all.includes(each))

const whyTell = (
  told: Told | null,
  firing: ReadonlyArray<string>,
  resolved: ReadonlyArray<string>,
  repeatIntervalMillis: number,
  now: number
): Why | undefined => {
  if (told === null) return firing.length > 0 ? "firing" : undefined
  if (!isWithin(firing, told.firing)) return "firing"
  // What began and ended between two looks is not worth a word; that all is over is, and so is the end of what was held back, or went elsewhere, before.
  if (firing.length === 0) return told.firing.length > 0 || resolved.length > 0 ? "resolved" : undefined
  if (!isWithin(resolved, told.resolved)) return "resolved"
  return told.at < now - repeatIntervalMillis ? "repeat" : undefined
}
