import { assert, describe, it } from "@effect/vitest"
import { Result, Schema, SchemaIssue } from "effect"
import { causeOf, compileRule, ruleFingerprint, ruleLabels, type RuleOptions, RulesOptions } from "./Rule.ts"

const base: RuleOptions = { name: "FarBelow", signal: "deviation", below: -50, severity: "warning" }
const decode = Schema.decodeUnknownResult(RulesOptions, { errors: "all", onExcessProperty: "error" })
const standard = SchemaIssue.makeFormatterStandardSchemaV1()

/** `path: what is wrong`, for each fault. */
const faultsOf = (...rules: ReadonlyArray<object>): ReadonlyArray<string> => {
  const decoded = decode(rules)
  return Result.isSuccess(decoded)
    ? []
    : standard(decoded.failure.issue).issues.map(
        ({ message, path = [] }) => `${path.map((key) => String(typeof key === "object" ? key.key : key)).join(".")}: ${message}`
      )
}

describe("a rule as it is configured", () => {
  it("is taken with all that it may say", () => {
    const annotations = { summary: "{{coin}} is {{value}} {{unit}} away, {{ desk }}", description: "{{threshold}} {{rule}} {{severity}}" }
    const whole = { clear: -30, for: "5m", keepFiring: "2m", coins: ["USDC"], labels: { desk: "fx" }, annotations }
    assert.deepStrictEqual(faultsOf({ ...base, ...whole }), [])
    assert.deepStrictEqual(faultsOf({ name: "Model", signal: "probability", horizonMinutes: 60, above: 0.5, severity: "critical" }), [])
  })

  it.each([
    [{ below: undefined }, "0.above: a threshold is expected"],
    [{ above: 50 }, "0.above: a threshold is expected"],
    [{ clear: -60 }, "0.clear: a value that is not below -50"],
    [{ signal: "deviatoin" }, "0.signal: Expected"],
    [{ signal: "probability" }, "0.horizonMinutes: a horizon is expected"],
    [{ horizonMinutes: 60 }, "0.horizonMinutes: a horizon is expected"],
    [{ signal: "outboxPending", coins: ["USDC"] }, "0.coins: outboxPending is no coin's"],
    [{ for: "5" }, "0.for: Expected a length of time"],
    [{ name: "Depeg" }, "0.name: Expected a name that no alert of a level has"],
    [{ labels: { coin: "USDC" } }, "0.labels.coin: another name"],
    [{ annotations: { summary: "{{venue}}" } }, "0.annotations.summary: {{venue}} is no field: there are value"],
    [{ annotations: { summary: "{{constructor}}" } }, "0.annotations.summary: {{constructor}} is no field"],
    [{ severty: "x" }, "0.severty: "]
  ])("is refused with its path where it says %j", (over, fault) => {
    const { below, ...rest } = { ...base, ...over }
    assert.include(faultsOf(below === undefined ? rest : { ...rest, below }).join("\n"), fault)
  })

  it("has a name of its own", () => {
    assert.include(faultsOf(base, base).join(), "no two rules of one name")
  })
})

describe("a rule", () => {
  it("watches the readings of its signal, coins and horizon alone", () => {
    const rule = compileRule({ ...base, coins: ["USDC"] })
    const reading = { signal: "deviation", labels: { coin: "USDC" }, value: -60 } as const
    assert.isTrue(rule.watches(reading))
    assert.isFalse(rule.watches({ ...reading, labels: { coin: "DAI" } }))
    assert.isFalse(rule.watches({ ...reading, signal: "deviationAbsolute" }))
    const model = compileRule({ name: "Model", signal: "probability", horizonMinutes: 60, above: 0.5, severity: "watch" })
    const chance = (horizonMinutes: string) => model.watches({ signal: "probability", labels: { coin: "DAI", horizonMinutes }, value: 1 })
    assert.deepStrictEqual(["60", "30", ""].map(chance), [true, false, false])
  })

  it("gives its alert its labels, and words with its values", () => {
    const rule = compileRule({
      ...base,
      labels: { desk: "fx" },
      annotations: { summary: "{{coin}} {{value}} of {{threshold}} {{ unit }} for {{desk}}" }
    })
    assert.deepStrictEqual(ruleLabels(rule, { coin: "USDC" }), {
      desk: "fx",
      alertname: "FarBelow",
      kind: "rule",
      coin: "USDC",
      severity: "warning"
    })
    const { annotations, ...cause } = causeOf(rule, { coin: "USDC" }, -62.123456789)
    assert.deepStrictEqual(annotations, { summary: "USDC -62.1235 of -50 bps for fx" })
    assert.deepInclude(cause, { value: -62.123456789, threshold: -50, comparison: "below", unit: "bps" })
  })

  it("is another rule when anything of it is changed, and the same however it is written", () => {
    const { definition } = compileRule(base)
    const { severity, ...rest } = base
    assert.strictEqual(compileRule({ severity, ...rest }).definition, definition)
    for (const over of [{ below: -51 }, { severity: "critical" }, { for: "1s" }, { labels: { a: "b" } }] as const)
      assert.notStrictEqual(compileRule({ ...base, ...over }).definition, definition)
  })

  it("has an instance for each set of labels, and another one in a made-up market", () => {
    const names = [
      ruleFingerprint("A", { coin: "USDC" }, false),
      ruleFingerprint("A", { coin: "DAI" }, false),
      ruleFingerprint("B", { coin: "USDC" }, false),
      ruleFingerprint("A", { coin: "USDC" }, true)
    ]
    assert.strictEqual(new Set(names).size, names.length)
  })
})
