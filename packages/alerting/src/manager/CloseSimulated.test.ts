import { assert, describe, it } from "@effect/vitest"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, Layer } from "effect"
import { levelChange } from "../../test/support/LevelChange.ts"
import { makeKeeper, services } from "../../test/support/Services.ts"
import { layerAlerting } from "../Alerting.ts"
import { Receivers } from "../receiver/Receiver.ts"
import type { RuleFired } from "../rule/RuleFacts.ts"
import { AlertTable } from "./AlertTable.ts"

const engine = (receivers: ReadonlyArray<ReturnType<typeof makeKeeper>["receiver"]>, simulated: boolean) =>
  layerAlerting({ owner: "one", simulated }).pipe(Layer.provide(Layer.succeed(Receivers, receivers)))

describe("an engine that starts", () => {
  it.live(
    "closes what a demo has left firing when another one begins, which tells its own alerts again",
    () => {
      const { receiver, seen } = makeKeeper("kept")
      const change = (coin: string, simulated: boolean) =>
        levelChange({ coin, level: "critical", previous: "normal", ...(simulated ? { simulated } : {}) })
      const made = (coin: string) =>
        Effect.flatMap(EventStore, (events) =>
          events.append(`coin/simulated/${coin}`, "any", [{ kind: "LevelChanged", payload: change(coin, true) }])
        )
      const real = (coin: string) =>
        Effect.flatMap(EventStore, (events) =>
          events.append(`coin/${coin}`, "any", [{ kind: "LevelChanged", payload: change(coin, false) }])
        )
      return Effect.gen(function* () {
        yield* real("DAI").pipe(Effect.provide(engine([receiver], false)))
        yield* made("USDC").pipe(Effect.provide(engine([receiver], true)))
        // A demo that was killed has not read its last words.
        yield* made("USDT")
        const rule: RuleFired = {
          fingerprint: "far",
          rule: "FarBelow",
          time: 1,
          by: "one",
          definition: "",
          own: {},
          labels: { alertname: "FarBelow" },
          severity: "watch",
          cause: { name: "FarBelow", signal: "deviation", value: -60, threshold: -50, comparison: "below", unit: "bps", annotations: {} },
          simulated: true
        }
        yield* Effect.flatMap(EventStore, (events) => events.append("rule/far", "any", [{ kind: "RuleFired", payload: rule }]))
        yield* made("USDC").pipe(Effect.provide(engine([receiver], true)))
        const told = seen.map(({ alerts: [{ change, closedReason, status }] }) => [change?.coin, status, closedReason ?? ""].join(" "))
        assert.deepStrictEqual(
          told.filter((text) => text.startsWith("USDC")),
          ["USDC firing ", "USDC resolved another demo began", "USDC firing "]
        )
        const table = yield* AlertTable
        assert.deepStrictEqual((yield* table.firing).map(({ alert }) => alert.change?.coin).sort(), ["DAI", "USDC"])
        assert.deepStrictEqual(
          (yield* table.of(["far"])).map(({ alert }) => alert.closedReason),
          ["another demo began"]
        )
      }).pipe(Effect.provide(services))
    },
    60_000
  )
})
