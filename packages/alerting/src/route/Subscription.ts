/**
 * What one person wants to hear of, in that person's words: which coins, from which severity on, which kinds of trouble or rules, and when not to be
 * disturbed. Each becomes routes that stand beside the tree: who subscribes hears of it whatever the tree says, and changes nothing for others.
 */
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import { ChangeKind } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { compileRoute, type Route, type RouteOptions } from "./Route.ts"

const Severity = Schema.Literals(["watch", "warning", "critical"])

export const subscriptionsMax = 100

export const SubscriptionOptions = Schema.Struct({
  /** Whose it is. */
  name: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$/, { expected: "a name such as ann" })),
  receivers: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)),
  /** All where it is left out, and so are those below. */
  coins: Schema.optionalKey(Schema.Array(CoinSymbol).check(Schema.isMinLength(1))),
  minimumSeverity: Schema.optionalKey(Severity),
  /** Kinds of trouble, and names of rules: alerts of either are told. */
  kinds: Schema.optionalKey(Schema.Array(ChangeKind).check(Schema.isMinLength(1))),
  rules: Schema.optionalKey(Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1))),
  /** Nothing is told within a time interval, but for alerts of one severity. What still fires afterwards is told then. */
  quietHours: Schema.optionalKey(Schema.Struct({ interval: Schema.NonEmptyString, except: Schema.optionalKey(Severity) }))
})
export type SubscriptionOptions = typeof SubscriptionOptions.Type

export const SubscriptionsOptions = Schema.Array(SubscriptionOptions).check(
  Schema.isMaxLength(subscriptionsMax),
  Schema.makeFilter((all: ReadonlyArray<SubscriptionOptions>) => new Set(all.map(({ name }) => name)).size === all.length, {
    expected: "no two subscriptions of one name"
  })
)

/** A coin that nobody can see is worth as much attention as one with a warning. */
const severitiesFrom = {
  watch: ["watch", "warning", "stale", "critical"],
  warning: ["warning", "stale", "critical"],
  critical: ["critical"]
} as const

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
const oneOf = (label: string, values: ReadonlyArray<string>): string =>
  values.length === 1 ? `${label}=${JSON.stringify(values[0])}` : `${label}=~${JSON.stringify(values.map(quoted).join("|"))}`
const noneOf = (label: string, values: ReadonlyArray<string>): string => `${label}!~${JSON.stringify(values.map(quoted).join("|"))}`

/** The routes of a subscription: no alert is taken by two of them. */
export const subscriptionRoutes = ({
  coins,
  kinds,
  minimumSeverity = "watch",
  quietHours,
  receivers,
  rules
}: SubscriptionOptions): ReadonlyArray<RouteOptions> => {
  const common = [
    ...(coins === undefined ? [] : [oneOf("coin", coins)]),
    ...(minimumSeverity === "watch" ? [] : [oneOf("severity", severitiesFrom[minimumSeverity])])
  ]
  const whats =
    kinds === undefined && rules === undefined
      ? [[]]
      : [...(kinds === undefined ? [] : [[oneOf("kind", kinds)]]), ...(rules === undefined ? [] : [[oneOf("alertname", rules)]])]
  const whens: ReadonlyArray<Pick<RouteOptions, "muteTimeIntervals"> & { readonly matchers: ReadonlyArray<string> }> =
    quietHours === undefined
      ? [{ matchers: [] }]
      : quietHours.except === undefined
        ? [{ matchers: [], muteTimeIntervals: [quietHours.interval] }]
        : [
            { matchers: [oneOf("severity", severitiesFrom[quietHours.except])] },
            { matchers: [noneOf("severity", severitiesFrom[quietHours.except])], muteTimeIntervals: [quietHours.interval] }
          ]
  return whats.flatMap((what) =>
    whens.map(({ matchers, ...when }) => ({ receivers, matchers: [...common, ...what, ...matchers], ...when }))
  )
}

/** `defaults`: what a root has that says nothing. */
export const compileSubscription = (subscription: SubscriptionOptions, defaults: RouteOptions): ReadonlyArray<Route> =>
  subscriptionRoutes(subscription).map((route, index) =>
    compileRoute({ ...defaults, ...route }, `subscription ${subscription.name}/${index}`)
  )
