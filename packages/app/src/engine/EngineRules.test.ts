import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { RulesOptions } from "@evenkeel/alerting/rule/Rule"
import { Effect, Option, Schema } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { rulesOf } from "./EngineRules.ts"

const terms = JSON.stringify([
  {
    name: "usdc-95",
    coin: "USDC",
    price: 0.95,
    condition: "continuous",
    minutes: 240,
    sources: "all",
    minSources: 1,
    from: "2026-01-01T00:00:00Z",
    until: "2027-01-01T00:00:00Z"
  }
])
const names = (environment: Record<string, string>) =>
  Effect.map(loadConfig(Option.none(), environment), (config) => {
    const rules = rulesOf(config)
    Schema.decodeUnknownSync(RulesOptions)(rules)
    return rules.map(({ name, severity }) => `${name} ${severity}`)
  })

describe("the engine's rules", () => {
  it.effect("tell of a cover whose terms are met, unless people have a rule of that name", () =>
    Effect.gen(function* () {
      const own = JSON.stringify([{ name: "InsuranceTrigger", signal: "coverMet", above: 0, severity: "warning" }])
      assert.deepStrictEqual(yield* names({}), [])
      assert.deepStrictEqual(yield* names({ EVENKEEL_INSURANCE_TERMS: terms }), ["InsuranceTrigger critical"])
      assert.deepStrictEqual(yield* names({ EVENKEEL_INSURANCE_TERMS: terms, EVENKEEL_ALERTS_RULES: own }), ["InsuranceTrigger warning"])
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
