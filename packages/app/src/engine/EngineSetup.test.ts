import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { policiesOf } from "./EngineSetup.ts"

const configured = (policies: ReadonlyArray<object>) =>
  Effect.provide(loadConfig(Option.none(), { EVENKEEL_POLICIES: JSON.stringify(policies) }), NodeServices.layer)

describe("policiesOf", () => {
  it.effect("takes what is configured over the defaults, and one receiver's over that", () =>
    Effect.gen(function* () {
      const config = yield* configured([
        { policy: "deliver", key: "desk", retries: 0 },
        { policy: "deliver", timeoutSeconds: 20, breakerFailures: 9 },
        { policy: "rest", key: "kraken", callsPerMinute: 60 }
      ])
      const { "deliver:desk": desk, "rest:kraken": kraken, deliver, rest } = policiesOf(config)
      assert.deepInclude(deliver, { timeout: "20 seconds", breaker: { failures: 9, openFor: "30 seconds", successes: 3 } })
      assert.strictEqual(deliver?.retry?.times, 2, "what is not said stays")
      assert.deepInclude(desk, { timeout: "20 seconds" })
      assert.deepStrictEqual(desk?.breaker, deliver?.breaker)
      assert.strictEqual(desk?.retry?.times, 0)
      assert.deepStrictEqual(kraken?.rate, { limit: 60, window: "1 minute" })
      assert.isUndefined(rest)
    })
  )

  it.effect("refuses a policy that does not exist, and figures out of range", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(configured([{ policy: "hope" }, { policy: "rest", retries: 99 }]))
      assert.include(message, "policies.0.policy")
      assert.include(message, "policies.1.retries")
    })
  )
})
