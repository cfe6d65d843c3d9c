/**
 * A condition on one label, in Alertmanager's notation: `severity="critical"`, `coin!="DAI"`, `coin=~"USDC|USDT"`, `venue!~"okx|mexc"`.
 *
 * Patterns are RE2's and match the whole value, as Alertmanager's do. They run in time that grows with the text alone: one that a person mistyped
 * does not hold up the alerts.
 */
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Result, Schema } from "effect"
import { RE2JS } from "re2js"

const operators = ["=", "!=", "=~", "!~"] as const

export interface Matcher {
  readonly name: string
  readonly operator: (typeof operators)[number]
  readonly value: string
  readonly matches: (labels: Labels) => boolean
}

/** A text that is no matcher. */
export class MatcherMalformed extends Schema.TaggedError<MatcherMalformed>()("MatcherMalformed", {
  text: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${JSON.stringify(this.text)} is no matcher such as severity="critical" or coin=~"USDC|USDT": ${this.problem}`
  }
}

const textMax = 1024
const textShownMax = 100
const form = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\["\\n])*)"|([^\s"{},]*))\s*$/

/** Nothing in it has a meaning in a pattern but the bars. */
const listForm = /^[\w:/-]+(?:\|[\w:/-]+)*$/

const unescaped = (text: string): string => text.replace(/\\(["\\n])/g, (_, character: string) => (character === "n" ? "\n" : character))

const make = (name: string, operator: Matcher["operator"], value: string): Matcher => {
  const of = (labels: Labels) => labels[name] ?? ""
  if (operator === "=") return { name, operator, value, matches: (labels) => of(labels) === value }
  if (operator === "!=") return { name, operator, value, matches: (labels) => of(labels) !== value }
  const pattern = RE2JS.compile(value, RE2JS.DOTALL)
  const expected = operator === "=~"
  // Most patterns are values with bars between them: those are looked up.
  const values = listForm.test(value) ? new Set(value.split("|")) : undefined
  const isMatch = values === undefined ? (text: string) => pattern.testExact(text) : (text: string) => values.has(text)
  return { name, operator, value, matches: (labels) => isMatch(of(labels)) === expected }
}

export const parseMatcher = (text: string): Result.Result<Matcher, MatcherMalformed> => {
  const malformed = (problem: string) => new MatcherMalformed({ text: text.slice(0, textShownMax), problem })
  if (text.length > textMax) return Result.fail(malformed(`it is longer than ${textMax} characters`))
  const [, name, operator, quoted, bare] = form.exec(text) ?? []
  const known = operators.find((each) => each === operator)
  if (name === undefined || known === undefined)
    return Result.fail(malformed("a label's name, one of = != =~ !~, and a value are expected"))
  const value = quoted === undefined ? bare! : unescaped(quoted)
  return Result.try({
    try: () => make(name, known, value),
    catch: (error) => malformed(error instanceof Error ? error.message : "its pattern is malformed")
  })
}

/** A list in one text: `{a="b", c=~"d|e"}`, with or without the braces. A comma inside quotes parts nothing. */
export const parseMatchers = (text: string): Result.Result<ReadonlyArray<Matcher>, MatcherMalformed> => {
  const inner = text.trim().replace(/^\{(.*)\}$/s, "$1")
  if (inner.trim() === "") return Result.succeed([])
  const parts = [""]
  let quoted = false
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at]!
    if (character === '"') quoted = !quoted
    if (character === "," && !quoted) parts.push("")
    else parts[parts.length - 1] += character === "\\" ? character + (inner[++at] ?? "") : character
  }
  return Result.all(parts.map(parseMatcher))
}

export const matcherText = ({ name, operator, value }: Pick<Matcher, "name" | "operator" | "value">): string =>
  `${name}${operator}${JSON.stringify(value)}`

/** True when every matcher holds, and so where there is none. */
export const matchAll = (matchers: ReadonlyArray<Matcher>, labels: Labels): boolean => matchers.every(({ matches }) => matches(labels))

/** Matchers as configuration and facts hold them: a text each. */
export const MatcherTexts = Schema.Array(
  Schema.String.check(
    Schema.makeFilter((text: string) =>
      Result.match(parseMatcher(text), {
        onFailure: ({ problem }) => `a matcher such as severity="critical": ${problem}`,
        onSuccess: () => undefined
      })
    )
  )
)

/** Of texts that `MatcherTexts` has let in. */
export const compileMatchers = (texts: ReadonlyArray<string>): ReadonlyArray<Matcher> =>
  texts.map((text) => Result.getOrThrow(parseMatcher(text)))
