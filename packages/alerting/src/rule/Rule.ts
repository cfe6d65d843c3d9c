/**
 * An alert that people define themselves: a signal, a threshold, and for how long. The words are Prometheus's, and so are their meanings.
 *
 * Source: prometheus.io/docs/prometheus/latest/configuration/alerting_rules.
 */
import type { RuleCause } from "@evenkeel/domain/alert/Alert"
import { fingerprintOf } from "@evenkeel/domain/alert/Fingerprint"
import { type Labels, labelsFingerprint, LabelName, LabelValue } from "@evenkeel/domain/alert/Labels"
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import { Schema } from "effect"
import { alertNames } from "../manager/AlertNames.ts"
import { Period, periodMillis } from "../route/Period.ts"
import type { RuleTiming } from "./RuleState.ts"
import { type Reading } from "./Signals.ts"
import { SignalName, signalLabels, signals } from "./Signal.ts"

export const rulesMax = 100
const labelsMax = 20

export const RuleSeverity = Schema.Literals(["watch", "warning", "critical"])

/** Labels that an alert has of itself: a rule's own cannot replace them. */
const reservedLabels: ReadonlyArray<string> = ["alertname", "kind", "severity", ...signalLabels]

const fields = {
  /** The alert's `alertname`. */
  name: Schema.String.check(
    Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, { expected: "a name such as UsdcFarBelow, of letters, digits, _, . and -" }),
    Schema.makeFilter((name: string) => !Object.values(alertNames).includes(name), { expected: "a name that no alert of a level has" })
  ),
  signal: SignalName,
  /** The rule holds while the signal is above this, or below; one of both. */
  above: Schema.optionalKey(Schema.Finite),
  below: Schema.optionalKey(Schema.Finite),
  /** What fires is over only when the signal is back here; the threshold itself where it is left out. */
  clear: Schema.optionalKey(Schema.Finite),
  /** How long it must hold before it fires; at once where it is left out. */
  for: Schema.optionalKey(Period),
  /** How long it must not hold before what fires is over. */
  keepFiring: Schema.optionalKey(Period),
  severity: RuleSeverity,
  /** Of `probability` alone: of which horizon. */
  horizonMinutes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_080 }))),
  /** All coins where it is left out. */
  coins: Schema.optionalKey(Schema.Array(CoinSymbol).check(Schema.isMinLength(1))),
  /** For routes and silences, beside those that the alert has of itself. */
  labels: Schema.optionalKey(Schema.Record(LabelName, LabelValue)),
  /** In words, with `{{value}}`, `{{coin}}` and so on. */
  annotations: Schema.optionalKey(
    Schema.Struct({
      summary: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(300))),
      description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000)))
    })
  )
}
const Fields = Schema.Struct(fields)
export type RuleOptions = typeof Fields.Type

const fieldForm = /\{\{\s*([^{}]*?)\s*\}\}/g
const valueFields = ["value", "threshold", "unit", "rule", "severity"]
const fieldsOf = ({ labels = {}, signal }: RuleOptions): ReadonlyArray<string> => [
  ...valueFields,
  ...signals[signal].labels,
  ...Object.keys(labels)
]

const problemsOf = (rule: RuleOptions): ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly issue: string }> => {
  const { above, annotations = {}, below, clear, coins, horizonMinutes, labels = {}, signal } = rule
  const problem = (path: ReadonlyArray<string>, issue: string) => [{ path, issue }]
  const known = fieldsOf(rule)
  return [
    ...((above === undefined) === (below === undefined) ? problem(["above"], "a threshold is expected, above or below, and not both") : []),
    ...(clear !== undefined && above !== undefined && clear > above ? problem(["clear"], `a value that is not above ${above}`) : []),
    ...(clear !== undefined && below !== undefined && clear < below ? problem(["clear"], `a value that is not below ${below}`) : []),
    ...((signal === "probability") === (horizonMinutes === undefined)
      ? problem(["horizonMinutes"], "a horizon is expected for the signal probability, and for no other")
      : []),
    ...(coins !== undefined && !signals[signal].labels.includes("coin") ? problem(["coins"], `${signal} is no coin's`) : []),
    ...(Object.keys(labels).length > labelsMax ? problem(["labels"], `at most ${labelsMax} labels`) : []),
    ...Object.keys(labels).flatMap((name) =>
      reservedLabels.includes(name) ? problem(["labels", name], "another name: every alert may have this label of itself") : []
    ),
    ...Object.entries(annotations).flatMap(([name, text]) =>
      [...text.matchAll(fieldForm)].flatMap(([, field]) =>
        known.includes(field!) ? [] : problem(["annotations", name], `{{${field}}} is no field: there are ${known.join(", ")}`)
      )
    )
  ]
}

export const RuleOptions = Fields.check(Schema.makeFilter((rule: RuleOptions) => problemsOf(rule)))

export const RulesOptions = Schema.Array(RuleOptions).check(
  Schema.isMaxLength(rulesMax),
  Schema.makeFilter((rules: ReadonlyArray<RuleOptions>) => new Set(rules.map(({ name }) => name)).size === rules.length, {
    expected: "no two rules of one name"
  })
)

export interface Rule extends Pick<RuleOptions, "name" | "severity" | "signal"> {
  /** Another one is another rule: what fired by the old one is over. */
  readonly definition: string
  readonly timing: RuleTiming
  readonly watches: (reading: Reading) => boolean
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
}

/** Of options that `RuleOptions` has let in. */
export const compileRule = (options: RuleOptions): Rule => {
  const { above, annotations = {}, below, clear, coins, horizonMinutes, keepFiring = "0s", labels = {}, name, severity, signal } = options
  const comparison = above === undefined ? "below" : "above"
  const threshold = above ?? below ?? 0
  return {
    name,
    severity,
    signal,
    labels,
    annotations,
    definition: fingerprintOf(
      ...Object.entries(options)
        .flatMap(([key, value]) => [key, JSON.stringify(value)])
        .sort()
    ),
    timing: {
      comparison,
      threshold,
      clear: clear ?? threshold,
      forMillis: periodMillis(options.for ?? "0s"),
      keepFiringMillis: periodMillis(keepFiring)
    },
    watches: (reading) =>
      reading.signal === signal &&
      (coins === undefined || coins.includes(reading.labels["coin"] ?? "")) &&
      (horizonMinutes === undefined || reading.labels["horizonMinutes"] === `${horizonMinutes}`)
  }
}

/** An instance of the rule: the same over restarts, and for every engine. A made-up market's is another than the real one's. */
export const ruleFingerprint = (name: string, labels: Labels, simulated: boolean): string =>
  fingerprintOf("rule", name, labelsFingerprint(labels), ...(simulated ? ["simulated"] : []))

export const ruleLabels = ({ labels, name, severity }: Rule, own: Labels): Labels => ({
  ...labels,
  alertname: name,
  kind: "rule",
  ...own,
  severity
})

/** At most six significant digits. */
export const numberText = (value: number): string => String(Number(value.toPrecision(6)))

/** What the rule saw, in numbers and in its own words. */
export const causeOf = (rule: Rule, own: Labels, value: number): RuleCause => {
  const { comparison, threshold } = rule.timing
  const { unit } = signals[rule.signal]
  const values: Labels = {
    ...rule.labels,
    ...own,
    value: numberText(value),
    threshold: numberText(threshold),
    unit,
    rule: rule.name,
    severity: rule.severity
  }
  const filled = (text: string) => text.replace(fieldForm, (_, field: string) => values[field] ?? "")
  return {
    name: rule.name,
    signal: rule.signal,
    value,
    threshold,
    comparison,
    unit,
    annotations: Object.fromEntries(Object.entries(rule.annotations).map(([name, text]) => [name, filled(text)]))
  }
}
