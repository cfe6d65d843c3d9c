/** Routing, grouping and muting without a database, on a clock that is moved by hand: who is told what, and when. */
import { type Labels, labelsFingerprint, labelsText } from "@evenkeel/domain/alert/Labels"
import { type Group, joined, look, makeGroup } from "../../src/group/Group.ts"
import { compileInhibitRule, type InhibitRuleOptions } from "../../src/mute/Inhibition.ts"
import { Mutes } from "../../src/mute/Mutes.ts"
import type { Silence } from "../../src/mute/Silence.ts"
import type { TimeInterval } from "../../src/mute/TimeInterval.ts"
import { compileRoute, groupLabelsOf, type RouteOptions, routesById, routesOf } from "../../src/route/Route.ts"

export interface NoticesOptions {
  readonly route: RouteOptions
  readonly inhibitRules?: ReadonlyArray<InhibitRuleOptions>
  readonly timeIntervals?: Readonly<Record<string, ReadonlyArray<TimeInterval>>>
  readonly start?: number
}

export const makeNotices = ({ inhibitRules = [], route, start = 0, timeIntervals = {} }: NoticesOptions) => {
  const root = compileRoute(route)
  const byId = routesById(root)
  const rules = inhibitRules.map(compileInhibitRule)
  const alerts = new Map<string, { readonly labels: Labels; readonly status: "firing" | "resolved"; readonly startsAt: number }>()
  const groups = new Map<string, Group>()
  const silences: Array<Silence> = []
  let told: Array<string> = []
  let now = start
  let position = 0

  const lookAt = (group: Group) => {
    const taken = byId.get(group.routeId)!
    const firingLabels = [...alerts.values()].flatMap(({ labels, status }) => (status === "firing" ? [labels] : []))
    const mutes = new Mutes({ inhibitRules: rules, timeIntervals: new Map(Object.entries(timeIntervals)), silences }, firingLabels)
    const members = group.members.map((fingerprint) => {
      const { labels, status } = alerts.get(fingerprint)!
      return {
        fingerprint,
        labels,
        severity: labels["severity"] ?? "",
        status,
        acknowledged: false,
        muted: mutes.of(taken, labels, now) !== undefined
      }
    })
    const { group: after, tells } = look(group, taken, members, now)
    if (after === undefined) groups.delete(group.key)
    else groups.set(group.key, after)
    for (const { firing, receivers, resolved } of tells) {
      const words = (of: typeof firing) => of.map(({ labels }) => labels["instance"] ?? labelsText(labels)).sort()
      const parts = [...words(firing).map((name) => `+${name}`), ...words(resolved).map((name) => `-${name}`)]
      for (const receiver of receivers) told.push(`${(now - start) / 1000} ${receiver}: ${parts.join(" ")}`)
    }
  }

  /** Looks that are due by `until`, in the order of their time. */
  const advanceTo = (until: number) => {
    for (;;) {
      const due = [...groups.values()].filter(({ lookAt }) => lookAt <= until).sort((a, b) => a.lookAt - b.lookAt)[0]
      if (due === undefined) break
      now = Math.max(now, due.lookAt)
      lookAt(due)
    }
    now = until
  }

  return {
    silences,
    /** An alert fires, or is over, after `seconds` since the start. */
    post: (seconds: number, labels: Labels, status: "firing" | "resolved" = "firing") => {
      advanceTo(start + seconds * 1000 - 1)
      now = start + seconds * 1000
      const fingerprint = labelsFingerprint(labels)
      const before = alerts.get(fingerprint)
      const startsAt = before?.status === "firing" ? before.startsAt : now
      alerts.set(fingerprint, { labels, status, startsAt })
      for (const taken of routesOf(root, labels)) {
        const groupLabels = groupLabelsOf(taken, labels)
        const key = `${taken.id}:${labelsText(groupLabels)}`
        const group = groups.get(key)
        if (group === undefined && status === "resolved") continue
        groups.set(
          key,
          joined(
            group ?? makeGroup({ key, route: taken, labels: groupLabels, position: ++position, now }),
            taken,
            { fingerprint, startsAt },
            now
          )
        )
      }
    },
    /** What was told by `seconds` since the start, and not taken yet: `when receiver: +firing -resolved`. */
    toldBy: (seconds: number): ReadonlyArray<string> => {
      advanceTo(start + seconds * 1000)
      const taken = told
      told = []
      return taken
    }
  }
}
