import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import type { Receiver } from "@evenkeel/alerting/receiver/Receiver"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Effect, Layer, Queue } from "effect"
import { playPrices } from "../test/support/PlayPrices.ts"
import { customEngine } from "./CustomEngine.ts"

/** Market seconds in a real one. */
const speed = 600

describe("a custom engine of layers", () => {
  it.live(
    "tells its own receiver of a coin that jumps, from a venue's socket to the delivery",
    () =>
      Effect.gen(function* () {
        const delivered = yield* Queue.unbounded<Notification>()
        const receiver: Receiver = { name: "own", deliver: (notification) => Effect.asVoid(Queue.offer(delivered, notification)) }
        const began = performance.now()
        const scenario = scenarios.jump(1)
        const clock = () => scenario.startsAt + (performance.now() - began) * speed
        const { endpoints } = yield* makeSimulatedVenue({
          venue: "kraken",
          instruments: [{ venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }],
          scenario,
          seed: 1,
          clock,
          stepMillis: 50
        })
        const engine = customEngine([receiver], [{ exchange: exchanges.kraken, endpoints }]).pipe(
          Layer.provide(Layer.succeed(MarketClock, clock)),
          Layer.provide(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
        )
        // A minute of this market is a tenth of a second: on a busy machine its prices may be called stale meanwhile.
        const news = Effect.repeat(Queue.take(delivered), { until: ({ alerts: [alert] }) => alert.level !== "stale" })
        const {
          alerts: [alert]
        } = yield* Effect.provide(news, engine)
        assert.deepInclude(alert, { status: "firing", level: "critical" })
        assert.strictEqual(alert.change?.coin, "USDC")
      }).pipe(Effect.scoped),
    60_000
  )

  it.effect("says everything of a coin that falls, from the first step off its usual place", () =>
    Effect.gen(function* () {
      const steady = Array.from({ length: 120 }, (_, minute) => 1 + (minute % 3) * 1e-5)
      const falling = Array.from({ length: 10 }, (_, minute) => 0.998 - minute * 0.001)
      const said = yield* playPrices([...steady, ...falling], 3)
      assert.deepStrictEqual(
        said.map(({ kind, level }) => `${kind} ${level}`),
        ["break watch", "break warning", "break critical"]
      )
    })
  )
})
