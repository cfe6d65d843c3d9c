/**
 * One conformance suite for every venue: the real connector over real sockets, against a venue that speaks the real protocol and
 * misbehaves on purpose. In every case the book is right, or it is marked stale and becomes right again.
 */
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import type { Exchange } from "@evenkeel/connectors/exchange/Exchange"
import { coinbaseExchange, exchanges } from "@evenkeel/connectors/exchange/Exchanges"
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
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { symbolOf } from "@evenkeel/connectors/simulated/Symbols"

const layer = Supervisor.layer.pipe(
  Layer.provideMerge(
    Policies.layer({
      rest: {
        ...defaultPolicies.rest,
        rate: { limit: 1e6, window: "1 minute" },
        retry: { times: 1, base: "20 millis", max: "50 millis" },
        breaker: { failures: 5, openFor: "500 millis", successes: 1 }
      },
      connect: { ...defaultPolicies.connect, breaker: { failures: 2, openFor: "1 second", successes: 1 } }
    })
  ),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)

const pairs = [
  ["USDC", "USDT"],
  ["DAI", "USDT"],
  ["FDUSD", "USDC"]
] as const

/** A venue, its connector, and the hot path at the other end of it. */
const connect = Effect.fnUntraced(function* (
  exchange: Exchange,
  options: { readonly skewMillis?: number; readonly idPrefix?: string; readonly silent?: boolean } = {}
) {
  const began = performance.now()
  const scenario = scenarios.calm()
  const clock = () => scenario.startsAt + (performance.now() - began) * 50
  const own = pairs.map(([base, quote]) => ({ venue: exchange.id, symbol: symbolOf[exchange.id](base, quote), base, quote }))
  const venue = yield* makeSimulatedVenue({
    venue: exchange.id,
    instruments: own,
    scenario,
    seed: 3,
    clock: () => clock() + (options.skewMillis ?? 0),
    stepMillis: 15,
    ...(options.idPrefix === undefined ? {} : { idPrefix: options.idPrefix })
  })
  const local = new LocalHotPath({
    coins: ["USDT", "USDC", "DAI", "FDUSD"].flatMap((symbol) => coinOf(symbol) ?? []),
    instruments: own,
    venues: decodedSources,
    barMillis: 60_000,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const row = new Float64Array(stateFields)
  const bookState = (instrument: number) => (local.state.read(4 + instrument, row) ? row[instrumentState.book] : 0)
  const resyncs = yield* Queue.sliding<readonly [number, string]>(64)
  const seen = { resyncs: [] as Array<string>, refusals: [] as Array<number>, frames: 0, ends: 0, staleAtEnd: true }
  const offer: FrameSink["Service"]["offer"] = (source, venueNumber, connection, instrument, payload) => {
    seen.frames++
    local.feed({ source, venue: venueNumber, connection, instrument, received: clock(), payload })
    if (source === FrameSource.disconnected) {
      seen.ends++
      seen.staleAtEnd &&= own.every((_, number) => bookState(number) !== 1)
    }
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

const until = (what: string, test: () => boolean, seconds = 20) =>
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

const detailed = Effect.fnUntraced(function* (what: string) {
  const health = yield* HealthRegistry
  for (let turn = 0; turn < 2000; turn++) {
    if ((yield* health.snapshot).some(({ detail }) => detail.includes(what))) return
    yield* Effect.sleep("10 millis")
  }
  assert.fail(`nobody said: ${what}`)
})

/** Feeds whose books carry no id: what they lose in silence nobody can know. */
const unnumbered = ({ verifiedBy }: Exchange) => verifiedBy === "nothing" || verifiedBy === "times"

const feeds: ReadonlyArray<readonly [name: string, exchange: Exchange]> = [
  ...venueIds.map((venue) => [venue, exchanges[venue]] as const),
  ["Coinbase Exchange", coinbaseExchange]
]
/** As live, but for patience and politeness: nobody waits a minute here. */
const hasty = (exchange: Exchange): Exchange => ({
  ...exchange,
  silenceMax: "20 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 200,
  ping: exchange.ping === undefined ? undefined : { ...exchange.ping, every: "1 second" }
})

describe.concurrent.each(feeds)("%s", (_, live) => {
  const exchange = hasty(live)

  it.live(
    "builds every book as the venue has it, over several connections, and keeps it while it changes",
    () =>
      Effect.gen(function* () {
        const { right, seen, venue } = yield* connect(
          { ...exchange, instrumentsPerConnection: 2 },
          { idPrefix: "90071992547", skewMillis: 3_600_000 }
        )
        yield* settled(venue, right)
        assert.strictEqual(venue.connections(), 2)
        const before = seen.frames
        yield* until("a hundred more frames", () => seen.frames > before + 100)
        // What nobody has heard of is counted, and harms nothing.
        venue.say('{"surprise":{"party":[1,2,{"three":"four"}]}}')
        yield* until("it is counted on each connection", () => seen.refusals.length >= 2)
        yield* settled(venue, right)
        assert.deepStrictEqual(seen.resyncs, [])
        assert.strictEqual(seen.ends, 0)
        assert.isTrue(
          seen.refusals.every((outcome) => outcome === FrameOutcome.unknown),
          String(seen.refusals)
        )
        assert.strictEqual(seen.refusals.length, venue.connections())
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "reconnects after a close, with every book stale until it is right again",
    () =>
      Effect.gen(function* () {
        const { right, seen, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        for (const code of [1001, 1012, 4001]) {
          const { ends } = seen
          venue.disconnect(code)
          yield* until("the connection has ended", () => seen.ends > ends)
          yield* settled(venue, right)
        }
        assert.isTrue(seen.staleAtEnd)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "finds frames that are lost, doubled, out of order, late or damaged, and comes back to the venue's books",
    () =>
      Effect.gen(function* () {
        const { right, seen, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        venue.faults.rates = unnumbered(exchange)
          ? { ...noFaults, corrupt: 0.02 }
          : { drop: 0.02, duplicate: 0.03, reorder: 0.02, corrupt: 0.01, delay: 0.02, cut: 0 }
        yield* until("faults enough", () => Object.values(venue.faults.counts).reduce((sum, count) => sum + count, 0) > 25, 30)
        venue.faults.rates = noFaults
        // Whole books, again and again: a loss heals by itself.
        if (exchange.verifiedBy !== "whole books") assert.isAbove(seen.resyncs.length, 0)
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
        const { right, venue } = yield* connect({ ...exchange, silenceMax: "2 seconds" })
        yield* settled(venue, right)
        venue.mute = true
        yield* detailed("said nothing")
        venue.mute = false
        yield* settled(venue, right)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "tells a quiet market, which it leaves alone, from healthy pings without data, which it leaves",
    () =>
      Effect.gen(function* () {
        const { bookState, own, right, seen, venue } = yield* connect({ ...exchange, quietMax: "400 millis" })
        yield* settled(venue, right)
        venue.pause = true
        yield* Effect.sleep("2 seconds")
        assert.strictEqual(seen.ends, 0)
        assert.isTrue(own.every((_, instrument) => bookState(instrument) === 1))
        venue.pause = false
        venue.stall()
        yield* until("the dead connection is left", () => seen.ends > 0)
        yield* settled(venue, right)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live(
    "polls books while no socket can be had in maintenance, and goes back to sockets",
    () =>
      Effect.gen(function* () {
        const { own, right, seen, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        venue.refuseSockets = true
        venue.disconnect(1012)
        yield* detailed("books are polled")
        venue.pause = true
        yield* until("the polled books are the venue's", right)
        venue.pause = false
        assert.isAtLeast(venue.restCalls, own.length)
        venue.refuseSockets = false
        const { frames } = seen
        yield* until("frames come again", () => venue.connections() > 0 && seen.frames > frames + 20, 60)
        yield* settled(venue, right)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    120_000
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

  it.live.runIf(live.verifiedBy.includes("checksum"))(
    "believes no book whose checksum is wrong, once or always",
    () =>
      Effect.gen(function* () {
        const { bookState, own, right, seen, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        venue.badChecksums = true
        yield* until("every book is stale", () => own.every((_, instrument) => bookState(instrument) === 2))
        assert.include(seen.resyncs, "checksum")
        // Always: what is built anew under a wrong checksum is not served either, or not for longer than it takes to look.
        yield* Effect.sleep("1 second")
        assert.isAbove(seen.resyncs.length, own.length - 1)
        venue.badChecksums = false
        yield* settled(venue, right)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )

  it.live.runIf(live.resync._tag === "Snapshot")(
    "asks again after 503, and after 429 only when it may",
    () =>
      Effect.gen(function* () {
        const { bookState, own, right, venue } = yield* connect(exchange)
        yield* settled(venue, right)
        // A handshake that is refused is another matter: only the books are.
        venue.restStatus = 503
        venue.disconnect(1001)
        yield* Effect.sleep("1 second")
        assert.isTrue(own.every((_, instrument) => bookState(instrument) !== 1))
        venue.restStatus = 429
        venue.restHeaders = { "retry-after": "2" }
        const asked = venue.restCalls
        yield* until("it is refused", () => venue.restCalls > asked)
        const calls = venue.restCalls
        yield* Effect.sleep("1500 millis")
        // What was on its way arrives; then nothing is asked for two seconds.
        assert.isAtMost(venue.restCalls, calls + 1)
        venue.restStatus = undefined
        venue.restHeaders = {}
        yield* until("the books are back", right, 20)
      }).pipe(Effect.scoped, Effect.provide(layer)),
    60_000
  )
})
