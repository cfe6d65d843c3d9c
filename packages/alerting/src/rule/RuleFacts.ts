/** Facts about rules in the log: an instance of one begins, and ends. They are written by the engine that evaluates the rules; see `RuleWatch`. */
import { RuleCause } from "@evenkeel/domain/alert/Alert"
import { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import { RuleSeverity } from "./Rule.ts"

/** The family of these facts: of each instance a stream, whose last fact says whether it fires. */
export const rulesFamily = "rule"

const fields = {
  fingerprint: Schema.String,
  rule: Schema.String,
  /** Unix ms, the market's. */
  time: Schema.Finite,
  /** The run of the engine that says so. */
  by: Schema.String
}

export const RuleFired = Schema.Struct({
  ...fields,
  /** Of the rule as it was then. */
  definition: Schema.String,
  /** Those of the signal's reading. */
  own: Labels,
  /** The alert's. */
  labels: Labels,
  severity: RuleSeverity,
  cause: RuleCause,
  /** True when the market was made up. */
  simulated: Schema.optionalKey(Schema.Boolean)
})
export type RuleFired = typeof RuleFired.Type

export const RuleCleared = Schema.Struct({
  ...fields,
  /** What was seen then; null where the rule was cleared without a look at its signal. */
  value: Schema.NullOr(Schema.Finite),
  /** Why, where it is not that the signal came back; null where it did. */
  reason: Schema.NullOr(Schema.String)
})
export type RuleCleared = typeof RuleCleared.Type

/** A fact with this key is there once: it follows one fact of its stream, whoever writes it. */
export const ruleFactKey = (kind: "RuleFired" | "RuleCleared", fingerprint: string, after: number): string =>
  `${fingerprint} ${kind} ${after}`
