import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Option, Redacted } from "effect"
import { receiverNames } from "../config/EngineConfig.ts"
import { loadConfig } from "../config/LoadConfig.ts"
import { apart } from "./Demo.ts"

describe("a plain demo", () => {
  it.effect("tells none of the configured receivers, and calls no heartbeat", () =>
    Effect.gen(function* () {
      const config = yield* loadConfig(Option.none(), {
        EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "desk", url: "https://a.example/hook", secret: "s" }]),
        EVENKEEL_ALERTS_SERVICES: JSON.stringify([{ type: "slack", name: "team", url: "https://b.example/hook" }]),
        EVENKEEL_ALERTS_ROUTE: JSON.stringify({ receivers: ["desk", "team"] }),
        EVENKEEL_HEARTBEAT_URL: "https://c.example/ping"
      })
      const { alerts, heartbeat } = apart(config)
      assert.deepStrictEqual(receiverNames(alerts), ["console"])
      assert.deepStrictEqual(alerts.route, {})
      assert.strictEqual(Redacted.value(heartbeat.url), "")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
