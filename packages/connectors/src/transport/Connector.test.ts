/** The connector on a test clock, with sockets and REST answers that each test scripts. */
import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { defaultPolicies } from "@evenkeel/runtime/resilience/Policy"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Clock, Effect, Layer, Metric, Random } from "effect"
import { TestClock } from "effect/testing"
import { makeRecordingSink, makeScriptedVenue, type VenueScript } from "../../test/support/ScriptedVenue.ts"
import type { Exchange } from "../exchange/Exchange.ts"
import { exchanges } from "../exchange/Exchanges.ts"
import { budgetBytesAtOnce } from "./ByteBudget.ts"
import { connectionsMax, makeConnector } from "./Connector.ts"

const kraken: Exchange = {
  ...exchanges.kraken,
  subscribe: () => [],
  ping: undefined,
  silenceMax: "1 hour",
  quietMax: "1 hour",
  restPerMinute: 3000
}
const wireNumber = sourceIds.indexOf("kraken")
const pair = (base: string): Instrument => ({ venue: "kraken", symbol: `${base}/USD`, base, quote: "USD" })
const instruments = [pair("USDC"), pair("USDT")]
const bookOf = (path: string) => JSON.stringify({ path, asks: [["1.001", "5"]] })

/** A connector whose sockets, REST answers and frames the test sees. */
const start = Effect.fnUntraced(function* (
  exchange: Exchange,
  own: ReadonlyArray<Instrument> = instruments,
  script: Partial<VenueScript> = {}
) {
  const scripted = yield* makeScriptedVenue({ body: bookOf, ...script })
  const { layer, next } = yield* makeRecordingSink
  const connector = yield* makeConnector({ exchange, endpoints: scripted.endpoints, instruments: own }).pipe(
    Effect.provide(Layer.merge(scripted.layer, layer))
  )
  return { ...scripted, connector, next }
})

const patient = { ...defaultPolicies.connect, breaker: { failures: 1000, openFor: "1 second", successes: 1 } } as const
const layerOf = (policies: Parameters<typeof Policies.layer>[0]) =>
  Supervisor.layer.pipe(Layer.provideMerge(Policies.layer(policies)), Layer.provideMerge(HealthRegistry.layer))
const layer = layerOf({ connect: patient })
/** Each REST call is tried once, and none is kept from the venue. */
const triedOnce = { ...defaultPolicies.rest, breaker: patient.breaker, retry: { times: 0, base: "1 second", max: "1 second" } } as const
const detailOf = (component: string) =>
  Effect.gen(function* () {
    const all = yield* (yield* HealthRegistry).snapshot
    return all.find((health) => health.component === component)?.detail
  })

/** Waits between attempts, ms. */
const gapsOf = (attempts: ReadonlyArray<number>) => attempts.slice(1).map((at, index) => at - attempts[index]!)

describe("Connector", () => {
  it.effect("waits twice as long after each connection that fails, up to half a minute and a half of that", () =>
    Effect.gen(function* () {
      const { attempts, connector } = yield* start(kraken, instruments, { isRefusing: true, restStatus: 404 })
      yield* TestClock.adjust("5 minutes")
      const gaps = gapsOf(attempts)
      assert.isAtLeast(gaps.length, 10)
      for (const [index, gap] of gaps.entries()) {
        const wait = Math.min(30_000, 500 * 2 ** index)
        assert.isAtLeast(gap, wait / 2)
        assert.isAtMost(gap, wait * 1.5)
      }
      assert.strictEqual(connector.open(), 0)
    }).pipe(Effect.scoped, Effect.provide(layer), Random.withSeed("backoff"))
  )

  it.effect("begins again with a short wait once a connection has held for a minute", () =>
    Effect.gen(function* () {
      const { attempts, connector, next, socket, venue } = yield* start(kraken, instruments, { isRefusing: true, restStatus: 404 })
      yield* TestClock.adjust("1 minute")
      venue.isRefusing = false
      yield* TestClock.adjust("1 minute")
      const { at, close } = yield* socket
      assert.strictEqual(connector.open(), 1)
      assert.deepInclude(yield* next(FrameSource.connected), { venue: wireNumber, connection: 0 })
      yield* TestClock.adjust(at + 61_000 - (yield* Clock.currentTimeMillis))
      const before = attempts.length
      yield* close
      assert.deepInclude(yield* next(FrameSource.disconnected), { venue: wireNumber, connection: 0 })
      yield* TestClock.adjust("750 millis")
      assert.strictEqual(attempts.length, before + 1)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("leaves a venue that refuses to its breaker", () =>
    Effect.gen(function* () {
      const { attempts } = yield* start(kraken, instruments, { isRefusing: true, restStatus: 404 })
      yield* TestClock.adjust("20 seconds")
      // Five attempts in about 8 s open the breaker for 30 s.
      assert.strictEqual(attempts.length, 5)
    }).pipe(
      Effect.scoped,
      Effect.provide(Supervisor.layer.pipe(Layer.provideMerge(Policies.layer()), Layer.provideMerge(HealthRegistry.layer))),
      Random.withSeed("breaker")
    )
  )

  it.effect("polls the books by REST while connections do not hold, and stops when one does", () =>
    Effect.gen(function* () {
      const { asked, next, socket } = yield* start(kraken)
      for (const wait of [750, 1500]) {
        yield* Effect.flatMap(socket, ({ close }) => close)
        yield* TestClock.adjust(wait)
      }
      assert.deepStrictEqual(asked, [])
      yield* Effect.flatMap(socket, ({ close }) => close)
      // The next attempt comes after 1 to 3 s.
      for (const number of [0, 1]) {
        const { instrument, text, venue } = yield* next(FrameSource.snapshot)
        assert.deepStrictEqual({ instrument, venue, text }, { instrument: number, venue: wireNumber, text: bookOf(asked[number]!) })
      }
      assert.include(yield* detailOf("kraken#0"), "books are polled")
      yield* TestClock.adjust("3 seconds")
      yield* socket
      const polled = asked.length
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(asked.length, polled)
      assert.strictEqual(yield* detailOf("kraken#0"), "")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("asks REST for a lost book, for that book alone and at most once a second", () =>
    Effect.gen(function* () {
      const { asked, connector, next } = yield* start({ ...kraken, resync: { _tag: "Snapshot" }, instrumentsPerConnection: 1 })
      // Merged books begin with a snapshot each.
      const first = [yield* next(FrameSource.snapshot), yield* next(FrameSource.snapshot)]
      assert.sameDeepMembers(
        first.map(({ connection, instrument }) => [connection, instrument]),
        [
          [0, 0],
          [1, 1]
        ]
      )
      yield* connector.resync(1, "gap")
      yield* connector.resync(7, "gap")
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(asked.length, 2)
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* next(FrameSource.snapshot), { connection: 1, instrument: 1, text: bookOf(asked[2]!) })
      assert.strictEqual(asked[2], kraken.book.path("USDT/USD"))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(asked.length, 3)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("asks again by itself for a book that REST refused, after longer and longer waits, and for no other", () =>
    Effect.gen(function* () {
      const { asked, next, venue } = yield* start({ ...kraken, resync: { _tag: "Snapshot" } }, instruments, { restStatus: 404 })
      yield* TestClock.adjust("40 seconds")
      // At once, and after 1, 3, 7, 15, 25 and 35 seconds.
      assert.deepEqual(asked, Array.from({ length: 7 }, () => instruments.map(({ symbol }) => kraken.book.path(symbol))).flat())
      venue.restStatus = 200
      const before = asked.length
      yield* TestClock.adjust("10 seconds")
      assert.sameMembers([(yield* next(FrameSource.snapshot)).instrument, (yield* next(FrameSource.snapshot)).instrument], [0, 1])
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(asked, before + 2)
    }).pipe(Effect.scoped, Effect.provide(layerOf({ connect: patient, rest: triedOnce })))
  )

  it.effect("leaves a channel and joins it again for a lost book, on the connection that carries it", () =>
    Effect.gen(function* () {
      const messages = (own: ReadonlyArray<Instrument>) => own.map(({ symbol }) => `again ${symbol}`)
      const { connector, socket } = yield* start({
        ...kraken,
        instrumentsPerConnection: 1,
        resync: { _tag: "Resubscribe", messages, wholeConnection: false }
      })
      const [first, second] = [yield* socket, yield* socket]
      yield* TestClock.adjust("1 millis")
      yield* connector.resync(1, "checksum")
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(first.sent, [])
      assert.deepStrictEqual(second.sent, ["again USDT/USD"])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("opens a new connection for a lost book where that is the venue's way", () =>
    Effect.gen(function* () {
      const { connector, next, socket } = yield* start({ ...kraken, resync: { _tag: "Reconnect" }, instrumentsPerConnection: 1 })
      yield* socket
      yield* socket
      yield* TestClock.adjust("1 millis")
      yield* connector.resync(1, "gap")
      assert.deepInclude(yield* next(FrameSource.disconnected), { connection: 1 })
      assert.strictEqual(connector.open(), 1)
      yield* TestClock.adjust("750 millis")
      yield* socket
      assert.strictEqual(connector.open(), 2)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("ends a connection on which nothing comes, and leaves one with signs of life alone", () =>
    Effect.gen(function* () {
      const { connector, next, socket } = yield* start({ ...kraken, silenceMax: "20 seconds" })
      const { sign } = yield* socket
      for (let turn = 0; turn < 6; turn++) {
        yield* TestClock.adjust("10 seconds")
        sign()
      }
      assert.strictEqual(connector.open(), 1)
      yield* TestClock.adjust("25 seconds")
      yield* next(FrameSource.disconnected)
      assert.include(yield* detailOf("kraken#0"), "has said nothing for 25 s")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("ends a connection on which nothing comes, and asks for a lost book, though the wall's clock is set back by an hour", () =>
    Effect.gen(function* () {
      const test = yield* Clock.Clock
      let offset = 0
      const now = () => test.currentTimeMillisUnsafe() + offset
      const clock = { ...test, currentTimeMillisUnsafe: now, currentTimeMillis: Effect.sync(now) }
      yield* Effect.gen(function* () {
        const { asked, attempts, connector, next } = yield* start({ ...kraken, silenceMax: "1 minute", resync: { _tag: "Snapshot" } })
        yield* next(FrameSource.snapshot)
        yield* next(FrameSource.snapshot)
        offset = -3_600_000
        const before = asked.length
        yield* connector.resync(0, "gap")
        yield* TestClock.adjust("2 seconds")
        assert.lengthOf(asked, before + 1)
        yield* TestClock.adjust("2 minutes")
        assert.isAtLeast(attempts.length, 2)
      }).pipe(Effect.provideService(Clock.Clock, clock))
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("ends a connection without data while the venue's books change, and leaves a quiet market alone", () =>
    Effect.gen(function* () {
      const quiet: Exchange = { ...kraken, quietMax: "10 seconds", resync: { _tag: "Snapshot" } }
      let bodies = 0
      const bodyAt = (price: string) => () => JSON.stringify({ asks: [[price, "5"]], ts: bodies++ })
      const { connector, next, venue } = yield* start(quiet, [pair("USDC")], { body: bodyAt("1.001") })
      // The first is the book that a connection begins with; the others are compared.
      for (let turn = 0; turn < 4; turn++) {
        yield* next(FrameSource.snapshot)
        assert.strictEqual(connector.open(), 1)
        if (turn === 3) venue.body = bodyAt("1.002")
        yield* TestClock.adjust("10 seconds")
      }
      yield* next(FrameSource.disconnected)
      assert.include(yield* detailOf("kraken#0"), "has sent no data, though its books changed")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("cuts off a venue that brings more bytes than it may, and connects again once it has waited", () =>
    Effect.gen(function* () {
      const { attempts, connector, next, socket } = yield* start({ ...kraken, instrumentsPerConnection: 1 })
      const first = yield* socket
      const second = yield* socket
      const frame = "x".repeat(4 << 20)
      // Both connections draw on one budget.
      for (let at = 0; at < budgetBytesAtOnce; at += 2 * frame.length) {
        first.frame(frame)
        second.frame(frame)
      }
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(connector.open(), 2)
      first.frame(frame)
      first.frame(frame)
      yield* next(FrameSource.disconnected)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(connector.open(), 1)
      assert.include(yield* detailOf("kraken#0"), "kraken sent more than 8 MB a second")
      const cut = yield* Metric.value(Metric.withAttributes(Metrics.cutOff, { venue: "kraken" }))
      assert.strictEqual(cut.count, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(attempts.length, 3)
      assert.strictEqual(connector.open(), 2)
      const again = yield* socket
      again.frame(frame)
      second.frame(frame)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(connector.open(), 2)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("ends a connection whose pairs were all delisted, and gives its place to the next pairs", () =>
    Effect.gen(function* () {
      const { connector, socket } = yield* start({
        ...kraken,
        instrumentsPerConnection: 1,
        silenceMax: "20 seconds",
        subscribe: (own) => own.map(({ symbol }) => symbol)
      })
      yield* socket
      const other = yield* socket
      connector.remove(0)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(connector.open(), 1)
      assert.strictEqual(yield* detailOf("kraken#0"), "all of its pairs were delisted")
      other.sign()
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(connector.open(), 1)
      yield* connector.add([{ instrument: pair("DAI"), number: 2 }])
      assert.deepStrictEqual((yield* socket).sent, ["DAI/USD"])
      assert.deepStrictEqual(connector.carried(), [["DAI/USD"], ["USDT/USD"]])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("opens no more connections than a venue may have, and keeps to those it has", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: connectionsMax + 6 }, (_, index) => pair(`C${index}`))
      const { connector } = yield* start({ ...kraken, instrumentsPerConnection: 1 }, many)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(connector.open(), connectionsMax)
      assert.strictEqual(connector.carried().length, connectionsMax)
      yield* connector.add([{ instrument: pair("LATE"), number: 100 }])
      assert.strictEqual(connector.carried().length, connectionsMax)
      assert.include(yield* detailOf("connections:kraken"), "7 pairs are not subscribed to")
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
