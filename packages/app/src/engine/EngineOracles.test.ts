import { assert, describe, it } from "@effect/vitest"
import { Oracles } from "@evenkeel/assessment/oracle/Oracles"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { Detection } from "@evenkeel/detection/host/Detection"
import type { CoinState, InstrumentState } from "@evenkeel/detection/host/States"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { loadConfig } from "../config/LoadConfig.ts"
import { layerOracles, makeMarketValue } from "./EngineOracles.ts"

const now = 1_700_000_000_000
const usdc: CoinState = {
  coin: "USDC",
  time: now,
  fairValue: 0.995,
  errorBps: 3,
  deviationBps: -50,
  level: "warning",
  change: "break",
  since: now - 60_000,
  grounded: true,
  share: null,
  venues: { agree: ["kraken", "ethereum"], differ: [] },
  detectors: { baselineBps: 0, score: 0, cusum: 0, changepoint: 0 },
  model: null
}
const instrument = (lastPrice: number, errorBps: number): InstrumentState => ({
  instrument: 0,
  received: now,
  venueTime: now,
  bid: null,
  bidQuantity: null,
  ask: null,
  askQuantity: null,
  lastPrice,
  book: "none",
  bidLevels: null,
  askLevels: null,
  staleReason: null,
  residualBps: 0,
  errorBps,
  ownDeviationBps: null,
  ownLevel: "normal",
  pool: null,
  supply: null
})
const pairs: ReadonlyArray<Instrument> = [
  { venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" },
  { venue: "ethereum", symbol: "PriceFeed:0x8f:USDC/USD", base: "USDC", quote: "USD" }
]

/** Kraken says 0.99; the engine, in which the chain's feed of 1 has a say, 0.995. */
const layerOf = (instruments: ReadonlyArray<Instrument>) =>
  Layer.mergeAll(
    Detection.layerTest({
      coins: [coinOf("USDC")!],
      coin: (index) => (index === 0 ? usdc : undefined),
      instrument: (number) => instrument(number === 0 ? 0.99 : 1, 3)
    }),
    Instruments.layer({ instruments, spares: 0 }),
    Layer.succeed(MarketClock, () => now)
  ).pipe(Layer.provideMerge(layerRuntime))

describe("makeMarketValue", () => {
  it.effect("takes the engine's own fair value where no oracle has a say in it", () =>
    Effect.gen(function* () {
      const value = yield* makeMarketValue
      assert.deepStrictEqual(value("USDC"), {
        time: now,
        value: 0.995,
        errorBps: 3,
        grounded: true,
        agree: ["kraken", "ethereum"],
        differ: []
      })
      assert.isUndefined(value("DAI"))
    }).pipe(Effect.provide(layerOf(pairs.slice(0, 1))))
  )

  it.effect("solves it anew without the oracles where one has: no feed votes on itself", () =>
    Effect.gen(function* () {
      const found = (yield* makeMarketValue)("USDC")!
      assert.closeTo(found.value, 0.99, 1e-4)
      assert.deepStrictEqual(found.agree, ["kraken"])
    }).pipe(Effect.provide(layerOf(pairs)))
  )
})

describe("layerOracles", () => {
  it.effect("judges the configured feeds; of a made-up market constants and files alone", () =>
    Effect.gen(function* () {
      const config = yield* loadConfig(Option.none(), {
        EVENKEEL_ORACLES: JSON.stringify([
          { name: "pegged", coin: "USDC", source: { _tag: "Constant", price: 1 } },
          { name: "served", coin: "USDC", source: { _tag: "Http", url: "http://127.0.0.1:1/", price: "price" } }
        ])
      })
      const ask = (simulated: boolean) =>
        Effect.gen(function* () {
          const { assessments } = yield* Oracles
          yield* TestClock.adjust("1 second")
          return yield* assessments
        }).pipe(Effect.provide(layerOracles(config, { simulated })))
      const [pegged, ...others] = yield* ask(true)
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual([pegged?.verdict, pegged?.reasons[0]?.code], ["unsafe", "gap"])
      assert.deepStrictEqual(
        (yield* ask(false)).map(({ feed }) => feed),
        ["pegged", "served"]
      )
    }).pipe(Effect.provide(Layer.mergeAll(layerOf(pairs.slice(0, 1)), NodeServices.layer, NodeHttpClient.layerUndici)))
  )
})
