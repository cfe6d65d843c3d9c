import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { matchAll, MatcherTexts, matcherText, parseMatcher, parseMatchers } from "./Matcher.ts"

const parsed = (text: string) => Result.getOrThrow(parseMatchers(text))
const matches = (text: string, labels: Record<string, string>) => matchAll(parsed(text), labels)
const problem = (text: string) => Result.match(parseMatcher(text), { onFailure: ({ message }) => message, onSuccess: () => undefined })

describe("Matcher", () => {
  it("compares with a value or a pattern, which the whole value must match", () => {
    assert.isTrue(matches('coin="USDC"', { coin: "USDC" }))
    assert.isFalse(matches('coin!="USDC"', { coin: "USDC" }))
    assert.isTrue(matches('coin=~"USDC|USDT"', { coin: "USDT" }))
    assert.isFalse(matches('coin=~"USD"', { coin: "USDT" }))
    assert.isFalse(matches('coin!~"USD."', { coin: "USDT" }))
    assert.isTrue(matches('note=~"a.b"', { note: "a\nb" }))
  })

  it("takes a label that is not there for an empty one, as Prometheus does", () => {
    assert.isTrue(matches('venue=""', { coin: "USDC" }))
    assert.isTrue(matches('venue!="okx"', {}))
    assert.isFalse(matches('venue=~".+"', {}))
  })

  it("reads lists with and without braces and quotes, and writes them so that they are read alike", () => {
    const list = parsed('{ coin="USDC,|\\"x\\\\", severity = critical,kind!="" }')
    assert.deepStrictEqual(
      list.map(({ name, operator, value }) => [name, operator, value]),
      [
        ["coin", "=", 'USDC,|"x\\'],
        ["severity", "=", "critical"],
        ["kind", "!=", ""]
      ]
    )
    assert.deepStrictEqual(parsed(`{${list.map(matcherText).join(",")}}`).map(matcherText), list.map(matcherText))
    assert.deepStrictEqual(parsed("{}"), [])
  })

  it("refuses what is none, and says why", () => {
    for (const text of ["", "coin", "=x", "1a=b", 'coin="a', 'coin=="a"', "coin=a b", `coin="${"x".repeat(2000)}"`])
      assert.isDefined(problem(text), text)

    assert.include(problem('coin=~"("'), "missing closing )")
    assert.isTrue(Result.isFailure(parseMatchers('coin="a",,coin="b"')))
    assert.throws(() => Schema.decodeUnknownSync(MatcherTexts)(['coin=~"["']), /a matcher such as/)
  })

  it("answers a pattern that would keep a backtracking matcher busy for ever", () => {
    assert.isFalse(matches('coin=~"(a|aa)*(a*)*b"', { coin: "a".repeat(250) }))
  })
})
