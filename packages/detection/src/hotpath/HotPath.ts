/**
 * From a venue's bytes to a coin's risk level: decode, verify, book, fair value, features, detectors, level.
 *
 * One pure module that the worker, the replayer, the backtester and the tests all call, so that what was tested is what runs.
 * Time comes with the frames. Nothing here waits, reads a clock or, once instruments are known, allocates per frame.
 *
 * Prices move the fair value with each tick. Levels are decided where bars close (on a grid of the frames' own time), because a
 * break is a statement about bars in a row; see `RiskMachine`.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { isCurrency } from "@evenkeel/domain/coin/Coin"
import { type FrameDecoder, type FrameDecoderFactory, FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { decodeListed, type Instrument } from "@evenkeel/domain/market/Instrument"
import { EventKind, type LevelReader, MarketRecord, type MarketSink, staleReasonCode } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { changeKinds, type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import type { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Option } from "effect"
import { barsToConfirm } from "../detector/Confirmation.ts"
import { FeatureInput, Features } from "../feature/Features.ts"
import { ModelReader } from "../model/ModelMemory.ts"
import { isRun, type RiskEvidence, riskThresholds, warningLevelBps } from "../risk/RiskMachine.ts"
import { FairValue } from "../value/FairValue.ts"
import { CoinBars } from "./CoinBars.ts"
import { CoinTrack, InstrumentTrack } from "./Tracks.ts"
import {
  coinState,
  horizonCount,
  instrumentState,
  sampleBytesMax,
  signalFields,
  signalIntegers,
  SignalKind,
  signalOffsets,
  stateFields
} from "./SignalRecord.ts"

export interface HotPathOptions {
  readonly coins: ReadonlyArray<Coin>
  /** Instruments by number; those whose coins are unknown are decoded and kept in books, and say nothing of any coin. */
  readonly instruments: ReadonlyArray<Instrument>
  /** Places kept free behind them for pairs that are listed while running. */
  readonly spareInstruments?: number
  /** Venues by wire number, with their decoders; undefined where only events come. */
  readonly venues: ReadonlyArray<{ readonly id: string; readonly decoder: FrameDecoderFactory | undefined }>
  /** Length of the bars on which levels are decided. */
  readonly barMillis: number
  /** Two scores of one coin are at least this far apart; 0 scores every tick. */
  readonly scoreGapMillis: number
  /** Levels that stood when the engine was last stopped, by coin; `normal` where none is given. */
  readonly initialLevels?: Readonly<Record<string, RiskLevel>>
}

/** Where signals go: a slot to fill, and its publication. */
export interface SignalWriter {
  readonly float64: Float64Array
  readonly int32: Int32Array
  readonly bytes: Uint8Array
  /** Byte offset of a record, or -1 when there is no room. */
  readonly claim: () => number
  readonly commit: () => void
}

/** A frame where it lies: in the ring, or in the replayer's own block of the same layout. */
export interface FrameView {
  readonly bytes: Uint8Array
  readonly int32: Int32Array
  readonly float64: Float64Array
  readonly uint16: Uint16Array
}

/** Counters by venue, shared with whoever watches: `counters[venue * counterCount + counter]`. */
export const hotCounters = [
  "market",
  "control",
  "unknown",
  "malformed",
  "refused",
  "unlisted",
  "crossed",
  "clockJumps",
  "scoresDropped"
] as const
export const counterCount = hotCounters.length
const counterOf = (name: (typeof hotCounters)[number]) => hotCounters.indexOf(name)

const minute = 60_000
const warning = severity("warning")
/** A venue this far from the fair value, for three bars, while two others hold, is a local dislocation. */
const localBps = 30
const localSignificance = 4
/** What the rest of the market is measured by. */
const marketCoin = "BTC"
/** A source whose volume is below this share of the coin's largest says nothing of its flow. */
const flowShareMin = 0.1
const agreeBps = 15
const agreeSignificance = 3
/** A fair value is solved anew for moves above this, or when this much time has passed. */
const solveMoveBps = 0.005
const solveGapMillis = 100
/** A quote is better evidence than a trade for so long. */
const quoteFreshMillis = 60_000
/** A book that stays stale is asked for again after this long. */
const resyncAgainMillis = 10_000
/** What a pool's fee and its blocks leave uncertain, and the depth within 1 % (in the quote) from which it is a good one. */
const poolErrorBps = 4
const poolDepthGood = 1_000_000
const withdrawnFields = [
  instrumentState.lastPrice,
  instrumentState.imbalance,
  instrumentState.sellDepth,
  instrumentState.buyDepth,
  instrumentState.averagePrice,
  instrumentState.supply,
  instrumentState.minted,
  instrumentState.burned
]
/** What an oracle may be off by between two rounds, and a third of the longest time between them. */
const oracleErrorBps = 5
const oracleRoundMillis = (26 * 60 * minute) / 3

export class HotPath implements MarketSink {
  readonly #options: HotPathOptions
  readonly #record = new MarketRecord()
  readonly #coins: ReadonlyArray<CoinTrack>
  readonly #instruments: Array<InstrumentTrack>
  readonly #value: FairValue
  readonly features: Features
  readonly #bars: CoinBars
  readonly #model: ModelReader | undefined
  /** The instrument that prices the market as a whole, or -1. */
  readonly #market: number
  readonly #input = new FeatureInput()
  readonly #state: StateTable
  readonly #signals: SignalWriter
  readonly #counters: Uint32Array
  readonly #decoders = new Map<number, FrameDecoder>()
  readonly #symbols: ReadonlyArray<SymbolTable>
  readonly #coinRow = new Float64Array(stateFields)
  readonly #now: () => number
  // The frame in hand. Doubles live in a typed array, where writing one allocates nothing.
  readonly #times = new Float64Array(7)
  #connection = 0
  #frameCoin = -1
  #owed = false
  /** Where the frame in hand has its trace; -1 when it is not sampled. */
  #traceAt = -1
  #traceBytes: Uint8Array | undefined

  /**
   * `now` reads the process's Nanoclock for latency alone (a constant in replays); `counters` holds `counterCount` numbers
   * a venue; `state` one row a coin, then one an instrument; `models` the model that serves (see `ModelMemory`), none without it.
   */
  constructor(
    options: HotPathOptions,
    state: StateTable,
    signals: SignalWriter,
    counters: Uint32Array,
    now: () => number,
    models?: WebAssembly.Memory
  ) {
    this.#model = models === undefined ? undefined : new ModelReader(models)
    this.#options = options
    this.#state = state
    this.#signals = signals
    this.#counters = counters
    this.#now = now
    const coinOf = new Map(options.coins.map((coin, index) => [coin.symbol, index]))
    const edges: Array<readonly [number, number]> = []
    const nodeOf = (symbol: string): number | undefined => (isCurrency(symbol) ? -1 : coinOf.get(symbol))
    this.#coins = options.coins.map((coin) => {
      const track = new CoinTrack(coin)
      track.machine.level = severity(options.initialLevels?.[coin.symbol] ?? "normal")
      return track
    })
    const pegOf = (symbol: string) => (isCurrency(symbol) ? symbol : options.coins[coinOf.get(symbol)!]!.peg)
    this.#nodesOf = ({ base: baseSymbol, quote: quoteSymbol }) => {
      const base = nodeOf(baseSymbol)
      const quote = nodeOf(quoteSymbol)
      // A pair between pegs of two currencies measures their exchange rate, not a peg.
      const useless = base === undefined || quote === undefined || base === quote || pegOf(baseSymbol) !== pegOf(quoteSymbol)
      return useless ? undefined : [base, quote]
    }
    this.#instruments = options.instruments.map((instrument) => {
      const nodes = this.#nodesOf(instrument)
      const venue = options.venues.findIndex(({ id }) => id === instrument.venue)
      return nodes === undefined ? new InstrumentTrack(-1, -1, -1, venue) : this.#track(nodes, edges.push(nodes) - 1, venue)
    })
    for (let spare = 0; spare < (options.spareInstruments ?? 0); spare++) {
      this.#spareSources.set(this.#instruments.length, edges.push([-1, -1]) - 1)
      this.#instruments.push(new InstrumentTrack(-1, -1, -1, -1))
    }
    this.#value = new FairValue(
      edges,
      options.coins.map((coin) => coin.anchor)
    )
    this.features = new Features(this.#instruments.length)
    this.#bars = new CoinBars(this.#coins, this.#bySource, this.#value)
    this.#market = options.instruments.findIndex(({ base }) => base === marketCoin)
    this.#symbols = options.venues.map(
      ({ id }) =>
        new SymbolTable(
          options.instruments.flatMap((instrument, index) => (instrument.venue === id ? [[instrument.symbol, index] as const] : []))
        )
    )
    this.#times[lastSolve] = Number.NEGATIVE_INFINITY
    this.#times[lastTime] = Number.NEGATIVE_INFINITY
    this.#times[nextClose] = Number.NaN
  }
  /** Called at each bar's close with what every fresh coin was judged by: for evaluation and training. Valid during the call alone. */
  onJudged: ((coin: number, evidence: RiskEvidence, features: Float64Array) => void) | undefined
  readonly #bySource: Array<InstrumentTrack> = []
  /** The fair value's source of each place that is kept free. */
  readonly #spareSources = new Map<number, number>()
  readonly #nodesOf: (instrument: Pick<Instrument, "base" | "quote">) => readonly [base: number, quote: number] | undefined

  /** A track that prices a pair of coins. */
  #track([base, quote]: readonly [number, number], source: number, venue: number): InstrumentTrack {
    if (base >= 0) this.#coins[base]!.sources.push(source)
    if (quote >= 0) this.#coins[quote]!.sources.push(source)
    const track = new InstrumentTrack(base, quote, source, venue)
    this.#bySource.push(track)
    return track
  }

  /** A pair was listed: it takes a place that was kept free. */
  #listed(venue: number, instrument: number, payload: Uint8Array): FrameOutcome {
    const listed = decodeListed(payload)
    const source = this.#spareSources.get(instrument)
    if (Option.isNone(listed) || source === undefined || this.#symbols[venue] === undefined) return FrameOutcome.malformed
    this.#symbols[venue].add(listed.value.symbol, instrument)
    const nodes = this.#nodesOf(listed.value)
    if (nodes === undefined) {
      this.#instruments[instrument] = new InstrumentTrack(-1, -1, -1, venue)
      return FrameOutcome.control
    }
    this.#value.connect(source, nodes[0], nodes[1])
    this.#instruments[instrument] = this.#track(nodes, source, venue)
    this.#spareSources.delete(instrument)
    return FrameOutcome.control
  }

  /** A pair is not traded any more: what it said last does not stand. */
  #delisted(instrument: number): void {
    const track = this.#instruments[instrument]
    if (track === undefined) return
    track.book.clear()
    track.row.fill(Number.NaN)
    track.row[instrumentState.events] = track.row[instrumentState.commits] = track.row[instrumentState.book] = 0
    track.resyncAsked = Number.NaN
    track.resyncOwed = false
    this.#withdraw(track)
    this.#state.write(this.#options.coins.length + instrument, track.row)
  }

  book(instrument: number): LevelReader {
    return this.#instruments[instrument]!.book
  }

  /** Handles the frame at `offset` of `view`. */
  process(view: FrameView, offset: number): void {
    const times = this.#times
    const published = view.float64[(offset + frameOffsets.published) >> 3]!
    times[startedAt] = this.#now()
    this.#traceBytes = view.bytes
    this.#traceAt = view.bytes[offset + frameOffsets.sampled] === 1 ? offset + frameOffsets.trace : -1
    times[publishedAt] = published
    this.#advance(view.float64[(offset + frameOffsets.received) >> 3]!, view.bytes[offset + frameOffsets.venue]!)
    this.#frameCoin = -1
    this.#connection = view.uint16[(offset + frameOffsets.connection) >> 1]!
    const venue = view.bytes[offset + frameOffsets.venue]!
    const start = offset + frameOffsets.payload
    const end = start + view.int32[(offset + frameOffsets.payloadBytes) >> 2]!
    switch (view.bytes[offset + frameOffsets.source]) {
      case FrameSource.socket:
        this.#count(venue, this.#decoderOf(venue)?.decode(view.bytes, start, end) ?? FrameOutcome.unknown, view, start, end)
        break
      case FrameSource.snapshot: {
        const instrument = view.int32[(offset + frameOffsets.instrument) >> 2]!
        this.#count(venue, this.#decoderOf(venue)?.snapshot(instrument, view.bytes, start, end) ?? FrameOutcome.unknown, view, start, end)
        break
      }
      case FrameSource.event:
        this.#event(view, offset, start)
        break
      case FrameSource.listed: {
        const instrument = view.int32[(offset + frameOffsets.instrument) >> 2]!
        this.#count(venue, this.#listed(venue, instrument, view.bytes.subarray(start, end)), view, start, end)
        break
      }
      case FrameSource.delisted:
        this.#delisted(view.int32[(offset + frameOffsets.instrument) >> 2]!)
        break
      case FrameSource.connected:
      case FrameSource.disconnected:
      case FrameSource.lost:
        this.#interrupted(venue, view.bytes[offset + frameOffsets.source]!)
        break
      default:
        this.#askAgain()
    }
    if (this.#frameCoin >= 0) this.#scored(this.#frameCoin)
    if (this.#traceAt >= 0) this.#traced(venue)
    if (this.#owed) this.#settle()
  }

  /** Closes every bar up to and including `time`: the end of a replay. */
  finish(): void {
    const times = this.#times
    if (!Number.isNaN(times[nextClose]!)) this.#closeBar(times[nextClose]!)
    if (this.#owed) this.#settle()
  }

  /** Lets bars close that ended before `received`; time never runs backwards. */
  #advance(received: number, venue: number): void {
    const times = this.#times
    const bar = this.#options.barMillis
    if (!(received >= times[lastTime]!)) {
      if (Number.isNaN(received) || received < times[lastTime]! - bar) this.#bump(venue, counterOf("clockJumps"))
      times[now] = times[lastTime]!
      return
    }
    times[now] = received
    times[lastTime] = received
    if (Number.isNaN(times[nextClose]!)) times[nextClose] = Math.ceil(received / bar) * bar
    while (received > times[nextClose]!) {
      const fresh = this.#closeBar(times[nextClose]!)
      // Where nothing happened, the bars in between say nothing either.
      times[nextClose] = fresh ? times[nextClose]! + bar : Math.ceil(received / bar) * bar
    }
  }

  #decoderOf(venue: number): FrameDecoder | undefined {
    const key = (venue << 16) | this.#connection
    const known = this.#decoders.get(key)
    if (known !== undefined) return known
    const factory = this.#options.venues[venue]?.decoder
    if (factory === undefined) return undefined
    const decoder = factory(this.#symbols[venue]!, this.#record, this)
    this.#decoders.set(key, decoder)
    return decoder
  }

  #bump(venue: number, counter: number): void {
    const at = venue * counterCount + counter
    this.#counters[at] = (this.#counters[at] ?? 0) + 1
  }

  #count(venue: number, outcome: FrameOutcome, view: FrameView, start: number, end: number): void {
    this.#bump(venue, outcome)
    if (outcome === FrameOutcome.market || outcome === FrameOutcome.control) return
    // Whatever a damaged frame said is lost, and it may have been any book's.
    if (outcome === FrameOutcome.malformed) this.#interrupted(venue, FrameSource.lost)
    // Shown to people when there is room; the counters have every one.
    const at = this.#signals.claim()
    if (at < 0) return
    const { bytes, int32 } = this.#signals
    const length = Math.min(sampleBytesMax, end - start)
    this.#begin(at, SignalKind.refusal)
    int32[(at >> 2) + signalIntegers.instrument] = venue
    int32[(at >> 2) + signalIntegers.reason] = outcome
    int32[(at + signalOffsets.sampleLength) >> 2] = length
    for (let i = 0; i < length; i++) bytes[at + signalOffsets.sample + i] = view.bytes[start + i]!
    this.#signals.commit()
  }

  /** A normalised event: the record's numbers stand in the payload. */
  #event(view: FrameView, offset: number, start: number): void {
    const at = start >> 3
    const { integers, numbers } = this.#record
    for (let i = 0; i < 8; i++) numbers[i] = view.float64[at + 1 + i]!
    integers[0] = view.float64[at]!
    integers[1] = view.int32[(offset + frameOffsets.instrument) >> 2]!
    integers[2] = 0
    this.accept()
  }

  /** The record holds an event: from a decoder, or from a file. */
  accept(): void {
    const { integers, numbers } = this.#record
    const instrument = integers[1]!
    const track = this.#instruments[instrument]!
    const row = track.row
    track.connection = this.#connection
    row[instrumentState.events] = row[instrumentState.events]! + 1
    row[instrumentState.received] = this.#times[now]!
    if (!Number.isNaN(numbers[0]!)) row[instrumentState.venueTime] = numbers[0]!
    switch (integers[0]) {
      case EventKind.quote:
        this.#quote(instrument, track, numbers[1]!, numbers[2]!, numbers[3]!, numbers[4]!)
        break
      case EventKind.trade:
        this.#trade(track, numbers[1]!, numbers[2]!, integers[2]!)
        break
      case EventKind.bookClear:
      case EventKind.bookLevels:
      case EventKind.bookTruncate:
        track.book.apply(this.#record)
        return
      case EventKind.bookCommit:
        this.#commit(instrument, track)
        break
      case EventKind.bookStale:
        this.#stale(track, integers[2]!)
        break
      case EventKind.candle:
        this.#candle(track, numbers[1]!, numbers[2]!, numbers[3]!, numbers[6]!)
        break
      case EventKind.oracle:
        if (numbers[1]! > 0) {
          row[instrumentState.lastPrice] = numbers[1]!
          track.traded = true
          track.oracle = true
          this.#rounds(track)
          this.#observe(track, numbers[1]!, oracleErrorBps)
        }
        break
      case EventKind.pool:
        this.#pool(track)
        break
      case EventKind.supply:
        row[instrumentState.supply] = numbers[1]!
        row[instrumentState.minted] = numbers[2]!
        row[instrumentState.burned] = numbers[3]!
        break
      case EventKind.gas:
        row[instrumentState.lastPrice] = numbers[1]!
        break
      case EventKind.withdrawn:
        this.#withdraw(track)
        break
    }
    this.#state.write(this.#options.coins.length + instrument, row)
  }

  #quote(instrument: number, track: InstrumentTrack, bid: number, bidQuantity: number, ask: number, askQuantity: number): void {
    const row = track.row
    // A side that is empty or a quote that crosses is no price.
    if (!(bid > 0) || !(ask >= bid)) return
    const moved = bid !== row[instrumentState.bid] || ask !== row[instrumentState.ask]
    row[instrumentState.bid] = bid
    row[instrumentState.bidQuantity] = bidQuantity
    row[instrumentState.ask] = ask
    row[instrumentState.askQuantity] = askQuantity
    track.quoteTime = this.#times[now]!
    if (moved) track.traded = true
    const mid = 0.5 * (bid + ask)
    const halfSpreadBps = ((ask - bid) / mid) * 0.5e4
    // Quantities that are not told, or are dust, make a quote that few could trade on.
    const thin = Math.min(bidQuantity, askQuantity) * mid < 500
    this.#observe(track, mid, Math.max(0.5, 0.6 * halfSpreadBps) * (thin ? 2 : 1))
    this.#feature(instrument, track)
  }

  #trade(track: InstrumentTrack, price: number, quantity: number, side: number): void {
    if (!(price > 0)) return
    track.row[instrumentState.lastPrice] = price
    track.tradePrice = price
    track.tradeQuantity = quantity
    track.tradeSide = side
    track.traded = true
    track.addVolume(quantity, side > 0 ? quantity : 0)
    if (this.#times[now]! - track.quoteTime > quoteFreshMillis) this.#observe(track, price, quantity * price < 100 ? 8 : 3)
  }

  #candle(track: InstrumentTrack, close: number, volume: number, bought: number, duration: number): void {
    if (!(close > 0)) return
    track.row[instrumentState.lastPrice] = close
    const coin = this.#coins[track.base >= 0 ? track.base : track.quote]
    if (coin !== undefined && duration > 0) {
      coin.evidence.barMillis = coin.candles ? Math.min(coin.evidence.barMillis, duration) : duration
      coin.candles = true
    }
    if (volume >= 0) track.addVolume(volume, bought)
    // A repeated price without a trade is no news.
    if (volume === 0 || (Number.isNaN(volume) && close === track.lastMid)) return
    track.traded = true
    this.#observe(track, close, Number.isNaN(volume) ? 3 : candleErrorBps(volume))
  }

  /** A pool's price is as good as what it can still trade, and worth less than a book's of the same spread: it moves by blocks. */
  #pool(track: InstrumentTrack): void {
    const { row } = track
    const { numbers } = this.#record
    const price = numbers[1]!
    if (!(price > 0)) return
    row[instrumentState.lastPrice] = price
    row[instrumentState.imbalance] = numbers[2]!
    row[instrumentState.sellDepth] = numbers[3]!
    row[instrumentState.buyDepth] = numbers[4]!
    row[instrumentState.averagePrice] = numbers[5]!
    if (price !== track.lastMid) track.traded = true
    const depth = Math.min(numbers[3]!, numbers[4]!) * price
    this.#observe(
      track,
      price,
      Number.isNaN(depth) ? poolErrorBps : poolErrorBps * Math.min(8, Math.max(1, Math.sqrt(poolDepthGood / (depth + 1))))
    )
  }

  /** What the source said is taken back until it speaks again. */
  #withdraw(track: InstrumentTrack): void {
    if (track.source >= 0) this.#value.withdraw(track.source)
    for (const field of withdrawnFields) track.row[field] = Number.NaN
    track.lastMid = Number.NaN
    this.#times[dirty] = 1
  }

  /** A coin that only oracles speak of is judged by rounds, which may be a day apart. */
  #rounds(track: InstrumentTrack): void {
    const coin = this.#coins[track.base]
    if (coin !== undefined && !coin.candles) coin.evidence.barMillis = oracleRoundMillis
  }

  /** The levels so far are one book: serve its best prices, unless they cross. */
  #commit(instrument: number, track: InstrumentTrack): void {
    const { book, row } = track
    row[instrumentState.commits] = row[instrumentState.commits]! + 1
    row[instrumentState.bidLevels] = book.count(0)
    row[instrumentState.askLevels] = book.count(1)
    if (book.crossed()) {
      if (track.venue >= 0) this.#bump(track.venue, counterOf("crossed"))
      this.#stale(track, crossedReason)
      return
    }
    row[instrumentState.book] = 1
    row[instrumentState.staleReason] = 0
    track.resyncAsked = Number.NaN
    if (book.count(0) > 0 && book.count(1) > 0) {
      this.#quote(instrument, track, book.price(0, 0), book.quantity(0, 0), book.price(1, 0), book.quantity(1, 0))
    }
  }

  #stale(track: InstrumentTrack, reason: number): void {
    track.row[instrumentState.book] = 2
    track.row[instrumentState.staleReason] = reason
    track.resyncAsked = this.#times[now]!
    track.resyncReason = reason
    track.resyncOwed = true
    this.#owed = true
    this.#settle()
  }

  /** A connection began, ended or lost frames: what its books hold can no longer be trusted. */
  #interrupted(venue: number, source: number): void {
    this.#decoders.get((venue << 16) | this.#connection)?.reset()
    const coins = this.#options.coins.length
    for (const [index, track] of this.#instruments.entries()) {
      if (track.venue !== venue || track.connection !== this.#connection || track.row[instrumentState.book] === 0) continue
      if (source === FrameSource.lost) this.#stale(track, lostReason)
      else {
        // The connector builds them anew by itself; until then they are stale.
        track.row[instrumentState.book] = 2
        track.row[instrumentState.staleReason] = disconnectedReason
      }
      this.#state.write(coins + index, track.row)
    }
  }

  /** Asks again for books that stayed stale. */
  #askAgain(): void {
    for (const track of this.#instruments) {
      if (this.#times[now]! - track.resyncAsked < resyncAgainMillis || Number.isNaN(track.resyncAsked)) continue
      track.resyncAsked = this.#times[now]!
      track.resyncOwed = true
      this.#owed = true
    }
  }

  #observe(track: InstrumentTrack, price: number, errorBps: number): void {
    if (track.source < 0) return
    const times = this.#times
    this.#value.observe(track.source, price, errorBps, times[now]!)
    this.#frameCoin = track.base >= 0 ? track.base : track.quote
    if (track.base >= 0 && track.traded) this.#coins[track.base]!.fresh = true
    if (track.quote >= 0 && track.traded) this.#coins[track.quote]!.fresh = true
    const moved = Math.abs(price / track.lastMid - 1) * 1e4
    track.lastMid = price
    if (!(moved < solveMoveBps)) times[dirty] = 1
  }

  /** A score of the coin that the frame touched, at most one a gap. */
  #scored(coin: number): void {
    const times = this.#times
    const track = this.#coins[coin]!
    const gap = this.#options.scoreGapMillis
    if (gap > 0 && times[now]! - track.lastScore < gap) return
    track.lastScore = times[now]!
    if (times[dirty] === 1 || times[now]! - times[lastSolve]! > solveGapMillis) this.#solve(times[now]!)
    this.#writeCoin(coin)
    const at = this.#signals.claim()
    if (at < 0) {
      this.#bump(0, counterOf("scoresDropped"))
      return
    }
    this.#begin(at, SignalKind.score)
    this.#describe(at, coin)
    this.#signals.commit()
  }

  #solve(at: number): void {
    this.#value.solve(at)
    this.#times[lastSolve] = at
    this.#times[dirty] = 0
  }

  #feature(instrument: number, track: InstrumentTrack): void {
    const values = this.#input.values
    const row = track.row
    values[0] = row[instrumentState.bid]!
    values[1] = row[instrumentState.bidQuantity]! || 0
    values[2] = row[instrumentState.ask]!
    values[3] = row[instrumentState.askQuantity]! || 0
    values[4] = track.tradePrice
    values[5] = track.tradeQuantity
    values[6] = track.tradeSide
    values[7] = this.#times[now]!
    this.features.update(instrument, this.#input)
    track.tradeQuantity = 0
  }

  /** Judges every coin at a bar's close; false when no source had news since the last. */
  #closeBar(close: number): boolean {
    let news = false
    for (const coin of this.#coins) news ||= coin.fresh
    if (!news) return false
    this.#solve(close)
    for (const track of this.#bySource) {
      if (!track.traded) continue
      track.apartBars = this.#apart(track)
        ? track.apart.update(close, this.#value.residualBps[track.source]!, localBps, this.#options.barMillis)
        : track.apart.update(close, 0, localBps, this.#options.barMillis)
    }
    for (const track of this.#bySource) {
      if (track.flow === undefined) continue
      track.flow.add(track.volume, track.bought, Math.log(track.lastMid) * 1e4)
      track.flow.close(close)
    }
    for (let index = 0; index < this.#coins.length; index++) {
      const coin = this.#coins[index]!
      if (!coin.fresh) continue
      coin.fresh = false
      this.#judge(index, coin, close)
    }
    for (const track of this.#bySource) {
      track.traded = false
      track.volume = track.bought = 0
    }
    return true
  }

  #judge(index: number, coin: CoinTrack, close: number): void {
    const { evidence, machine } = coin
    const offPeg = this.#offPeg(index)
    const deviation = this.#deviation(index)
    const { barMillis } = evidence
    const score = Number.isNaN(coin.baseline.medianBps) ? 0 : coin.baseline.score(offPeg)
    evidence.time = close
    evidence.deviationBps = deviation
    evidence.errorBps = this.#value.errorBps[index]!
    evidence.score = score
    evidence.cusum = coin.cusum.update(score)
    evidence.changepoint = coin.changepoint.update(score)
    evidence.stressBars = coin.stress.update(close, deviation, riskThresholds.stressBps, barMillis)
    evidence.warningBars = coin.warned.update(close, deviation, warningLevelBps(evidence), barMillis)
    evidence.breakBars = coin.broken.update(close, deviation, riskThresholds.breakBps, barMillis)
    coin.baseline.update(close, offPeg, machine.level >= warning)
    evidence.baselineBps = coin.rateBearing ? 0 : coin.baseline.medianBps
    evidence.scaleBps = coin.baseline.scaleBps
    const elapsed = Number.isNaN(coin.lastClose) ? 0 : close - coin.lastClose
    coin.lastClose = close
    evidence.local = this.#dislocated(index)
    this.#hardestSold(index, coin)
    const previous = machine.level
    const changed = machine.update(evidence)
    const market = this.#instruments[this.#market]?.row[instrumentState.lastPrice] ?? Number.NaN
    coin.features.update(this.#bars.gather(index, elapsed, market))
    if (evidence.breakBars >= barsToConfirm(barMillis)) coin.inBreak = true
    else if (Math.abs(deviation) < riskThresholds.breakBps / 2) coin.inBreak = false
    const predicted = this.#model?.predict(coin.features.values, coin.inBreak, coin.probabilities) === true
    coin.modelVersion = predicted ? this.#model!.version : 0
    this.onJudged?.(index, evidence, coin.features.values)
    if (machine.settled) coin.baseline.settle(offPeg)
    if (changed) {
      coin.change = this.#changeOf(coin, previous)
      coin.since = close
      coin.owedPrevious = previous
      this.#owed = true
      this.#settle()
    }
    this.#writeCoin(index)
  }

  /** The evidence of flow is that of the source whose takers sell hardest, among those that trade much of the coin. */
  #hardestSold(index: number, { evidence, sources }: CoinTrack): void {
    let largest = 0
    for (const source of sources) {
      const { base, flow } = this.#bySource[source]!
      if (base === index && flow !== undefined) largest = Math.max(largest, flow.usualVolume)
    }
    evidence.flowShort = evidence.flowLong = evidence.flowSurge = Number.NaN
    for (const source of sources) {
      const { base, flow } = this.#bySource[source]!
      if (base !== index || flow === undefined || !(flow.usualVolume >= flowShareMin * largest)) continue
      if (flow.longScore >= evidence.flowLong) continue
      evidence.flowShort = flow.shortScore
      evidence.flowLong = flow.longScore
      evidence.flowSurge = flow.surge
      evidence.flowInferred = flow.inferred
      evidence.leanBps = flow.leanBps
    }
  }

  /** The coin that fell before this one and farther, or -1: what is held or redeemed in it falls with it. */
  #carrier(index: number): number {
    const { evidence, peg, since } = this.#coins[index]!
    let carrier = -1
    if (evidence.deviationBps >= 0) return carrier
    for (let other = 0; other < this.#coins.length; other++) {
      const track = this.#coins[other]!
      if (other === index || track.peg !== peg || track.machine.level < warning || !(track.since < since)) continue
      const farther = track.evidence.deviationBps < Math.min(-riskThresholds.breakBps, evidence.deviationBps)
      if (farther && (carrier < 0 || track.since < this.#coins[carrier]!.since)) carrier = other
    }
    return carrier
  }

  #changeOf(coin: CoinTrack, previous: number): number {
    const { evidence, machine } = coin
    if (machine.level < previous) return recovery
    if (isRun(evidence)) return loss
    if (evidence.local && machine.level < warning && Math.abs(evidence.deviationBps) < riskThresholds.stressBps) return local
    return evidence.deviationBps > 0 ? premium : loss
  }

  /** Fair value against the peg in basis points, rounded to 1e-6. */
  #deviation(coin: number): number {
    const offPeg = this.#offPeg(coin)
    const track = this.#coins[coin]!
    if (!track.rateBearing) return offPeg
    // It stands above its peg by all the rate that it bore; what it departs from is its own slow trend.
    const { medianBps } = track.baseline
    return Number.isNaN(medianBps) ? 0 : ((1 + offPeg / 1e4) / (1 + medianBps / 1e4) - 1) * 1e4
  }

  /** Fair value over the peg less one, bps. */
  #offPeg(coin: number): number {
    return Math.round(Math.expm1(this.#value.valueBps[coin]! / 1e4) * 1e10) / 1e6
  }

  #apart(track: InstrumentTrack): boolean {
    return Math.abs(this.#value.residualBps[track.source]!) > localSignificance * this.#value.sourceErrorBps[track.source]!
  }

  /** One of the coin's own sources has stood apart for three bars while two others hold. */
  #dislocated(coin: number): boolean {
    let apart = 0
    let hold = 0
    for (const source of this.#coins[coin]!.sources) {
      const track = this.#bySource[source]!
      if (track.base !== coin) continue
      if (track.apartBars >= 3) apart++
      else if (this.#times[now]! - this.#value.timeOf(source) < 15 * minute) hold++
    }
    return apart > 0 && hold >= 2
  }

  /** Venue bits of the coin's sources, fresh within a quarter of an hour: those that agree, or those that do not. */
  #venues(coin: number, agreeing: boolean): number {
    let bits = 0
    for (const source of this.#coins[coin]!.sources) {
      const track = this.#bySource[source]!
      const residual = Math.abs(this.#value.residualBps[source]!)
      if (track.venue < 0 || Number.isNaN(residual) || this.#times[now]! - this.#value.timeOf(source) > 15 * minute) continue
      const agrees = residual <= Math.max(agreeBps, agreeSignificance * this.#value.sourceErrorBps[source]!)
      if (agrees === agreeing) bits |= 1 << track.venue
    }
    return bits
  }

  #writeCoin(index: number): void {
    const row = this.#coinRow
    const coin = this.#coins[index]!
    row[coinState.time] = this.#times[now]!
    row[coinState.fairValue] = Math.exp(this.#value.valueBps[index]! / 1e4)
    row[coinState.errorBps] = this.#value.errorBps[index]!
    row[coinState.deviationBps] = this.#deviation(index)
    row[coinState.level] = coin.machine.level
    row[coinState.change] = coin.change
    row[coinState.score] = coin.evidence.score
    row[coinState.cusum] = coin.evidence.cusum
    row[coinState.changepoint] = coin.evidence.changepoint
    row[coinState.baselineBps] = coin.baseline.medianBps
    row[coinState.agree] = this.#venues(index, true)
    row[coinState.differ] = this.#venues(index, false)
    row[coinState.grounded] = this.#value.grounded[index]!
    row[coinState.since] = coin.since
    row[coinState.modelVersion] = coin.modelVersion
    for (let horizon = 0; horizon < horizonCount; horizon++) {
      row[coinState.probabilities + horizon] = coin.probabilities[horizon * 3]!
      row[coinState.intervals + horizon * 2] = coin.probabilities[horizon * 3 + 1]!
      row[coinState.intervals + horizon * 2 + 1] = coin.probabilities[horizon * 3 + 2]!
    }
    this.#state.write(index, row)
  }

  /** Writes what may not be dropped and found no room before. */
  #settle(): void {
    this.#owed = false
    for (let index = 0; index < this.#coins.length; index++) {
      const coin = this.#coins[index]!
      if (coin.owedPrevious < 0) continue
      const at = this.#signals.claim()
      if (at < 0) {
        this.#owed = true
        return
      }
      this.#begin(at, SignalKind.levelChange)
      this.#describe(at, index)
      this.#signals.int32[(at >> 2) + signalIntegers.previous] = coin.owedPrevious
      this.#signals.float64[(at >> 3) + signalFields.time] = coin.since
      const run = isRun(coin.evidence)
      this.#signals.int32[(at >> 2) + signalIntegers.reason] = this.#carrier(index) + 1
      this.#signals.float64[(at >> 3) + signalFields.flow] = run ? coin.evidence.flowLong : Number.NaN
      this.#signals.float64[(at >> 3) + signalFields.surge] = run ? coin.evidence.flowSurge : Number.NaN
      coin.owedPrevious = -1
      this.#signals.commit()
    }
    for (let instrument = 0; instrument < this.#instruments.length; instrument++) {
      const track = this.#instruments[instrument]!
      if (!track.resyncOwed) continue
      const at = this.#signals.claim()
      if (at < 0) {
        this.#owed = true
        return
      }
      this.#begin(at, SignalKind.resync)
      this.#signals.int32[(at >> 2) + signalIntegers.instrument] = instrument
      this.#signals.int32[(at >> 2) + signalIntegers.reason] = track.resyncReason
      this.#signals.int32[(at >> 2) + signalIntegers.connection] = track.connection
      track.resyncOwed = false
      this.#signals.commit()
    }
  }

  #begin(at: number, kind: SignalKind): void {
    const { bytes, float64, int32 } = this.#signals
    const field = at >> 3
    int32[at >> 2] = kind
    int32[(at >> 2) + signalIntegers.connection] = this.#connection
    bytes[at + signalOffsets.sampled] = this.#traceAt >= 0 ? 1 : 0
    if (this.#traceAt >= 0) for (let i = 0; i < 24; i++) bytes[at + signalOffsets.trace + i] = this.#traceBytes![this.#traceAt + i]!
    float64[field + signalFields.time] = this.#times[now]!
    float64[field + signalFields.received] = this.#times[now]!
    float64[field + signalFields.published] = this.#times[publishedAt]!
    float64[field + signalFields.started] = this.#times[startedAt]!
    float64[field + signalFields.scored] = this.#now()
  }

  #describe(at: number, index: number): void {
    const { float64, int32 } = this.#signals
    const coin = this.#coins[index]!
    const field = at >> 3
    int32[(at >> 2) + signalIntegers.coin] = index
    int32[(at >> 2) + signalIntegers.level] = coin.machine.level
    int32[(at >> 2) + signalIntegers.change] = coin.change
    float64[field + signalFields.fairValue] = Math.exp(this.#value.valueBps[index]! / 1e4)
    float64[field + signalFields.errorBps] = this.#value.errorBps[index]!
    float64[field + signalFields.deviationBps] = this.#deviation(index)
    float64[field + signalFields.baselineBps] = coin.baseline.medianBps
    float64[field + signalFields.score] = coin.evidence.score
    float64[field + signalFields.cusum] = coin.evidence.cusum
    float64[field + signalFields.changepoint] = coin.evidence.changepoint
    float64[field + signalFields.stressBars] = coin.evidence.stressBars
    float64[field + signalFields.breakBars] = coin.evidence.breakBars
    float64[field + signalFields.agree] = this.#venues(index, true)
    float64[field + signalFields.differ] = this.#venues(index, false)
    float64[field + signalFields.grounded] = this.#value.grounded[index]!
    float64[field + signalFields.modelVersion] = coin.modelVersion
    for (let horizon = 0; horizon < horizonCount; horizon++) {
      float64[field + signalFields.probabilities + horizon] = coin.probabilities[horizon * 3]!
    }
  }

  #traced(venue: number): void {
    const at = this.#signals.claim()
    if (at < 0) return
    this.#begin(at, SignalKind.trace)
    this.#signals.int32[(at >> 2) + signalIntegers.instrument] = venue
    this.#signals.commit()
  }
}

/** A close is as good as the money behind it: 1.6 bps at a volume of 100,000, 15 at 100. */
const candleErrorBps = (volume: number): number => 1 + 20 / Math.sqrt(1 + volume / 100)

/** Slots of `#times`. */
const now = 0
const lastTime = 1
const nextClose = 2
const lastSolve = 3
const startedAt = 4
const publishedAt = 5
const dirty = 6

const recovery = changeKinds.indexOf("recovery")
const local = changeKinds.indexOf("local")
const premium = changeKinds.indexOf("premium")
const loss = changeKinds.indexOf("break")

const crossedReason = staleReasonCode("crossed")
const lostReason = staleReasonCode("lost-frame")
const disconnectedReason = staleReasonCode("disconnected")
