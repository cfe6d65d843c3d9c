/**
 * What a world's engine is configured to tell whom: a tree of routes, inhibition, times, subscriptions and rules, drawn from the seed. As data, so that
 * `check` can work out what follows from it without the engine's own code.
 *
 * Every route but the root has the plan's mark in a matcher that always holds. So a notification's group says by which plan it was made.
 */
import type { RouteOptions } from "@evenkeel/alerting/route/Route"
import type { EngineConfig } from "evenkeel/config/EngineConfig"
import type { Chance } from "./Chance.ts"

/** The label's value is one of `values`, or none of them; a label that is not there has the value "". */
export interface PlannedMatcher {
  readonly name: string
  readonly is: boolean
  readonly values: ReadonlyArray<string>
}

/** What is left out is the parent's. */
export interface PlannedRoute {
  readonly receivers?: ReadonlyArray<string>
  readonly groupBy?: ReadonlyArray<string>
  readonly waitSeconds?: number
  readonly intervalSeconds?: number
  readonly repeatSeconds?: number
  readonly escalate?: { readonly afterSeconds: number; readonly receivers: ReadonlyArray<string> }
  readonly matchers: ReadonlyArray<PlannedMatcher>
  readonly continues: boolean
  readonly muteTimes: ReadonlyArray<string>
  readonly routes: ReadonlyArray<PlannedRoute>
}

export interface PlannedSubscription {
  readonly name: string
  readonly receivers: ReadonlyArray<string>
  readonly minimumSeverity: "watch" | "warning" | "critical"
  readonly coin?: string
  readonly quiet?: string
}

export interface PlannedInhibition {
  readonly source: ReadonlyArray<PlannedMatcher>
  readonly target: ReadonlyArray<PlannedMatcher>
  readonly equal: ReadonlyArray<string>
}

/** Of the signal `oracleGap`, which nobody publishes but the simulation. */
export interface PlannedRule {
  readonly name: string
  readonly above: number
  readonly clear: number
  readonly forSeconds: number
  readonly keepFiringSeconds: number
  readonly severity: "watch" | "warning" | "critical"
}

export interface AlertPlan {
  readonly mark: string
  readonly root: PlannedRoute
  readonly subscriptions: ReadonlyArray<PlannedSubscription>
  readonly inhibitions: ReadonlyArray<PlannedInhibition>
  /** Minutes of the day (UTC) from the first up to, and without, the last. */
  readonly times: Readonly<Record<string, readonly [from: number, to: number]>>
  readonly rules: ReadonlyArray<PlannedRule>
}

export const receiverNames = ["desk", "treasury", "oncall"]
const noon = 720

const is = (name: string, ...values: ReadonlyArray<string>): PlannedMatcher => ({ name, is: true, values })
const isNot = (name: string, ...values: ReadonlyArray<string>): PlannedMatcher => ({ name, is: false, values })

export const matcherOf = ({ is: equal, name, values }: PlannedMatcher): string =>
  values.length === 1
    ? `${name}${equal ? "=" : "!="}${JSON.stringify(values[0])}`
    : `${name}${equal ? "=~" : "!~"}${JSON.stringify(values.join("|"))}`

export const drawPlan = (chance: Chance, mark: string, coins: ReadonlyArray<string>): AlertPlan => {
  const some = (names: ReadonlyArray<string>) => {
    const drawn = names.filter(() => chance.happens(0.5))
    return drawn.length === 0 ? [chance.one(names)] : drawn
  }
  const times = { first: [noon, noon + 1], second: [noon + 1, noon + 2] } as const
  const maybe = <A>(probability: number, value: () => A): A | undefined => (chance.happens(probability) ? value() : undefined)
  const defined = <A extends object>(fields: A) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  const selections = [
    () => [is("severity", "critical")],
    () => [is("severity", "critical", "stale")],
    () => [is("coin", chance.one(coins))],
    () => [is("kind", "rule")],
    () => [isNot("kind", "rule", "stale")],
    () => [isNot("coin", chance.one(coins)), is("severity", "warning", "critical")],
    () => []
  ]
  const drawRoute = (depth: number, matchers: ReadonlyArray<PlannedMatcher>): PlannedRoute => ({
    ...defined({
      receivers: maybe(0.6, () => some(receiverNames)),
      groupBy: maybe(0.5, () => chance.one([["..."], [], ["coin"], ["alertname", "coin"], ["severity"]])),
      waitSeconds: maybe(0.5, () => chance.one([0, 1, 3, 7])),
      intervalSeconds: maybe(0.5, () => chance.one([0, 2, 5, 11])),
      repeatSeconds: maybe(0.4, () => chance.one([6, 15, 40])),
      escalate: maybe(0.25, () => ({ afterSeconds: chance.one([4, 12]), receivers: some(receiverNames) }))
    }),
    matchers,
    continues: chance.happens(0.4),
    muteTimes: chance.happens(0.2) ? [chance.one(Object.keys(times))] : [],
    routes: depth === 0 ? [] : Array.from({ length: chance.whole(0, 2) }, () => drawRoute(depth - 1, chance.one(selections)()))
  })
  const marked = drawRoute(2, [isNot("plan", mark)])
  const critical = [is("severity", "critical")]
  const inhibitions: ReadonlyArray<PlannedInhibition> = [
    { source: critical, target: [isNot("severity", "critical")], equal: ["coin"] },
    { source: [is("kind", "stale")], target: [isNot("kind", "stale")], equal: ["coin"] },
    { source: [is("kind", "rule")], target: [is("severity", "warning", "critical")], equal: [] }
  ]
  return {
    mark,
    root: {
      receivers: receiverNames,
      repeatSeconds: 60,
      matchers: [],
      continues: false,
      muteTimes: [],
      routes: [{ ...marked, continues: false }]
    },
    subscriptions: chance.happens(0.4)
      ? [
          {
            name: `ann-${mark}`,
            receivers: some(receiverNames),
            minimumSeverity: chance.one(["watch", "warning", "critical"]),
            ...defined({ coin: maybe(0.3, () => chance.one(coins)), quiet: maybe(0.4, () => chance.one(Object.keys(times))) })
          }
        ]
      : [],
    inhibitions: inhibitions.filter(() => chance.happens(0.3)),
    times,
    rules: ["GapWide", "GapWider"].slice(0, chance.whole(0, 2)).map((name, index) => {
      const above = index === 0 ? 50 : 90
      return {
        name,
        above,
        clear: chance.one([above, above - 30]),
        forSeconds: chance.one([0, 0, 2, 5]),
        keepFiringSeconds: chance.one([0, 0, 3]),
        severity: chance.one(["watch", "warning", "critical"])
      }
    })
  }
}

const seconds = (count: number | undefined) => (count === undefined ? undefined : `${count}s`)
const present = (fields: RouteOptions | { readonly [Key in keyof RouteOptions]: RouteOptions[Key] | undefined }): RouteOptions =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const routeOptions = (route: PlannedRoute): RouteOptions =>
  present({
    receivers: route.receivers,
    groupBy: route.groupBy,
    groupWait: seconds(route.waitSeconds),
    groupInterval: seconds(route.intervalSeconds),
    repeatInterval: seconds(route.repeatSeconds),
    escalate: route.escalate && { after: `${route.escalate.afterSeconds}s`, receivers: route.escalate.receivers },
    matchers: route.matchers.length === 0 ? undefined : route.matchers.map(matcherOf),
    continue: route.continues || undefined,
    muteTimeIntervals: route.muteTimes,
    routes: route.routes.map(routeOptions)
  })

const clockText = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`

/** The plan as an engine is configured with it. */
export const withPlan = (config: EngineConfig, plan: AlertPlan): EngineConfig => ({
  ...config,
  alerts: {
    ...config.alerts,
    route: routeOptions(plan.root),
    subscriptions: plan.subscriptions.map(({ coin, minimumSeverity, name, quiet, receivers }) => ({
      name,
      receivers,
      minimumSeverity,
      ...(coin === undefined ? {} : { coins: [coin] }),
      ...(quiet === undefined ? {} : { quietHours: { interval: quiet } })
    })),
    inhibitRules: plan.inhibitions.map(({ equal, source, target }) => ({
      sourceMatchers: source.map(matcherOf),
      targetMatchers: target.map(matcherOf),
      equal
    })),
    timeIntervals: Object.fromEntries(
      Object.entries(plan.times).map(([name, [from, to]]) => [name, [{ times: [{ start: clockText(from), end: clockText(to) }] }]])
    ),
    rules: plan.rules.map(({ above, clear, forSeconds, keepFiringSeconds, name, severity }) => ({
      name,
      signal: "oracleGap" as const,
      above,
      clear,
      for: `${forSeconds}s`,
      keepFiring: `${keepFiringSeconds}s`,
      severity
    }))
  }
})
