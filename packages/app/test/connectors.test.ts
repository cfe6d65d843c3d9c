/**
 * One conformance suite for every venue: the real connector over real sockets, against a venue that speaks the real protocol and
 * misbehaves on purpose. In every case the book is right, or it is marked stale and becomes right again.
 */
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { binance } from "@evenkeel/connectors/exchange/binance/BinanceExchange"
import { coinbaseAdvanced, coinbaseExchange } from "@evenkeel/connectors/exchange/coinbase/CoinbaseExchange"
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import type { Exchange } from "@evenkeel/connectors/exchange/Exchange"
import { kraken } from "@evenkeel/connectors/exchange/kraken/KrakenExchange"
import { noFaults } from "@evenkeel/connectors/simulated/Faults"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue, type SimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { makeConnector } from "@evenkeel/connectors/transport/Connector"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { instrumentState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer, Queue } from "effect"
import { LocalHotPath } from "../src/replay/LocalHotPath.ts"
import { instruments } from "./support/LocalMarket.ts"

const layer = Supervisor.layer.pipe(
  Layer.provideMerge(Policies.layer({ rest: { ...defaultPolicies.rest, retry: { times: 1, base: "20 millis", max: "50 millis" } } })),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)

/** A venue, its connector, and the hot path at the other end of it. */
const connect = Effect.fnUntraced(function* (exchange: Exchange) {
  const began = performance.now()
  const scenario = scenarios.calm()
  const clock = () => scenario.startsAt + (performance.now() - began) * 50
  const own = instruments.filter(({ venue }) => venue === exchange.id)
  const venue = yield* makeSimulatedVenue({ venue: exchange.id, instruments: own, scenario, seed: 3, clock, stepMillis: 10 })
  const local = new LocalHotPath({
    coins: ["USDT", "USDC", "DAI", "FDUSD"].flatMap((symbol) => coinOf(symbol) ?? []),
    instruments: own,
    venues: venueIds.map((id) => ({ id, decoder: decoders[id] })),
    barMillis: 60_000,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const resyncs = yield* Queue.sliding<readonly [number, string]>(64)
  const seen = { resyncs: [] as Array<string>, refusals: [] as Array<number>, frames: 0 }
  const offer: FrameSink["Service"]["offer"] = (source, venueNumber, connection, instrument, payload) => {
    seen.frames++
    local.feed({ source, venue: venueNumber, connection, instrument, received: clock(), payload })
    local.signals({
      resync: (number, reason) => {
        seen.resyncs.push(reason)
        Queue.offerUnsafe(resyncs, [number, reason])
      },
      refusal: (outcome) => seen.refusals.push(outcome)
    })
    return true
  }
  const sink = FrameSink.of({ offer, tick: () => offer(FrameSource.clock, 0, 0, -1, new Uint8Array(0)), counts: [], fill: () => 0 })
  const connector = yield* makeConnector({ exchange, endpoints: venue.endpoints, instruments: own }).pipe(
    Effect.provideService(FrameSink, sink)
  )
  yield* Queue.take(resyncs).pipe(
    Effect.flatMap(([number, reason]) => connector.resync(number, reason)),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.sync(sink.tick).pipe(Effect.andThen(Effect.sleep("50 millis")), Effect.forever, Effect.forkScoped)

  const row = new Float64Array(stateFields)
  const bookState = (instrument: number) => (local.state.read(4 + instrument, row) ? row[instrumentState.book] : 0)
  const equal = (instrument: number) => {
    const book = local.hotPath.book(instrument)
    return ([0, 1] as const).every((side) => {
      const levels = venue.instruments.get(own[instrument]!.symbol)!.levels(side)
      return (
        levels.length === book.count(side) &&
        levels.every(([price, quantity], depth) => book.price(side, depth) === price && book.quantity(side, depth) === quantity)
      )
    })
  }
  const right = () => own.every((_, instrument) => bookState(instrument) === 1 && equal(instrument))
  return { venue, seen, bookState, right, own, local }
})

const until = (what: string, test: () => boolean, seconds = 15) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < seconds * 100; turn++) {
      if (test()) return
      yield* Effect.sleep("10 millis")
    }
    assert.fail(`not within ${seconds} s: ${what}`)
  })

/** Stops the market, lets what is under way arrive, and compares. */
const settled = Effect.fnUntraced(function* (venue: SimulatedVenue, right: () => boolean) {
  venue.pause = true
  yield* until("every book is the venue's", right)
  venue.pause = false
})

const venues: ReadonlyArray<readonly [name: string, exchange: Exchange]> = [
  ["Binance", { ...binance, silenceMax: "2 seconds" }],
  ["Coinbase Advanced Trade", { ...coinbaseAdvanced, silenceMax: "2 seconds", messagesPerSecond: 100 }],
  ["Coinbase Exchange", { ...coinbaseExchange, silenceMax: "2 seconds" }],
  ["Kraken", { ...kraken, silenceMax: "2 seconds", messagesPerSecond: 100 }]
]

describe.concurrent.each(venues)("%s", (name, exchange) => {
  it.live(
    "builds every book as the venue has it, and keeps it while it changes",
    () =>
      Effect.gen(function* () {
        const { right, seen, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        const before = seen.frames
        yield* until("a hundred more frames", () => seen.frames > before + 100)
        yield* settled(venue, right)
        assert.deepStrictEqual(seen.resyncs, [])
        assert.deepStrictEqual(seen.refusals, [])
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "reconnects after a close, with every book stale until it is right again",
    () =>
      Effect.gen(function* () {
        const { bookState, own, right, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        for (const code of [1001, 1012]) {
          venue.disconnect(code)
          yield* until("the books are stale", () => own.every((_, instrument) => bookState(instrument) === 2))
          yield* settled(venue, right)
        }
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "finds frames that are lost, doubled, out of order, late or damaged, and comes back to the venue's books",
    () =>
      Effect.gen(function* () {
        const { right, seen, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        // The Exchange feed's level 2 has no sequence: what it loses in silence nobody can know.
        venue.faults.rates =
          name === "Coinbase Exchange"
            ? { ...noFaults, corrupt: 0.02 }
            : { drop: 0.02, duplicate: 0.03, reorder: 0.02, corrupt: 0.01, delay: 0.02, cut: 0 }
        yield* until("faults enough", () => Object.values(venue.faults.counts).reduce((sum, count) => sum + count, 0) > 25, 30)
        venue.faults.rates = noFaults
        assert.isAbove(seen.resyncs.length, 0)
        // A frame that was held back comes with the next ones; a book that missed one is asked for within a second.
        yield* Effect.sleep("1500 millis")
        yield* settled(venue, right)
        assert.isTrue(
          seen.refusals.every(
            (outcome) => outcome === FrameOutcome.malformed || outcome === FrameOutcome.unknown || outcome === FrameOutcome.unlisted
          ),
          String(seen.refusals)
        )
      }).pipe(Effect.scoped, Effect.provide(layer)),
    90_000
  )

  it.live(
    "notices a venue that accepts and never speaks, and connects anew",
    () =>
      Effect.gen(function* () {
        const { right, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        venue.mute = true
        const health = yield* HealthRegistry
        let silent = false
        for (let turn = 0; turn < 600 && !silent; turn++) {
          yield* Effect.sleep("10 millis")
          silent = (yield* health.snapshot).some(({ detail }) => detail.includes("said nothing"))
        }
        assert.isTrue(silent)
        venue.mute = false
        yield* settled(venue, right)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "lives through cuts again and again",
    () =>
      Effect.gen(function* () {
        const { right, venue } = yield* connect(exchange)
        venue.faults.rates = { ...noFaults, cut: 0.01 }
        yield* until("several cuts", () => venue.faults.counts.cut >= 3, 30)
        venue.faults.rates = noFaults
        yield* settled(venue, right)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    90_000
  )
})

describe("Binance's snapshots", () => {
  it.live(
    "are asked for again after 503 and 429, and books wait stale meanwhile",
    () =>
      Effect.gen(function* () {
        const { bookState, own, right, venue } = yield* connect({ ...binance })
        venue.restStatus = 503
        venue.disconnect(1001)
        yield* Effect.sleep("1 second")
        assert.isTrue(own.every((_, instrument) => bookState(instrument) !== 1))
        venue.restStatus = 429
        yield* Effect.sleep("300 millis")
        venue.restStatus = undefined
        yield* until("the books are back", right, 20)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )
})
