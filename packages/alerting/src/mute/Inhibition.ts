/**
 * Alerts that are not told while another one fires: of a coin that is `critical` nobody needs the warning as well.
 *
 * Source: prometheus.io/docs/alerting/latest/configuration, "inhibit_rule".
 */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Schema } from "effect"
import { compileMatchers, matchAll, type Matcher, MatcherTexts } from "../route/Matcher.ts"

export const InhibitRuleOptions = Schema.Struct({
  /** The alert that must fire. */
  sourceMatchers: MatcherTexts,
  /** The alerts that are then not told. */
  targetMatchers: MatcherTexts,
  /** Labels that both must have alike; one that both lack is alike. */
  equal: Schema.Array(Schema.NonEmptyString)
})
export type InhibitRuleOptions = typeof InhibitRuleOptions.Type

export interface InhibitRule {
  readonly source: ReadonlyArray<Matcher>
  readonly target: ReadonlyArray<Matcher>
  readonly equal: ReadonlyArray<string>
}

export const compileInhibitRule = ({ equal, sourceMatchers, targetMatchers }: InhibitRuleOptions): InhibitRule => ({
  source: compileMatchers(sourceMatchers),
  target: compileMatchers(targetMatchers),
  equal
})

/** The alerts that fire, by what they inhibit: asked of one alert it looks at no other. */
export class Inhibitor {
  readonly #rules: ReadonlyArray<{
    readonly rule: InhibitRule
    /** Values of the equal labels of alerts that are sources, and of those that are not targets as well. */
    readonly sources: ReadonlySet<string>
    readonly sourcesAlone: ReadonlySet<string>
  }>

  constructor(rules: ReadonlyArray<InhibitRule>, firing: ReadonlyArray<Labels>) {
    this.#rules = rules.map((rule) => {
      const sources = firing.filter((labels) => matchAll(rule.source, labels))
      const valuesOf = (of: ReadonlyArray<Labels>) => new Set(of.map((labels) => equalValues(rule, labels)))
      return { rule, sources: valuesOf(sources), sourcesAlone: valuesOf(sources.filter((labels) => !matchAll(rule.target, labels))) }
    })
  }

  /** An alert that is both a rule's source and its target is not inhibited by others that are both, or two would hold back each other. */
  inhibits(labels: Labels): boolean {
    return this.#rules.some(
      ({ rule, sources, sourcesAlone }) =>
        matchAll(rule.target, labels) && (matchAll(rule.source, labels) ? sourcesAlone : sources).has(equalValues(rule, labels))
    )
  }
}

const equalValues = ({ equal }: InhibitRule, labels: Labels): string => JSON.stringify(equal.map((name) => labels[name] ?? ""))
