import { assert, describe, it } from "@effect/vitest"
import type { RuleCleared, RuleFired } from "../rule/RuleFacts.ts"
import { decideCleared, decideFired } from "./DecideRule.ts"

const fired: RuleFired = {
  fingerprint: "f",
  rule: "FarBelow",
  time: 1000,
  by: "one",
  definition: "d",
  own: { coin: "USDC" },
  labels: { alertname: "FarBelow", kind: "rule", coin: "USDC", severity: "warning" },
  severity: "warning",
  cause: { name: "FarBelow", signal: "deviation", value: -60, threshold: -50, comparison: "below", unit: "bps", annotations: {} }
}
const cleared: RuleCleared = { fingerprint: "f", rule: "FarBelow", time: 2000, by: "one", value: -10, reason: null }

const opened = decideFired(undefined, fired, 7)[0]!.state

describe("a fact about a rule", () => {
  it("opens an alert, and none where one fires already", () => {
    assert.deepInclude(opened, { openedPosition: 7, position: 7 })
    assert.deepInclude(opened.alert, { status: "firing", level: "warning", startsAt: 1000, endsAt: null, rule: fired.cause })
    assert.isUndefined(opened.alert.simulated)
    assert.deepStrictEqual(decideFired(opened, fired, 8), [])
    assert.isTrue(decideFired(undefined, { ...fired, simulated: true }, 7)[0]?.state.alert.simulated)
  })

  it("resolves it once, with the value of then, and opens it again", () => {
    const [over, ...others] = decideCleared(opened, cleared, 9)
    assert.isEmpty(others)
    assert.strictEqual(over?.kind, "AlertResolved")
    assert.deepInclude(over?.state, { openedPosition: 7, position: 9 })
    assert.deepInclude(over?.state.alert, { status: "resolved", endsAt: 2000, rule: { ...fired.cause, value: -10 } })
    assert.deepStrictEqual(decideCleared(over?.state, cleared, 10), [])
    assert.deepStrictEqual(decideCleared(undefined, cleared, 10), [])
    assert.strictEqual(decideFired(over?.state, fired, 11)[0]?.state.openedPosition, 11)
  })

  it("says why it is over where that is not the signal's doing, and leaves the value", () => {
    const [over] = decideCleared(opened, { ...cleared, value: null, reason: "the rule was changed" }, 9)
    assert.deepInclude(over?.state.alert, { closedReason: "the rule was changed", closedBy: "engine", rule: fired.cause })
  })
})
