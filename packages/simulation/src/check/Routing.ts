/** Who is told of an alert, and what holds it back, as it follows from a plan: Alertmanager's meanings once more, without the engine's code. */
import type { AlertPlan, PlannedMatcher, PlannedRoute } from "../world/AlertPlan.ts"
import { matcherOf } from "../world/AlertPlan.ts"

export type Labels = Readonly<Record<string, string>>

export interface ModelRoute {
  readonly id: string
  readonly receivers: ReadonlyArray<string>
  readonly groupBy: ReadonlyArray<string>
  readonly waitMillis: number
  readonly intervalMillis: number
  readonly repeatMillis: number
  readonly escalate: { readonly afterMillis: number; readonly receivers: ReadonlyArray<string> } | undefined
  readonly muteTimes: ReadonlyArray<string>
  readonly plan: AlertPlan
}

export interface Silence {
  readonly matchers: ReadonlyArray<string>
  readonly startsAt: number
  readonly endsAt: number
}

const holds = ({ is, name, values }: PlannedMatcher, labels: Labels): boolean => values.includes(labels[name] ?? "") === is
const allHold = (matchers: ReadonlyArray<PlannedMatcher>, labels: Labels) => matchers.every((matcher) => holds(matcher, labels))

const everySeverity = ["watch", "warning", "stale", "critical"]
const severitiesFrom = { watch: everySeverity, warning: everySeverity.slice(1), critical: ["critical"] }

/** A route's own values, and its parent's where it has none. */
const inherited = (route: PlannedRoute, id: string, parent: ModelRoute): ModelRoute => ({
  id,
  plan: parent.plan,
  receivers: route.receivers ?? parent.receivers,
  groupBy: route.groupBy ?? parent.groupBy,
  waitMillis: route.waitSeconds === undefined ? parent.waitMillis : 1000 * route.waitSeconds,
  intervalMillis: route.intervalSeconds === undefined ? parent.intervalMillis : 1000 * route.intervalSeconds,
  repeatMillis: route.repeatSeconds === undefined ? parent.repeatMillis : 1000 * route.repeatSeconds,
  escalate:
    route.escalate === undefined
      ? parent.escalate
      : { afterMillis: 1000 * route.escalate.afterSeconds, receivers: route.escalate.receivers },
  muteTimes: route.muteTimes
})

const usual = (plan: AlertPlan): ModelRoute => ({
  id: "",
  plan,
  receivers: [],
  groupBy: ["alertname", "coin", "venue", "component"],
  waitMillis: 0,
  intervalMillis: 0,
  repeatMillis: 4 * 3_600_000,
  escalate: undefined,
  muteTimes: []
})

const taking = (route: PlannedRoute, id: string, parent: ModelRoute, labels: Labels): ReadonlyArray<ModelRoute> => {
  if (!allHold(route.matchers, labels)) return []
  const own = inherited(route, `${id}{${route.matchers.map(matcherOf).join(",")}}`, parent)
  const found: Array<ModelRoute> = []
  for (const [index, child] of route.routes.entries()) {
    const below = taking(child, `${own.id}/${index}`, own, labels)
    found.push(...below)
    if (below.length > 0 && !child.continues) break
  }
  return found.length === 0 ? [own] : found
}

/** Every route that takes an alert of these labels. */
export const routesFor = (plan: AlertPlan, labels: Labels): ReadonlyArray<ModelRoute> => [
  ...taking(plan.root, "", usual(plan), labels),
  ...plan.subscriptions.flatMap(({ coin, minimumSeverity, name, quiet, receivers }) =>
    (coin === undefined || labels["coin"] === coin) && severitiesFrom[minimumSeverity].includes(labels["severity"] ?? "")
      ? [{ ...usual(plan), id: `subscription ${name}/0`, receivers, muteTimes: quiet === undefined ? [] : [quiet] }]
      : []
  )
]

/** The plan's routes, whoever they take. */
export const allRoutes = (plan: AlertPlan): ReadonlyArray<ModelRoute> => {
  const within = (route: PlannedRoute, id: string, parent: ModelRoute): ReadonlyArray<ModelRoute> => {
    const own = inherited(route, `${id}{${route.matchers.map(matcherOf).join(",")}}`, parent)
    return [own, ...route.routes.flatMap((child, index) => within(child, `${own.id}/${index}`, own))]
  }
  return [
    ...within(plan.root, "", usual(plan)),
    ...plan.subscriptions.map(({ name, quiet, receivers }) => ({
      ...usual(plan),
      id: `subscription ${name}/0`,
      receivers,
      muteTimes: quiet === undefined ? [] : [quiet]
    }))
  ]
}

const textOf = (labels: Labels, names: ReadonlyArray<string>): string =>
  `{${names
    .filter((name) => (labels[name] ?? "") !== "")
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`)
    .join(", ")}}`

/** The group of a route that an alert is in. */
export const groupOf = ({ groupBy, id }: ModelRoute, labels: Labels): string =>
  `${id}:${textOf(labels, groupBy.includes("...") ? Object.keys(labels) : groupBy)}`

/** A group's key in the log; of subscriptions, whose matchers are the engine's own words, without those. */
export const plainKey = (key: string): string => key.replace(/^(subscription [^/]+\/\d+)\{.*\}:(\{.*?\})$/, "$1:$2")

const isInhibited = ({ inhibitions }: AlertPlan, labels: Labels, firing: ReadonlyArray<Labels>): boolean =>
  inhibitions.some(
    ({ equal, source, target }) =>
      allHold(target, labels) &&
      firing.some(
        (other) =>
          allHold(source, other) &&
          equal.every((name) => (other[name] ?? "") === (labels[name] ?? "")) &&
          // Two that are both source and target do not hold back each other.
          !(allHold(target, other) && allHold(source, labels))
      )
  )

const minuteOf = (at: number) => Math.floor(at / 60_000) % 1440

/** The simulation's silences name labels by equality alone. */
const isSilenced = (labels: Labels, silences: ReadonlyArray<Silence>, at: number): boolean =>
  silences.some(
    ({ endsAt, matchers, startsAt }) =>
      startsAt <= at &&
      at < endsAt &&
      matchers.every((text) => {
        const [name = "", value] = text.split("=")
        return JSON.stringify(labels[name] ?? "") === value
      })
  )

/** What holds an alert back on a route; undefined where nothing does. */
export const muteOf = (
  { muteTimes, plan }: ModelRoute,
  labels: Labels,
  { at, firing, silences }: { readonly at: number; readonly firing: ReadonlyArray<Labels>; readonly silences: ReadonlyArray<Silence> }
): "inhibited" | "in a mute time" | "silenced" | undefined => {
  if (isInhibited(plan, labels, firing)) return "inhibited"
  const isMuteTime = muteTimes.some((name) => {
    const [from, to] = plan.times[name]!
    return minuteOf(at) >= from && minuteOf(at) < to
  })
  if (isMuteTime) return "in a mute time"
  return isSilenced(labels, silences, at) ? "silenced" : undefined
}
