/**
 * Labels that an alert can have. A matcher of another name matches nothing, and groups by another name are one group: it is a typing mistake, and is told
 * with the names that there are.
 */
import { Result } from "effect"
import type { RuleOptions } from "../rule/Rule.ts"
import { signalLabels } from "../rule/Signal.ts"
import { parseMatcher } from "./Matcher.ts"

export const knownLabels = (rules: ReadonlyArray<Pick<RuleOptions, "labels">>): ReadonlyArray<string> => [
  ...new Set(["alertname", "coin", "kind", "severity", ...signalLabels, ...rules.flatMap(({ labels = {} }) => Object.keys(labels))])
]

/** In words; undefined where some alert can have the label. */
export const unknownName = (name: string, known: ReadonlyArray<string>): string | undefined =>
  known.includes(name) ? undefined : `no alert has the label ${JSON.stringify(name)}: there are ${known.join(", ")}`

/** The same of a matcher's label. */
export const unknownLabel = (matcher: string, known: ReadonlyArray<string>): string | undefined => {
  const parsed = parseMatcher(matcher)
  return Result.isFailure(parsed) ? undefined : unknownName(parsed.success.name, known)
}
