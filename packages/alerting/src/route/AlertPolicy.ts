/** Who is told of which alerts, when, and what holds them back: what is configured of it, and compiled. */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import { compileInhibitRule, type InhibitRule, InhibitRuleOptions } from "../mute/Inhibition.ts"
import { TimeInterval } from "../mute/TimeInterval.ts"
import { compileRoute, everyLabel, type Route, RouteOptions, routesById, routesOf } from "./Route.ts"
import { compileSubscription, type SubscriptionOptions, SubscriptionsOptions } from "./Subscription.ts"

export const alertPolicyFields = {
  /** The root of the tree: it takes every alert, so it has no matchers. */
  route: RouteOptions,
  /** What single persons hear of, beside the tree. */
  subscriptions: SubscriptionsOptions,
  inhibitRules: Schema.Array(InhibitRuleOptions),
  timeIntervals: Schema.Record(Schema.NonEmptyString, Schema.Array(TimeInterval))
}

export interface AlertPolicyOptions {
  readonly route: RouteOptions
  readonly subscriptions: ReadonlyArray<SubscriptionOptions>
  readonly inhibitRules: ReadonlyArray<InhibitRuleOptions>
  readonly timeIntervals: Readonly<Record<string, ReadonlyArray<TimeInterval>>>
}

interface Named {
  readonly path: ReadonlyArray<PropertyKey>
  readonly name: string
}

const namesAt = (path: ReadonlyArray<PropertyKey>, names: ReadonlyArray<string> = []): ReadonlyArray<Named> =>
  names.map((name, index) => ({ path: [...path, index], name }))

/** A route and all below it, with where each stands. */
const routesWithin = (
  route: RouteOptions,
  path: ReadonlyArray<PropertyKey> = ["route"]
): ReadonlyArray<{ readonly route: RouteOptions; readonly path: ReadonlyArray<PropertyKey> }> => [
  { route, path },
  ...(route.routes ?? []).flatMap((child, index) => routesWithin(child, [...path, "routes", index]))
]

/** Every receiver that is named, with where. */
export const receiversNamed = ({ route, subscriptions }: Pick<AlertPolicyOptions, "route" | "subscriptions">): ReadonlyArray<Named> => [
  ...routesWithin(route).flatMap(({ path, route: { escalate, receivers } }) => [
    ...namesAt([...path, "receivers"], receivers),
    ...namesAt([...path, "escalate", "receivers"], escalate?.receivers)
  ]),
  ...subscriptions.flatMap(({ receivers }, index) => namesAt(["subscriptions", index, "receivers"], receivers))
]

const intervalsNamed = ({ route, subscriptions }: AlertPolicyOptions): ReadonlyArray<Named> => [
  ...routesWithin(route).flatMap(({ path, route: { activeTimeIntervals, muteTimeIntervals } }) => [
    ...namesAt([...path, "activeTimeIntervals"], activeTimeIntervals),
    ...namesAt([...path, "muteTimeIntervals"], muteTimeIntervals)
  ]),
  ...subscriptions.flatMap(({ quietHours }, index) =>
    quietHours === undefined ? [] : [{ path: ["subscriptions", index, "quietHours", "interval"], name: quietHours.interval }]
  )
]

/** Every matcher of the policy, with where. */
export const matchersNamed = ({ inhibitRules, route }: Pick<AlertPolicyOptions, "inhibitRules" | "route">): ReadonlyArray<Named> => [
  ...routesWithin(route).flatMap(({ path, route: { matchers } }) => namesAt([...path, "matchers"], matchers)),
  ...inhibitRules.flatMap(({ sourceMatchers, targetMatchers }, index) => [
    ...namesAt(["inhibitRules", index, "sourceMatchers"], sourceMatchers),
    ...namesAt(["inhibitRules", index, "targetMatchers"], targetMatchers)
  ])
]

/** Every label that is named by itself, outside of matchers, with where. */
export const labelsNamed = ({ inhibitRules, route }: Pick<AlertPolicyOptions, "inhibitRules" | "route">): ReadonlyArray<Named> => [
  ...routesWithin(route).flatMap(({ path, route: { groupBy } }) =>
    namesAt([...path, "groupBy"], groupBy).filter(({ name }) => name !== everyLabel)
  ),
  ...inhibitRules.flatMap(({ equal }, index) => namesAt(["inhibitRules", index, "equal"], equal))
]

const missing = (named: ReadonlyArray<Named>, known: ReadonlyArray<string>, what: string) =>
  named
    .filter(({ name }) => !known.includes(name))
    .map(({ name, path }) => ({
      path,
      issue: `there is no ${what} ${JSON.stringify(name)}: there ${known.length === 0 ? `is no ${what} at all` : `are ${known.join(", ")}`}`
    }))

/** What is wrong with the receivers that a policy names; `known` are all that there are. */
export const missingReceivers = (policy: AlertPolicyOptions, known: ReadonlyArray<string>) =>
  missing(receiversNamed(policy), known, "receiver")

/** For a struct that has these fields. */
export const alertPolicyChecks = [
  Schema.makeFilter(({ route }: AlertPolicyOptions) => (route.matchers ?? []).length === 0 && route.continue !== true, {
    expected: "a root route without matchers, which takes every alert"
  }),
  Schema.makeFilter((policy: AlertPolicyOptions) => missing(intervalsNamed(policy), Object.keys(policy.timeIntervals), "time interval"))
] as const

export interface AlertPolicy {
  readonly root: Route
  /** The routes of subscriptions, in their order. */
  readonly subscriptions: ReadonlyArray<Route>
  /** All by their ids. */
  readonly routes: ReadonlyMap<string, Route>
  readonly inhibitRules: ReadonlyArray<InhibitRule>
  readonly timeIntervals: ReadonlyMap<string, ReadonlyArray<TimeInterval>>
}

/** What stands where a root says nothing: each change of an alert is told at once, to every receiver. */
const rootDefaults = { groupBy: ["alertname", "coin", "venue", "component"], groupWait: "0s", groupInterval: "0s" }

export const alertPolicyDefaults: AlertPolicyOptions = { route: {}, subscriptions: [], inhibitRules: [], timeIntervals: {} }

/** `receivers`: all that there are. */
export const compileAlertPolicy = (
  { inhibitRules, route, subscriptions, timeIntervals }: AlertPolicyOptions,
  receivers: ReadonlyArray<string>
): AlertPolicy => {
  const root = compileRoute({ ...rootDefaults, receivers, ...route })
  const personal = subscriptions.flatMap((subscription) => compileSubscription(subscription, rootDefaults))
  return {
    root,
    subscriptions: personal,
    routes: new Map([...routesById(root), ...personal.map((each) => [each.id, each] as const)]),
    inhibitRules: inhibitRules.map(compileInhibitRule),
    timeIntervals: new Map(Object.entries(timeIntervals))
  }
}

/** Every route that takes an alert: those of the tree, then those of subscriptions. */
export const policyRoutes = (
  { root, subscriptions }: Pick<AlertPolicy, "root" | "subscriptions">,
  labels: Labels
): ReadonlyArray<Route> => [...routesOf(root, labels), ...subscriptions.flatMap((route) => routesOf(route, labels))]
