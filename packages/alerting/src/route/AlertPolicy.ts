/** Who is told of which alerts, when, and what holds them back: what is configured of it, and compiled. */
import { Schema } from "effect"
import { compileInhibitRule, type InhibitRule, InhibitRuleOptions } from "../mute/Inhibition.ts"
import { TimeInterval } from "../mute/TimeInterval.ts"
import { compileRoute, type Route, RouteOptions, routesById } from "./Route.ts"

export const alertPolicyFields = {
  /** The root of the tree: it takes every alert, so it has no matchers. */
  route: RouteOptions,
  inhibitRules: Schema.Array(InhibitRuleOptions),
  timeIntervals: Schema.Record(Schema.NonEmptyString, Schema.Array(TimeInterval))
}

export interface AlertPolicyOptions {
  readonly route: RouteOptions
  readonly inhibitRules: ReadonlyArray<InhibitRuleOptions>
  readonly timeIntervals: Readonly<Record<string, ReadonlyArray<TimeInterval>>>
}

/** A route and all below it. */
const routesWithin = (route: RouteOptions): ReadonlyArray<RouteOptions> => [route, ...(route.routes ?? []).flatMap(routesWithin)]

/** For a struct that has these fields. */
export const alertPolicyChecks = [
  Schema.makeFilter(({ route }: AlertPolicyOptions) => (route.matchers ?? []).length === 0 && route.continue !== true, {
    expected: "a root route without matchers, which takes every alert"
  }),
  Schema.makeFilter(
    ({ route, timeIntervals }: AlertPolicyOptions) =>
      routesWithin(route).every(({ activeTimeIntervals = [], muteTimeIntervals = [] }) =>
        [...activeTimeIntervals, ...muteTimeIntervals].every((name) => timeIntervals[name] !== undefined)
      ),
    { expected: "routes that name time intervals which are there" }
  )
] as const

export interface AlertPolicy {
  readonly root: Route
  readonly routes: ReadonlyMap<string, Route>
  readonly inhibitRules: ReadonlyArray<InhibitRule>
  readonly timeIntervals: ReadonlyMap<string, ReadonlyArray<TimeInterval>>
}

/** What stands where a root says nothing: each change of an alert is told at once, to every receiver. */
const rootDefaults = { groupBy: ["alertname", "coin"], groupWait: "0s", groupInterval: "0s" }

export const alertPolicyDefaults: AlertPolicyOptions = { route: {}, inhibitRules: [], timeIntervals: {} }

/** `receivers`: all that there are. */
export const compileAlertPolicy = (
  { inhibitRules, route, timeIntervals }: AlertPolicyOptions,
  receivers: ReadonlyArray<string>
): AlertPolicy => {
  const root = compileRoute({ ...rootDefaults, receivers, ...route })
  return {
    root,
    routes: routesById(root),
    inhibitRules: inhibitRules.map(compileInhibitRule),
    timeIntervals: new Map(Object.entries(timeIntervals))
  }
}
