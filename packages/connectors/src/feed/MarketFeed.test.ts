import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { HealthMonitor } from "@evenkeel/runtime/health/HealthMonitor"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { makeRecordingSink, makeScriptedVenue } from "../../test/support/ScriptedVenue.ts"
import type { Exchange } from "../exchange/Exchange.ts"
import { exchanges } from "../exchange/Exchanges.ts"
import { Instruments } from "./Instruments.ts"
import { MarketFeed } from "./MarketFeed.ts"
import { MarketFeedTest } from "./MarketFeedTest.ts"

const kraken = sourceIds.indexOf("kraken")
const okx = sourceIds.indexOf("okx")
const coins = ["USDC", "USDT", "DAI"].flatMap((symbol) => coinOf(symbol) ?? [])
const pair = (base: string, venue = "kraken"): Instrument => ({ venue, symbol: `${base}/USD`, base, quote: "USD" })
const usdc = pair("USDC")
const dai = pair("DAI")
const usdt = pair("USDT", "okx")
const layer = HealthMonitor.layer.pipe(
  Layer.provideMerge(Supervisor.layer),
  Layer.provideMerge(Policies.layer()),
  Layer.provideMerge(HealthRegistry.layer)
)

/** A feed of two scripted venues, whose list of pairs the test decides. */
const start = Effect.fnUntraced(function* (
  options: { readonly spares?: number; readonly isRefusing?: boolean; readonly below?: Layer.Layer<never> } = {}
) {
  const scripted = yield* makeScriptedVenue({ body: () => "[]", isRefusing: options.isRefusing ?? false })
  const recorded = yield* makeRecordingSink
  /** What Kraken lists. */
  const listed: { pairs: ReadonlyArray<Instrument> } = { pairs: [usdc] }
  const quiet = (exchange: Exchange): Exchange => ({
    ...exchange,
    subscribe: (own) => own.map(({ symbol }) => `subscribe ${symbol}`),
    messagesPerSecond: Number.POSITIVE_INFINITY,
    resync: { _tag: "Snapshot" },
    ping: undefined,
    silenceMax: "1 day",
    quietMax: "1 day",
    restPerMinute: 3000,
    decodeListings: () =>
      listed.pairs.map((instrument) => ({ ...instrument, trading: true, priceStep: undefined, quantityStep: undefined }))
  })
  const venueOf = (id: "kraken" | "okx") => ({ exchange: quiet(exchanges[id]), endpoints: scripted.endpoints })
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const services = yield* MarketFeed.layer({
    venues: [venueOf("kraken"), venueOf("okx")],
    discovery: { coins, every: "10 minutes", venues: ["kraken"] }
  }).pipe(
    Layer.provideMerge(Instruments.layer({ instruments: [usdc, usdt], spares: options.spares ?? 2 })),
    Layer.provide(scripted.layer),
    Layer.provide(recorded.layer),
    Layer.provide(options.below ?? Layer.empty),
    Layer.buildWithScope(scope)
  )
  /** The kinds, instruments and texts of the frames since the last call. */
  let read = 0
  const since = () => {
    const fresh = recorded.all.slice(read)
    read = recorded.all.length
    return fresh
  }
  return {
    ...scripted,
    ...recorded,
    listed,
    since,
    feed: Context.get(services, MarketFeed),
    instruments: Context.get(services, Instruments),
    close: Scope.close(scope, Exit.void)
  }
})

describe("MarketFeed", () => {
  it.effect("connects each venue with its own instruments and lets time pass", () =>
    Effect.gen(function* () {
      const { feed, next, since, socket } = yield* start()
      assert.deepStrictEqual((yield* socket).sent, ["subscribe USDC/USD"])
      assert.deepStrictEqual((yield* socket).sent, ["subscribe USDT/USD"])
      const books = [yield* next(FrameSource.snapshot), yield* next(FrameSource.snapshot)]
      assert.sameDeepMembers(
        books.map(({ instrument, venue }) => [venue, instrument]),
        [
          [kraken, 0],
          [okx, 1]
        ]
      )
      assert.deepStrictEqual(
        feed.connectors.map((connector) => [connector.exchange.id, connector.open()]),
        [
          ["kraken", 1],
          ["okx", 1]
        ]
      )
      // The clock has begun.
      yield* TestClock.adjust("250 millis")
      since()
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        since().map(({ source }) => source),
        [FrameSource.clock, FrameSource.clock, FrameSource.clock, FrameSource.clock]
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("routes a request for a book to the venue that has it, once for many", () =>
    Effect.gen(function* () {
      const { asked, feed, next } = yield* start()
      yield* next(FrameSource.snapshot)
      yield* next(FrameSource.snapshot)
      const before = asked.length
      for (let turn = 0; turn < 5; turn++) yield* feed.resync(1, "gap")
      yield* feed.resync(9, "gap")
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* next(FrameSource.snapshot), { venue: okx, instrument: 1 })
      assert.strictEqual(asked.length, before + 1)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("announces a listed pair before it is subscribed to, and withdraws a delisted one", () =>
    Effect.gen(function* () {
      const { feed, instruments, listed, since, socket } = yield* start()
      yield* socket
      yield* socket
      listed.pairs = [usdc, dai]
      yield* feed.refresh
      assert.deepStrictEqual((yield* socket).sent, ["subscribe DAI/USD"])
      const announced = since().filter(({ source }) => source === FrameSource.listed || source === FrameSource.connected)
      assert.deepStrictEqual(
        announced.map(({ instrument, source }) => [source, instrument]),
        [
          [FrameSource.connected, -1],
          [FrameSource.connected, -1],
          [FrameSource.listed, 2],
          [FrameSource.connected, -1]
        ]
      )
      assert.deepStrictEqual(JSON.parse(announced[2]!.text), dai)
      listed.pairs = [dai]
      yield* feed.refresh
      assert.deepStrictEqual(
        since().flatMap(({ instrument, source }) => (source === FrameSource.delisted ? [instrument] : [])),
        [0]
      )
      assert.deepStrictEqual(
        instruments.list().map(({ number }) => number),
        [1, 2]
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("looks at the lists by itself, again and again", () =>
    Effect.gen(function* () {
      const { listed, next, socket } = yield* start()
      yield* socket
      yield* socket
      listed.pairs = [usdc, dai]
      yield* TestClock.adjust("10 minutes")
      assert.deepInclude(yield* next(FrameSource.listed), { venue: kraken, instrument: 2 })
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("announces with a later tick what finds no room at first, and subscribes only then", () =>
    Effect.gen(function* () {
      const { attempts, control, feed, listed, next, socket } = yield* start()
      yield* socket
      yield* socket
      control.hasRoom = false
      listed.pairs = [usdc, dai]
      yield* feed.refresh
      yield* TestClock.adjust("1 second")
      assert.strictEqual(attempts.length, 2)
      control.hasRoom = true
      yield* TestClock.adjust("250 millis")
      assert.deepInclude(yield* next(FrameSource.listed), { instrument: 2 })
      yield* socket
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("says how many of a venue's pairs are left out, by which rule", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const { feed, listed } = yield* start({ spares: 0 })
      const pairsOfKraken = Effect.map(health.snapshot, (all) => all.find(({ component }) => component === "pairs:kraken"))
      listed.pairs = Array.from({ length: 100_000 }, (_, index) => ({ ...dai, symbol: `DAI${index}/USD` }))
      yield* feed.refresh
      assert.deepInclude(yield* pairsOfKraken, {
        status: "degraded",
        detail: "pairs followed: 512, left out: 99488; second names of a pair first, then pairs of the coins configured last"
      })
      listed.pairs = [usdc]
      yield* feed.refresh
      assert.deepInclude(yield* pairsOfKraken, { status: "running", detail: "pairs followed: 1" })
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("follows no more pairs than there are numbers for", () =>
    Effect.gen(function* () {
      const { feed, instruments, listed } = yield* start({ spares: 1 })
      listed.pairs = [usdc, dai, pair("USDT")]
      yield* feed.refresh
      assert.deepStrictEqual(
        instruments.list().map(({ instrument }) => instrument.symbol),
        ["USDC/USD", "USDT/USD", "DAI/USD"]
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("gives a pair that comes back its place, and the only free place to one pair after the other", () =>
    Effect.gen(function* () {
      const { control, feed, instruments, listed, since, socket } = yield* start({ spares: 1 })
      yield* socket
      yield* socket
      const told = () =>
        since().flatMap(({ instrument, source }) =>
          source === FrameSource.listed ? [`listed ${instrument}`] : source === FrameSource.delisted ? [`delisted ${instrument}`] : []
        )
      const lists = Effect.fnUntraced(function* (...pairs: ReadonlyArray<Instrument>) {
        listed.pairs = pairs
        yield* feed.refresh
        return told()
      })
      assert.deepStrictEqual(yield* lists(dai), ["delisted 0", "listed 2"])
      assert.deepStrictEqual((yield* socket).sent, ["subscribe DAI/USD"])
      assert.deepStrictEqual(yield* lists(usdc, dai), ["listed 0"])
      assert.deepStrictEqual((yield* socket).sent, ["subscribe USDC/USD"])
      assert.deepStrictEqual(yield* lists(usdc, pair("USDT")), ["delisted 2", "listed 2"])
      assert.deepStrictEqual((yield* socket).sent, ["subscribe USDT/USD"])
      // Without room both wait, and come in their order.
      control.hasRoom = false
      assert.deepStrictEqual(yield* lists(usdc, dai), [])
      control.hasRoom = true
      yield* TestClock.adjust("250 millis")
      assert.deepStrictEqual(told(), ["delisted 2", "listed 2"])
      assert.deepStrictEqual(instruments.byNumber(2), dai)
      // A reader that began anew has the first pairs and free places.
      yield* feed.restarted
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(told(), ["listed 2"])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("tells a reader that began anew what was listed and delisted, and then builds every book", () =>
    Effect.gen(function* () {
      const { feed, listed, next, since, socket } = yield* start()
      yield* socket
      yield* socket
      listed.pairs = [dai]
      yield* feed.refresh
      yield* socket
      for (let book = 0; book < 3; book++) yield* next(FrameSource.snapshot)
      since()
      yield* feed.restarted
      yield* TestClock.adjust("1 second")
      const books = [yield* next(FrameSource.snapshot), yield* next(FrameSource.snapshot)]
      assert.sameMembers(
        books.map(({ instrument }) => instrument),
        [1, 2]
      )
      const repeated = since().filter(({ source }) => source !== FrameSource.clock)
      assert.sameDeepMembers(
        repeated.slice(0, 2).map(({ instrument, source }) => [source, instrument]),
        [
          [FrameSource.delisted, 0],
          [FrameSource.listed, 2]
        ]
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("stops feeding before the layer that it is built on is finalized", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      let frames: ReadonlyArray<{ readonly source: FrameSource }> = []
      const below = Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => seen.push(`drains after ${frames.length} frames`))))
      const { all, close, socket } = yield* start({ below })
      frames = all
      yield* socket
      yield* socket
      yield* close
      const count = all.length
      assert.deepStrictEqual(seen, [`drains after ${count} frames`])
      assert.deepStrictEqual(
        all.slice(-2).map(({ source }) => source),
        [FrameSource.disconnected, FrameSource.disconnected]
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(all.length, count)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("is ready only while a venue is connected", () =>
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const { socket, venue } = yield* start({ isRefusing: true })
      yield* TestClock.adjust("2 seconds")
      assert.isFalse(yield* health.ready)
      const detail = (yield* health.snapshot).find(({ component }) => component === "venues")?.detail
      assert.match(detail!, /^0 of 2 venues are connected: \w+, \w+ are not$/)
      venue.isRefusing = false
      yield* TestClock.adjust("10 seconds")
      const { close } = yield* socket
      assert.isTrue(yield* health.ready)
      // One of two is enough.
      yield* close
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* health.ready)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("has a double that keeps what it was asked for and takes frames from a test", () =>
    Effect.gen(function* () {
      const { all, layer: sink } = yield* makeRecordingSink
      yield* Effect.gen(function* () {
        const feed = yield* MarketFeed
        const test = yield* MarketFeedTest
        yield* feed.resync(3, "checksum")
        yield* feed.restarted
        assert.deepStrictEqual(test.requests(), [{ _tag: "Resync", instrument: 3, reason: "checksum" }, { _tag: "Restarted" }])
        assert.isTrue(test.push({ source: FrameSource.socket, venue: "okx", payload: Buffer.from("{}") }))
        assert.deepStrictEqual(all, [{ source: FrameSource.socket, venue: okx, connection: 0, instrument: -1, text: "{}" }])
      }).pipe(Effect.provide(MarketFeed.layerTest.pipe(Layer.provide(sink))))
    })
  )
})
