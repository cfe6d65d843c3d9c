/** Pairs found by coin, and those that come and go while the engine runs, through the real connector and hot path. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { HealthMonitor } from "@evenkeel/runtime/health/HealthMonitor"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer } from "effect"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

const layer = HealthMonitor.layer.pipe(
  Layer.provideMerge(Supervisor.layer),
  Layer.provideMerge(Policies.layer()),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)
const coins = ["USDC", "USDT", "EURC", "USDE"].flatMap((symbol) => coinOf(symbol) ?? [])

describe("discovery", () => {
  const venues: ReadonlyArray<readonly [VenueId, string, string]> = [
    ["okx", "USDC-USDT", "USDE-USDT"],
    ["binance", "USDCUSDT", "USDEUSDT"],
    ["mexc", "USDCUSDT", "USDEUSDT"]
  ]
  for (const [venue, old, added] of venues) {
    it.live(
      `${venue}: a pair that is listed is carried after the next look at the list, one that is delisted has no book any more`,
      () =>
        Effect.gen(function* () {
          const began = performance.now()
          const scenario = scenarios.calm()
          const clock = () => scenario.startsAt + (performance.now() - began) * 50
          const first: Instrument = { venue, symbol: old, base: "USDC", quote: "USDT" }
          const second: Instrument = { venue, symbol: added, base: "USDE", quote: "USDT" }
          const simulated = yield* makeSimulatedVenue({ venue, instruments: [first, second], scenario, seed: 4, clock, stepMillis: 15 })
          const local = new LocalHotPath({
            coins,
            instruments: [first],
            spareInstruments: 2,
            venues: decodedSources,
            barMillis: 60_000,
            scoreGapMillis: Number.POSITIVE_INFINITY
          })
          const sink = FrameSink.of({
            offer: (source, number, connection, instrument, payload) => {
              local.feed({ source, venue: number, connection, instrument, received: clock(), payload })
              local.signals({})
              return true
            },
            tick: () => true,
            counts: [],
            fill: () => 0
          })
          yield* Effect.gen(function* () {
            const feed = yield* MarketFeed
            const instruments = yield* Instruments
            const carried = () => feed.connectors.map((connector) => connector.carried())
            const traded = () => instruments.list().map(({ instrument, number }) => `${number} ${instrument.symbol}`)
            const row = new Float64Array(stateFields)
            const book = (instrument: number) => (local.state.read(coins.length + instrument, row) ? row[instrumentState.book] : 0)
            const until = (what: string, test: () => boolean) =>
              Effect.gen(function* () {
                for (let turn = 0; turn < 1500; turn++) {
                  if (test()) return
                  yield* Effect.sleep("10 millis")
                }
                assert.fail(`not within 15 s: ${what}`)
              })
            yield* until("the first book", () => book(0) === 1)
            yield* feed.refresh
            assert.deepStrictEqual(traded(), [`0 ${old}`, `1 ${added}`])
            assert.deepStrictEqual(carried(), [[[old], [added]]])
            yield* until("the listed pair's book", () => book(1) === 1)
            assert.isAbove(local.hotPath.book(1).count(0), 0)
            // The venue takes the first pair off its list.
            simulated.delist(old)
            yield* feed.refresh
            assert.strictEqual(book(0), 0)
            assert.strictEqual(local.hotPath.book(0).count(0), 0)
            assert.deepStrictEqual(carried(), [[[], [added]]])
            // Nothing new: nothing happens.
            yield* feed.refresh
            assert.deepStrictEqual(traded(), [`1 ${added}`])
            simulated.disconnect(1001)
            yield* until("the listed pair's book after a close", () => book(1) === 1)
          }).pipe(
            Effect.provide(
              MarketFeed.layer({
                venues: [{ exchange: exchanges[venue], endpoints: simulated.endpoints }],
                discovery: { coins, every: "1 hour" }
              }).pipe(
                Layer.provideMerge(Instruments.layer({ instruments: [first], spares: 2 })),
                Layer.provide(Layer.succeed(FrameSink, sink))
              )
            )
          )
        }).pipe(Effect.scoped, Effect.provide(layer)),
      40_000
    )
  }
})
