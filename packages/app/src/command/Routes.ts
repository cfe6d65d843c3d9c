/** `evenkeel alerts routes`: who would be told of an alert with these labels, and how it would be grouped. */
import { compileAlertPolicy, policyRoutes } from "@evenkeel/alerting/route/AlertPolicy"
import { knownLabels, unknownLabel } from "@evenkeel/alerting/route/KnownLabels"
import { parseMatchers } from "@evenkeel/alerting/route/Matcher"
import { periodText } from "@evenkeel/alerting/route/Period"
import { everyLabel, groupLabelsOf, type Route } from "@evenkeel/alerting/route/Route"
import { labelsText } from "@evenkeel/domain/alert/Labels"
import { Console, Effect, Schema } from "effect"
import { configWarnings } from "../config/ConfigWarnings.ts"
import { type EngineConfig, receiverNames } from "../config/EngineConfig.ts"

/** Labels are equalities: an alert has values, not patterns. */
export class NoLabels extends Schema.TaggedError<NoLabels>()("NoLabels", { text: Schema.String }) {
  override get message() {
    return `${this.text} are no labels such as coin=USDC severity=critical`
  }
}

const policyOf = ({ alerts }: EngineConfig) => compileAlertPolicy(alerts, receiverNames(alerts))

const groupsOf = ({ groupBy }: Route): string =>
  groupBy.length === 0 ? "all in one group" : groupBy.includes(everyLabel) ? "each alert alone" : `grouped by ${groupBy.join(", ")}`

const lineOf = (route: Route): string =>
  [
    `${route.id === "{}" ? "root" : route.id} tells ${route.receivers.join(", ") || "nobody"}: ${groupsOf(route)}, a new group after ${periodText(route.groupWaitMillis)}`,
    `changes after ${periodText(route.groupIntervalMillis)}`,
    `again after ${periodText(route.repeatIntervalMillis)}`,
    ...(route.escalateAfterMillis === undefined
      ? []
      : [`${route.escalateTo.join(", ")} after ${periodText(route.escalateAfterMillis)} without an acknowledgement`]),
    ...(route.muteTimeIntervals.length === 0 ? [] : [`nothing in ${route.muteTimeIntervals.join(", ")}`]),
    ...(route.activeTimeIntervals.length === 0 ? [] : [`only in ${route.activeTimeIntervals.join(", ")}`])
  ].join(", ")

export const runRoutesTest = Effect.fn("runRoutesTest")(function* (config: EngineConfig, texts: ReadonlyArray<string>) {
  const matchers = yield* Effect.fromResult(parseMatchers(texts.join(",")))
  if (matchers.some(({ operator }) => operator !== "=")) return yield* new NoLabels({ text: texts.join(" ") })
  for (const { name } of matchers) {
    const problem = unknownLabel(`${name}=""`, knownLabels(config.alerts.rules))
    if (problem !== undefined) yield* Console.error(`warning: ${problem}`)
  }
  const labels = Object.fromEntries(matchers.map(({ name, value }) => [name, value]))
  for (const route of policyRoutes(policyOf(config), labels)) {
    yield* Console.log(lineOf(route))
    yield* Console.log(`  in the group ${labelsText(groupLabelsOf(route, labels))}`)
  }
})

export const runRoutesShow = Effect.fn("runRoutesShow")(function* (config: EngineConfig) {
  const show = (route: Route, depth: number): Effect.Effect<void> =>
    Effect.andThen(
      Console.log("  ".repeat(depth) + lineOf(route)),
      Effect.forEach(route.routes, (child) => show(child, depth + 1), { discard: true })
    )
  const policy = policyOf(config)
  yield* show(policy.root, 0)
  for (const subscription of policy.subscriptions) yield* show(subscription, 0)
  for (const warning of configWarnings(config)) yield* Console.error(`warning: ${warning}`)
})
