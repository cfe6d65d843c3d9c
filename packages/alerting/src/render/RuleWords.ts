/** A rule's alert in words: the rule's own, or what its numbers say. */
import type { AlertStatus, RuleCause } from "@evenkeel/domain/alert/Alert"
import { numberText } from "../rule/Rule.ts"

const amount = (value: number, unit: string): string => `${numberText(value)}${unit === "" ? "" : ` ${unit}`}`

/** `deviation of USDC is -62 bps, below -50 bps` */
const seen = ({ comparison, signal, threshold, unit, value }: RuleCause, subject: string): string =>
  `${signal}${subject === "" ? "" : ` of ${subject}`} is ${amount(value, unit)}, ${comparison} ${amount(threshold, unit)}`

export const ruleTitle = (rule: RuleCause, subject: string, status: AlertStatus): string => {
  const about = subject === rule.name ? "" : subject
  if (status === "resolved")
    return `${rule.name}${about === "" ? "" : ` of ${about}`} is over: ${rule.signal} is ${amount(rule.value, rule.unit)}`
  return rule.annotations["summary"] ?? `${rule.name}: ${seen(rule, about)}`
}

export const ruleReasons = (rule: RuleCause, subject: string, status: AlertStatus): ReadonlyArray<string> => {
  if (status === "resolved") return []
  const { description, summary } = rule.annotations
  const about = subject === rule.name ? "" : subject
  return [...(description === undefined ? [] : [description]), ...(summary === undefined ? [] : [`${rule.name}: ${seen(rule, about)}`])]
}
