import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { criticalBreak } from "../../test/support/CriticalBreak.ts"
import { Alert, alertChangedAt, alertCoin, alertKind, alertSubject, type RuleCause } from "./Alert.ts"

const decode = Schema.decodeUnknownResult(Alert)
const base = { fingerprint: "f", status: "firing", level: "critical", startsAt: 5, endsAt: null }
const rule: RuleCause = {
  name: "Disk",
  signal: "diskFreeRatio",
  value: 0.01,
  threshold: 0.1,
  comparison: "below",
  unit: "",
  annotations: {}
}

describe("an alert", () => {
  it("of an older version's fact, without labels, is decoded and says what it is about", () => {
    const alert = Result.getOrThrow(decode({ ...base, change: criticalBreak }))
    assert.deepStrictEqual(alert.labels, {})
    assert.isUndefined(alert.simulated)
    assert.strictEqual(alertCoin(alert), criticalBreak.coin)
    assert.strictEqual(alertSubject(alert), criticalBreak.coin)
    assert.strictEqual(alertKind(alert), criticalBreak.kind)
    assert.strictEqual(alertChangedAt(alert), criticalBreak.time)
  })

  it("of a rule is about a coin, a component or the rule itself", () => {
    const of = (labels: Readonly<Record<string, string>>) => Result.getOrThrow(decode({ ...base, labels, rule }))
    assert.strictEqual(alertSubject(of({ coin: "DAI", venue: "okx" })), "DAI")
    assert.strictEqual(alertSubject(of({ component: "consumer:alerts" })), "consumer:alerts")
    assert.strictEqual(alertSubject(of({})), "Disk")
    assert.strictEqual(alertKind(of({})), "rule")
    assert.strictEqual(alertChangedAt(of({})), 5)
    assert.strictEqual(alertChangedAt({ ...of({}), endsAt: 9 }), 9)
  })

  it("has a level change or a rule, and not both or neither", () => {
    assert.isTrue(Result.isFailure(decode(base)))
    assert.isTrue(Result.isFailure(decode({ ...base, rule, change: criticalBreak })))
  })
})
