/** The rules that an engine watches: those that people configure and, while there are covers, one that tells when the terms of one are met. */
import type { RuleOptions } from "@evenkeel/alerting/rule/Rule"
import type { EngineConfig } from "../config/EngineConfig.ts"

const coverRule: RuleOptions = {
  name: "InsuranceTrigger",
  signal: "coverMet",
  above: 0,
  severity: "critical",
  annotations: {
    summary: "the terms {{terms}} of a cover of {{coin}} are met",
    description: "`evenkeel insurance status` has the minutes that counted, `evenkeel evidence export --term {{terms}}` what proves them."
  }
}

/** A rule of the same name takes the built-in one's place. */
export const rulesOf = ({ alerts, insurance }: Pick<EngineConfig, "alerts" | "insurance">): ReadonlyArray<RuleOptions> =>
  insurance.terms.length === 0 || alerts.rules.some(({ name }) => name === coverRule.name) ? alerts.rules : [...alerts.rules, coverRule]
