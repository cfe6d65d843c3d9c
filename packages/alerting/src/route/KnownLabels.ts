/** Labels that an alert can have. A matcher of another name matches nothing, and is a typing mistake: it is told, with the names that there are. */
import { Result } from "effect"
import type { RuleOptions } from "../rule/Rule.ts"
import { signalLabels } from "../rule/Signal.ts"
import { parseMatcher } from "./Matcher.ts"

export const knownLabels = (rules: ReadonlyArray<Pick<RuleOptions, "labels">>): ReadonlyArray<string> => [
  ...new Set(["alertname", "coin", "kind", "severity", ...signalLabels, ...rules.flatMap(({ labels = {} }) => Object.keys(labels))])
]

/** In words; undefined where some alert can have the matcher's label. */
export const unknownLabel = (matcher: string, known: ReadonlyArray<string>): string | undefined => {
  const parsed = parseMatcher(matcher)
  return Result.isFailure(parsed) || known.includes(parsed.success.name)
    ? undefined
    : `no alert has the label ${JSON.stringify(parsed.success.name)}: there are ${known.join(", ")}`
}
