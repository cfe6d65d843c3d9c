/**
 * Ten venues at once, from their sockets to scores.
 *
 * `soak`: 20,000 frames a second for a minute through the engine's own connectors, ring and thread: what is lost, how late a score is,
 * whether memory grows. `soak-ccxt`: frames in a second of processor time, sequences and checksums verified, beside ccxt's Pro classes.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { makeConnector } from "@evenkeel/connectors/transport/Connector"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { CheckpointStore } from "@evenkeel/detection/host/CheckpointStore"
import { Detection } from "@evenkeel/detection/host/Detection"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { layerThread } from "@evenkeel/detection/host/ThreadDetection"
import { type VenueCounter, venueCounters } from "@evenkeel/detection/hotpath/Counters"
import { OrderBook } from "@evenkeel/detection/book/OrderBook"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { EventKind, MarketRecord, type MarketSink } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { sourceIds, type VenueId } from "@evenkeel/domain/market/Venue"
import { type Bench, type BenchResult, quantile } from "@evenkeel/runtime/bench/Bench"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { busyPoll } from "@evenkeel/runtime/ring/RingHeader"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Effect, Layer, References } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import type { SoakOrder, SoakVenue } from "./soak.bench.worker.ts"

const tenVenues = {
  binance: "USDCUSDT",
  coinbase: "USDC-USDT",
  kraken: "USDC/USDT",
  okx: "USDC-USDT",
  bybit: "USDCUSDT",
  kucoin: "USDC-USDT",
  htx: "usdcusdt",
  gate: "USDC_USDT",
  bitfinex: "tUSDC:USDT",
  bitstamp: "usdcusdt"
} as const
const pairs: ReadonlyArray<Instrument> = Object.entries(tenVenues).map(([venue, symbol]) => ({
  venue,
  symbol,
  base: "USDC",
  quote: "USDT"
}))
const coins = ["USDC", "USDT"].flatMap((symbol) => coinOf(symbol) ?? [])

const framesPerSecond = 20_000
const soakSeconds = 60
const warmUpSeconds = 15
/** Seconds between two looks at what is in use, each after a collection. */
const collectEvery = 5

const startVenues = async (order: SoakOrder) => {
  const child = fork(new URL("./soak.bench.worker.ts", import.meta.url), [JSON.stringify(order)], { execArgv: ["--expose-gc"] })
  const [venues] = (await once(child, "message")) as [ReadonlyArray<SoakVenue>]
  return {
    venues,
    sent: async () => {
      child.send("sent")
      const [sent] = (await once(child, "message")) as [number]
      return sent
    },
    stop: () => child.kill()
  }
}

const layer = Supervisor.layer.pipe(
  Layer.provideMerge(Policies.layer()),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici, MarketJournal.layerNoop)),
  Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
)

/** Bytes a second by least squares. */
const slopeOf = (samples: ReadonlyArray<readonly [second: number, bytes: number]>): number => {
  const meanX = samples.reduce((sum, [x]) => sum + x, 0) / samples.length
  const meanY = samples.reduce((sum, [, y]) => sum + y, 0) / samples.length
  const top = samples.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return top / samples.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

const soak = async (): Promise<ReadonlyArray<BenchResult>> => {
  const perVenue = framesPerSecond / pairs.length
  const servers = await startVenues({
    kind: "replay",
    instruments: pairs,
    framesPerVenue: perVenue * (soakSeconds + 2),
    framesPerSecond: perVenue
  })
  const engine = layerThread({
    coins,
    instruments: pairs,
    spareInstruments: 0,
    venues: Effect.runSync(Venues).threadSources,
    barMillis: 60_000,
    scoreGapMillis: 0,
    staleAfterMillis: 60_000,
    framesBytes: 1 << 24,
    wait: busyPoll
  }).pipe(Layer.provide(Layer.merge(LevelRecorder.layerNoop, CheckpointStore.layerMemory)))
  const feed = FrameSink.layer({ sampleEvery: 0 }).pipe(Layer.provideMerge(engine), Layer.provideMerge(layer))
  const middles: Array<number> = []
  const latencies: Array<number> = []
  /** What is in use after a collection, and what the system has given. */
  const heap: Array<readonly [number, number]> = []
  const resident: Array<readonly [number, number]> = []
  const run = Effect.gen(function* () {
    const sink = yield* FrameSink
    const detection = yield* Detection
    for (const { endpoints, venue } of servers.venues) yield* makeConnector({ exchange: exchanges[venue], endpoints, instruments: pairs })
    yield* Effect.sleep("1 second")
    for (let second = 0; second < soakSeconds; second++) {
      const before = detection.latency.copy()
      yield* Effect.sleep("1 second")
      if (second < warmUpSeconds) continue
      const added = detection.latency.since(before)
      middles.push(added.quantile(0.5) / 1000)
      latencies.push(added.quantile(0.99) / 1000)
      if (second % collectEvery !== 0) continue
      globalThis.gc?.()
      const { external, heapUsed, rss } = process.memoryUsage()
      heap.push([second, heapUsed + external])
      resident.push([second, rss])
    }
    yield* Effect.sleep("2 seconds")
    const counts = sink.counts.reduce((sum, { dropped, frames }) => ({ frames: sum.frames + frames, dropped: sum.dropped + dropped }), {
      frames: 0,
      dropped: 0
    })
    const counted = (name: VenueCounter) =>
      sourceIds.reduce((sum, _, venue) => sum + detection.counter(venue, venueCounters.indexOf(name)), 0)
    const good = pairs.filter((_, number) => detection.instrument(number)?.book === "good").length
    return { ...counts, market: counted("market"), control: counted("control"), refused: counted("malformed") + counted("unknown"), good }
  })
  const began = performance.now()
  const result = await Effect.runPromise(run.pipe(Effect.scoped, Effect.provide(feed)))
  const sent = await servers.sent()
  servers.stop()
  const [p99, worst] = [quantile(latencies, 0.5), quantile(latencies, 1)]
  const slope = slopeOf(heap)
  const lost = sent - result.frames
  const perSecond = result.frames / ((performance.now() - began) / 1000 - 3)
  return [
    {
      name: "soak: ten venues, 20,000 frames/s for 60 s, published to scored",
      bar: "p99 ≤ 50 µs, none unaccounted",
      measured: `p50 ${quantile(middles, 0.5).toFixed(1)} µs, p99 ${p99.toFixed(1)} µs (worst second ${worst.toFixed(1)}); ${Math.round(perSecond)} frames/s; ${sent} sent, ${result.frames} received, ${result.dropped} dropped; ${result.market} market, ${result.control} control, ${result.refused} refused; ${result.good} of ${pairs.length} books good`,
      met: p99 <= 50 && result.dropped === 0 && result.refused === 0 && Math.abs(lost) <= pairs.length * 8 && result.good === pairs.length,
      figures: { p99Micros: p99, worstMicros: worst, sent, received: result.frames, dropped: result.dropped, perSecond }
    },
    {
      name: "soak: growth of memory after warm-up",
      bar: "≤ 64 KiB/s",
      measured: `${(slope / 1024).toFixed(1)} KiB/s in use over ${heap.length * collectEvery} s (resident ${(slopeOf(resident) / 1024).toFixed(1)} KiB/s, at ${((resident.at(-1)?.[1] ?? 0) / 2 ** 20).toFixed(0)} MiB)`,
      met: slope <= 64 * 1024,
      figures: { bytesPerSecond: slope }
    }
  ]
}

/** Nanoseconds of processor time that this process takes a frame. */
type Cost = { readonly frames: number; readonly nanos: number; readonly good: boolean }

const measured = async (seconds: number, frames: () => number): Promise<Omit<Cost, "good">> => {
  const from = frames()
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const { system, user } = process.cpuUsage(before)
  const handled = frames() - from
  return { frames: handled, nanos: ((user + system) * 1000) / handled }
}

/** Verified books and nothing behind them, which is what ccxt keeps. */
class Books implements MarketSink {
  readonly record = new MarketRecord()
  readonly books = Array.from({ length: pairs.length }, () => new OrderBook())
  lost = 0

  accept(): void {
    const { integers, levels } = this.record
    const book = this.books[integers[1]!]!
    switch (integers[0]) {
      case EventKind.bookClear:
        return book.clear()
      case EventKind.bookLevels:
        for (let i = 0; i < integers[3]! * 3; i += 3) book.set(levels[i] as 0 | 1, levels[i + 1]!, levels[i + 2]!)
        return
      case EventKind.bookTruncate:
        return book.truncate(integers[3]!)
      case EventKind.bookStale:
        this.lost++
    }
  }

  book(instrument: number): OrderBook {
    return this.books[instrument]!
  }
}

/** The engine's own way, in one thread: connector, decoder, verified book. */
const costOfOurs = ({ endpoints, venue }: SoakVenue, seconds: number): Promise<Cost> => {
  const instruments = pairs.filter((instrument) => instrument.venue === venue)
  const books = new Books()
  const symbols = new SymbolTable(instruments.map(({ symbol }, number) => [symbol, number] as const))
  const decoder = decoders[venue](symbols, books.record, books)
  const ring = new Uint8Array(new SharedArrayBuffer(1 << 20))
  let frames = 0
  const sink = FrameSink.of({
    offer: (source, _venue, _connection, instrument, payload) => {
      if (source === FrameSource.socket) {
        // As live: decoded where it lies in shared memory.
        ring.set(payload)
        decoder.decode(ring, 0, payload.length)
        frames++
      } else if (source === FrameSource.snapshot) decoder.snapshot(instrument, payload, 0, payload.length)
      return true
    },
    tick: () => true,
    counts: [],
    fill: () => 0
  })
  return Effect.runPromise(
    Effect.gen(function* () {
      yield* makeConnector({ exchange: exchanges[venue], endpoints, instruments })
      yield* Effect.sleep("1 second")
      const cost = yield* Effect.promise(() => measured(seconds, () => frames))
      return { ...cost, good: books.lost === 0 && books.book(0).count(0) > 0 }
    }).pipe(Effect.provideService(FrameSink, sink), Effect.scoped, Effect.provide(layer))
  )
}

interface CcxtExchange {
  urls: { api: unknown }
  options: Record<string, unknown>
  handleMessage: (client: unknown, message: unknown) => unknown
  loadMarkets: () => Promise<unknown>
  negotiate?: unknown
  readonly setMarkets: (markets: ReadonlyArray<object>) => unknown
  readonly loadHttpProxyAgent: () => Promise<unknown>
  readonly watchOrderBook: (symbol: string) => Promise<{ readonly bids: ReadonlyArray<unknown> }>
  readonly watchTrades: (symbol: string) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** ccxt's Pro class of the venue, watching the book (verified, as it does by itself) and the trades. */
const costOfCcxt = async ({ endpoints, venue }: SoakVenue, seconds: number): Promise<Cost> => {
  const { default: ccxt } = (await import("ccxt")) as unknown as {
    readonly default: { readonly pro: Record<string, new (options: object) => CcxtExchange> }
  }
  const exchange = new ccxt.pro[venue]!({ enableRateLimit: false })
  const id = tenVenues[venue as keyof typeof tenVenues]
  const symbol = "USDC/USDT"
  exchange.setMarkets([
    {
      id,
      lowercaseId: id.toLowerCase(),
      wsId: id,
      symbol,
      base: "USDC",
      quote: "USDT",
      baseId: "USDC",
      quoteId: "USDT",
      spot: true,
      type: "spot",
      active: true,
      contract: false,
      swap: false,
      future: false,
      option: false,
      margin: false,
      precision: { price: 0.00001, amount: 0.01 },
      limits: { amount: {}, price: {}, cost: {} },
      info: { wsname: symbol, altname: id, websocketId: id }
    }
  ])
  exchange.loadMarkets = () => Promise.resolve({})
  // Every address becomes the simulated venue's: nothing else is ever asked.
  const local = (value: unknown): unknown => {
    if (typeof value === "string") {
      const path = /^wss?:\/\//.test(value) ? "" : value.replace(/^https?:\/\/[^/]*/, "").replace(/\{hostname\}/, "")
      return /^wss?:/.test(value) ? endpoints.socket : endpoints.rest + path
    }
    return typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, local(inner)]))
      : value
  }
  exchange.urls.api = local(exchange.urls.api)
  if (venue === "kucoin") exchange.negotiate = () => Promise.resolve(endpoints.socket)
  await exchange.loadHttpProxyAgent()
  let frames = 0
  let failed = false
  let levels = 0
  const handle = exchange.handleMessage.bind(exchange)
  exchange.handleMessage = (client, message) => {
    frames++
    return handle(client, message)
  }
  const forever = async (watch: () => Promise<void>) => {
    try {
      for (;;) await watch()
    } catch {
      failed = true
    }
  }
  const running = [
    forever(async () => {
      levels = (await exchange.watchOrderBook(symbol)).bids.length
    }),
    forever(async () => void (await exchange.watchTrades(symbol)))
  ]
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const good = !failed && levels > 0
  const cost = good ? await measured(seconds, () => frames) : { frames, nanos: Number.NaN }
  const held = good && !failed
  await exchange.close().catch(() => {})
  await Promise.race([Promise.allSettled(running), new Promise((resolve) => setTimeout(resolve, 200))])
  return { ...cost, good: held }
}

const sliceSeconds = 6
const rounds = 2
/** Frames come by the hundred, as from a busy venue: waking up is shared, and the work is what is measured. */
const bursts = { speed: 2000, stepMillis: 300, stepsAtOnce: 10_000 }

const againstCcxt = async (): Promise<ReadonlyArray<BenchResult>> => {
  const rows: Array<{ readonly venue: VenueId; readonly ours: number; readonly theirs: number; readonly good: boolean }> = []
  for (const pair of pairs) {
    // One venue at a time, so that it is the client that is measured, not who has the processor.
    const servers = await startVenues({ kind: "live", instruments: [pair], ...bursts })
    const venue = servers.venues[0]!
    const ours: Array<Cost> = []
    const theirs: Array<Cost> = []
    for (let round = 0; round < rounds; round++) {
      ours.push(await costOfOurs(venue, sliceSeconds))
      theirs.push(await costOfCcxt(venue, sliceSeconds))
    }
    rows.push({
      venue: venue.venue,
      ours: Math.min(...ours.map(({ nanos }) => nanos)),
      theirs: Math.min(...theirs.map(({ nanos }) => nanos)),
      good: ours.every(({ good }) => good) && theirs.every(({ good }) => good)
    })
    servers.stop()
  }
  const compared = rows.filter(({ good }) => good)
  const mean = (pick: (row: (typeof rows)[number]) => number) => compared.reduce((sum, row) => sum + pick(row), 0) / compared.length
  const ratio = mean(({ theirs }) => theirs) / mean(({ ours }) => ours)
  const left = rows.filter(({ good }) => !good).map(({ venue }) => venue)
  return [
    {
      name: "soak: frames a CPU second against ccxt Pro, verified books",
      bar: "≥ 8x",
      measured: `${ratio.toFixed(1)}x: ${(mean(({ ours }) => ours) / 1000).toFixed(1)} against ${(mean(({ theirs }) => theirs) / 1000).toFixed(1)} µs a frame; ${compared
        .map(({ ours, theirs, venue }) => `${venue} ${(theirs / ours).toFixed(1)}x`)
        .join(", ")}${left.length > 0 ? `; without a verified book on one side, left out: ${left.join(", ")}` : ""}`,
      met: ratio >= 8 && compared.length > 0,
      figures: {
        ratio,
        ownMicros: mean(({ ours }) => ours) / 1000,
        ccxtMicros: mean(({ theirs }) => theirs) / 1000,
        venues: compared.length
      }
    }
  ]
}

/** Minutes long: run by name alone. */
export const benches: ReadonlyArray<Bench> = [
  { name: "soak", byNameAlone: true, run: async () => [...(await soak()), ...(await againstCcxt())] }
]
