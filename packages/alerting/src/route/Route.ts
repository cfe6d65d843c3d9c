/**
 * Who is told of an alert: a tree of routes, in Alertmanager's vocabulary and with its meaning.
 *
 * An alert enters at the root, which matches everything, and goes down into the first child whose matchers hold, and into later ones while `continue`
 * says so. A node none of whose children match takes it. What a child leaves out it has from its parent.
 *
 * Source: prometheus.io/docs/alerting/latest/configuration, "route".
 */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import { compileMatchers, matchAll, type Matcher, MatcherTexts, matcherText } from "./Matcher.ts"
import { Period, periodMillis } from "./Period.ts"

/** Groups by every label: each alert is told alone. */
export const everyLabel = "..."

const fields = {
  /** Names of receivers; none are told where the list is empty. */
  receivers: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  /** Alerts with the same values of these labels are told together; `["..."]` for all labels, `[]` for one group. */
  groupBy: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  /** How long a new group waits for more alerts before it is told. */
  groupWait: Schema.optionalKey(Period),
  /** How long a group that was told waits before it tells of changes. */
  groupInterval: Schema.optionalKey(Period),
  /** When a group without changes is told again while it fires. */
  repeatInterval: Schema.optionalKey(Period),
  /** Who is told as well, when nobody has acknowledged what fires for so long. */
  escalate: Schema.optionalKey(
    Schema.Struct({ after: Period, receivers: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)) })
  )
}

const ownFields = {
  matchers: Schema.optionalKey(MatcherTexts),
  /** Later siblings are looked at, too. */
  continue: Schema.optionalKey(Schema.Boolean),
  /** Names of time intervals in which nothing is told, and in which alone something is. */
  muteTimeIntervals: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  activeTimeIntervals: Schema.optionalKey(Schema.Array(Schema.NonEmptyString))
}

export interface RouteOptions extends Schema.Struct.Type<typeof fields>, Schema.Struct.Type<typeof ownFields> {
  readonly routes?: ReadonlyArray<RouteOptions>
}
export const RouteOptions = Schema.Struct({
  ...fields,
  ...ownFields,
  routes: Schema.optionalKey(Schema.Array(Schema.suspend((): Schema.Codec<RouteOptions> => RouteOptions)))
})

export interface Route {
  /** The matchers from the root down, and the position among siblings: the same for the same place in the tree. */
  readonly id: string
  readonly receivers: ReadonlyArray<string>
  readonly groupBy: ReadonlyArray<string>
  readonly groupWaitMillis: number
  readonly groupIntervalMillis: number
  readonly repeatIntervalMillis: number
  /** Both or neither. */
  readonly escalateAfterMillis: number | undefined
  readonly escalateTo: ReadonlyArray<string>
  readonly matchers: ReadonlyArray<Matcher>
  readonly continue: boolean
  readonly muteTimeIntervals: ReadonlyArray<string>
  readonly activeTimeIntervals: ReadonlyArray<string>
  readonly routes: ReadonlyArray<Route>
}

/** Alertmanager's own defaults. */
const defaults = { groupWait: "30s", groupInterval: "5m", repeatInterval: "4h" }

type Inherited = Pick<
  Route,
  "receivers" | "groupBy" | "groupWaitMillis" | "groupIntervalMillis" | "repeatIntervalMillis" | "escalateAfterMillis" | "escalateTo"
>

/** Of options that `RouteOptions` has let in. */
export const compileRoute = (options: RouteOptions, id = "", parent?: Inherited): Route => {
  const period = (own: Period | undefined, inherited: number | undefined, usual: Period) =>
    own === undefined ? (inherited ?? periodMillis(usual)) : periodMillis(own)
  const inherited: Inherited = {
    receivers: options.receivers ?? parent?.receivers ?? [],
    groupBy: options.groupBy ?? parent?.groupBy ?? [],
    groupWaitMillis: period(options.groupWait, parent?.groupWaitMillis, defaults.groupWait),
    groupIntervalMillis: period(options.groupInterval, parent?.groupIntervalMillis, defaults.groupInterval),
    repeatIntervalMillis: period(options.repeatInterval, parent?.repeatIntervalMillis, defaults.repeatInterval),
    escalateAfterMillis: options.escalate === undefined ? parent?.escalateAfterMillis : periodMillis(options.escalate.after),
    escalateTo: options.escalate === undefined ? (parent?.escalateTo ?? []) : options.escalate.receivers
  }
  const matchers = compileMatchers(options.matchers ?? [])
  const ownId = `${id}{${matchers.map(matcherText).join(",")}}`
  return {
    ...inherited,
    id: ownId,
    matchers,
    continue: options.continue ?? false,
    muteTimeIntervals: options.muteTimeIntervals ?? [],
    activeTimeIntervals: options.activeTimeIntervals ?? [],
    routes: (options.routes ?? []).map((child, index) => compileRoute(child, `${ownId}/${index}`, inherited))
  }
}

/** The routes that take an alert, in the tree's order; none when the route's own matchers do not hold. */
export const routesOf = (route: Route, labels: Labels): ReadonlyArray<Route> => {
  if (!matchAll(route.matchers, labels)) return []
  const taken: Array<Route> = []
  for (const child of route.routes) {
    const found = routesOf(child, labels)
    taken.push(...found)
    if (found.length > 0 && !child.continue) break
  }
  return taken.length === 0 ? [route] : taken
}

/** The labels that a group of the route has in common. */
export const groupLabelsOf = ({ groupBy }: Pick<Route, "groupBy">, labels: Labels): Labels =>
  groupBy.includes(everyLabel)
    ? labels
    : Object.fromEntries(groupBy.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))

/** Every route of the tree by its id. */
export const routesById = (route: Route): ReadonlyMap<string, Route> =>
  new Map([[route.id, route], ...route.routes.flatMap((child) => [...routesById(child)])])
