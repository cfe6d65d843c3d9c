import { assert, describe, it } from "@effect/vitest"
import type { Labels } from "@evenkeel/domain/alert/Labels"
import { Result, Schema } from "effect"
import { alertPolicyDefaults, compileAlertPolicy, missingReceivers, policyRoutes } from "./AlertPolicy.ts"
import { knownLabels, unknownLabel } from "./KnownLabels.ts"
import { type SubscriptionOptions, SubscriptionsOptions, subscriptionRoutes } from "./Subscription.ts"

const ann = (over: Partial<SubscriptionOptions> = {}): SubscriptionOptions => ({ name: "ann", receivers: ["phone"], ...over })
const alert = (over: Labels = {}): Labels => ({ alertname: "Depeg", coin: "USDC", kind: "break", severity: "critical", ...over })

/** How often the person is told of an alert, and whether each time is outside quiet hours alone. */
const toldOf = (subscription: SubscriptionOptions, labels: Labels): ReadonlyArray<string> =>
  policyRoutes(compileAlertPolicy({ ...alertPolicyDefaults, route: { receivers: [] }, subscriptions: [subscription] }, []), labels)
    .filter(({ id }) => id.startsWith("subscription "))
    .map(({ muteTimeIntervals, receivers }) => [...receivers, ...muteTimeIntervals.map((name) => `not in ${name}`)].join(" "))

describe("a subscription", () => {
  it("becomes one route where it says nothing but who is told", () => {
    assert.deepStrictEqual(subscriptionRoutes(ann()), [{ receivers: ["phone"], matchers: [] }])
  })

  it("becomes routes of the person's coins, severities, kinds and rules, and no alert is told twice", () => {
    const whole = ann({ coins: ["USDC", "DAI"], minimumSeverity: "warning", kinds: ["break"], rules: ["Far.Below"] })
    const common = ['coin=~"USDC|DAI"', 'severity=~"warning|stale|critical"']
    assert.deepStrictEqual(subscriptionRoutes(whole), [
      { receivers: ["phone"], matchers: [...common, 'kind="break"'] },
      { receivers: ["phone"], matchers: [...common, 'alertname="Far.Below"'] }
    ])
    assert.deepStrictEqual(toldOf(whole, alert()), ["phone"])
    assert.deepStrictEqual(toldOf(whole, alert({ alertname: "Far.Below", kind: "rule" })), ["phone"])
    for (const other of [{ coin: "USDT" }, { severity: "watch" }, { kind: "local" }, { alertname: "FarXBelow", kind: "rule" }])
      assert.deepStrictEqual(toldOf(whole, alert(other)), [], JSON.stringify(other))
  })

  it("takes a coin that nobody can see for as much as a warning", () => {
    const stale = alert({ alertname: "StalePrice", kind: "stale", severity: "stale" })
    for (const [minimumSeverity, told] of [
      ["watch", ["phone"]],
      ["warning", ["phone"]],
      ["critical", []]
    ] as const)
      assert.deepStrictEqual(toldOf(ann({ minimumSeverity }), stale), told)
  })

  it("is quiet at the person's hours, but for the severity that it excepts and those above", () => {
    const quiet = ann({ quietHours: { interval: "night" } })
    assert.deepStrictEqual(toldOf(quiet, alert()), ["phone not in night"])
    const but = ann({ quietHours: { interval: "night", except: "critical" } })
    assert.deepStrictEqual(toldOf(but, alert()), ["phone"])
    assert.deepStrictEqual(toldOf(but, alert({ severity: "warning" })), ["phone not in night"])
    const warning = ann({ quietHours: { interval: "night", except: "warning" } })
    assert.deepStrictEqual(toldOf(warning, alert()), ["phone"])
    assert.deepStrictEqual(toldOf(warning, alert({ severity: "stale" })), ["phone"])
    assert.deepStrictEqual(toldOf(warning, alert({ severity: "watch" })), ["phone not in night"])
  })

  it("stands beside the tree, which goes on as if it were not there", () => {
    const policy = compileAlertPolicy({ ...alertPolicyDefaults, route: { receivers: ["desk"] }, subscriptions: [ann()] }, [])
    assert.deepStrictEqual(
      policyRoutes(policy, alert()).map(({ id, receivers }) => `${id} ${receivers.join()}`),
      ["{} desk", "subscription ann/0{} phone"]
    )
    for (const { id } of policyRoutes(policy, alert())) assert.isTrue(policy.routes.has(id))
  })

  it("has a name of its own, and names receivers that are there", () => {
    const decode = Schema.decodeUnknownResult(SubscriptionsOptions)
    assert.isTrue(Result.isSuccess(decode([ann(), ann({ name: "bob" })])))
    assert.isTrue(Result.isFailure(decode([ann(), ann()])))
    const [missing, ...others] = missingReceivers({ ...alertPolicyDefaults, subscriptions: [ann({ receivers: ["desk", "phone"] })] }, [
      "desk"
    ])
    assert.deepStrictEqual(missing?.path, ["subscriptions", 0, "receivers", 1])
    assert.include(missing?.issue, '"phone": there are desk')
    assert.isEmpty(others)
  })
})

describe("a matcher's label", () => {
  it("is one that some alert can have, by its level or by a rule", () => {
    const known = knownLabels([{ labels: { desk: "fx" } }])
    for (const matcher of ['coin="USDC"', 'venue=~"a|b"', 'desk!="fx"', 'component="x"', 'horizonMinutes="60"'])
      assert.isUndefined(unknownLabel(matcher, known), matcher)
    assert.include(unknownLabel('severty="critical"', known), '"severty": there are alertname, coin, kind, severity')
    assert.isDefined(unknownLabel('desk="fx"', knownLabels([{}])))
  })
})
