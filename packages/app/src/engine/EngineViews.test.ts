import { assert, describe, it } from "@effect/vitest"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { News } from "@evenkeel/connectors/feed/NewsFeed"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { Detection } from "@evenkeel/detection/host/Detection"
import type { CoinState, InstrumentState } from "@evenkeel/detection/host/States"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Effect, Layer } from "effect"
import { layerEngineView } from "./EngineViews.ts"

const usdc: CoinState = {
  coin: "USDC",
  time: 1000,
  fairValue: 0.99,
  errorBps: 1,
  deviationBps: -100,
  level: "critical",
  change: "break",
  since: 900,
  grounded: true,
  share: null,
  venues: { agree: ["kraken"], differ: [] },
  detectors: { baselineBps: 0, score: -12, cusum: 30, changepoint: 0.9 },
  model: null
}
const kraken: InstrumentState = {
  instrument: 0,
  received: 1000,
  venueTime: 999,
  bid: 0.9899,
  bidQuantity: 1,
  ask: 0.9901,
  askQuantity: 1,
  lastPrice: null,
  book: "good",
  bidLevels: 10,
  askLevels: 12,
  staleReason: null,
  residualBps: 0,
  errorBps: 0.5,
  ownDeviationBps: -100,
  ownLevel: "critical",
  pool: null,
  supply: null
}

const layer = layerEngineView({ simulated: true }).pipe(
  Layer.provideMerge(
    Detection.layerTest({
      coins: [coinOf("USDC")!, coinOf("DAI")!],
      coin: (index) => (index === 0 ? usdc : undefined),
      instrument: (number) => (number === 0 ? kraken : undefined)
    })
  ),
  Layer.provideMerge(
    Instruments.layer({
      instruments: [
        { venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" },
        { venue: "kraken", symbol: "DAI/USD", base: "DAI", quote: "USD" }
      ],
      spares: 2
    })
  ),
  Layer.provide(Layer.succeed(MarketClock, () => 3500))
)

describe("the engine's view", () => {
  it.effect("shows each coin with its sources and their age, and what is not known as null", () =>
    Effect.gen(function* () {
      const [first, second] = (yield* EngineView).coins()
      assert.deepInclude(first, { coin: "USDC", simulated: true, fairValue: 0.99, level: "critical", since: 900 })
      assert.deepStrictEqual(
        first!.sources.map(({ ageMillis, book, symbol }) => [symbol, ageMillis, book]),
        [["USDC/USD", 2500, "good"]]
      )
      assert.deepInclude(second, { coin: "DAI", fairValue: null, level: "stale", model: null })
      assert.deepInclude(second!.sources[0], { ageMillis: null, book: "none", bid: null })
    }).pipe(Effect.provide(layer))
  )

  it.effect("shows the headlines of a coin as they are, and none where no feed is read", () =>
    Effect.gen(function* () {
      const headline = { title: "<b>USDC</b> depegs", feed: "desk", link: "", time: 900, score: -1 }
      const coins = Effect.map(EngineView, (view) => view.coins().map(({ news }) => news))
      const of = (coin: string, count: number) => (coin === "USDC" && count === 5 ? [headline] : [])
      const told = Layer.fresh(layer).pipe(Layer.provide(Layer.succeed(News, { newest: of })))
      assert.deepStrictEqual(yield* Effect.provide(coins, told), [[{ ...headline, link: null }], []])
      assert.deepStrictEqual(yield* coins, [[], []])
    }).pipe(Effect.provide(layer))
  )

  it.effect("shows pairs of a bridge behind those of coins", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      yield* instruments.add({ venue: "kraken", symbol: "BTC/DAI", base: "BTC", quote: "DAI" })
      yield* instruments.remove(1)
      yield* instruments.add({ venue: "okx", symbol: "DAI-USD", base: "DAI", quote: "USD" })
      const [, second] = (yield* EngineView).coins()
      assert.deepStrictEqual(
        second!.sources.map(({ symbol }) => symbol),
        ["DAI-USD", "BTC/DAI"]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("shows pairs that are listed while it runs, and not those that are gone", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      yield* instruments.add({ venue: "okx", symbol: "USDC-USD", base: "USDC", quote: "USD" })
      yield* instruments.remove(0)
      const [first] = (yield* EngineView).coins()
      assert.deepStrictEqual(
        first!.sources.map(({ venue }) => venue),
        ["okx"]
      )
    }).pipe(Effect.provide(layer))
  )
})
