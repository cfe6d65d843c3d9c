/**
 * Takes frames in: finds the decoder of a frame's connection, hands it the bytes, and passes the events that come back to where they belong.
 *
 * A decoder that throws costs its own connection and nothing else: it is reset, its books are built anew and the frame is reported. That is what
 * the one `try` of the hot path is for.
 */
import { type FrameDecoder, type FrameDecoderFactory, FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { decodeListed } from "@evenkeel/domain/market/Instrument"
import { EventKind, type LevelReader, MarketRecord, type MarketSink } from "@evenkeel/domain/market/MarketRecord"
import { decodeNews } from "@evenkeel/domain/market/News"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Option } from "effect"
import type { BookHealth } from "../book/BookHealth.ts"
import { type Counters, venueCounters } from "./Counters.ts"
import { type Market, time } from "./Market.ts"
import type { Observations } from "./Observations.ts"
import type { Signals } from "./Signals.ts"
import { stage, type Stages } from "./Stages.ts"
import { instrumentState } from "./SignalRecord.ts"

const decoderCrashes = venueCounters.indexOf("decoderCrashes")
const receipts = { timed: venueCounters.indexOf("timed"), untimed: venueCounters.indexOf("untimed"), ahead: venueCounters.indexOf("ahead") }

/** A frame where it lies: in the ring, or in the replayer's own block of the same layout. */
export interface FrameView {
  readonly bytes: Uint8Array
  readonly int32: Int32Array
  readonly float64: Float64Array
  readonly uint16: Uint16Array
}

export class Intake implements MarketSink {
  readonly #market: Market
  readonly #venues: ReadonlyArray<{ readonly decoder: FrameDecoderFactory | undefined }>
  readonly #observations: Observations
  readonly #books: BookHealth
  readonly #signals: Signals
  readonly #counters: Counters
  readonly #stages: Stages
  readonly #record = new MarketRecord()
  /** By venue << 16 | connection. */
  readonly #decoders = new Map<number, FrameDecoder>()

  constructor(
    market: Market,
    venues: ReadonlyArray<{ readonly decoder: FrameDecoderFactory | undefined }>,
    observations: Observations,
    books: BookHealth,
    signals: Signals,
    counters: Counters,
    stages: Stages
  ) {
    this.#market = market
    this.#venues = venues
    this.#observations = observations
    this.#books = books
    this.#signals = signals
    this.#counters = counters
    this.#stages = stages
  }

  /** Handles the payload `[start, end)` of the frame at `offset`; clock frames are the hot path's own. */
  take(view: FrameView, offset: number, start: number, end: number): void {
    const venue = view.bytes[offset + frameOffsets.venue]!
    this.#market.venue = venue
    const instrument = view.int32[(offset + frameOffsets.instrument) >> 2]!
    const source = view.bytes[offset + frameOffsets.source]
    switch (source) {
      case FrameSource.socket:
      case FrameSource.snapshot:
        if (this.#stages.running) this.#stages.enter(stage.decode)
        this.#count(venue, this.#decode(venue, source === FrameSource.snapshot ? instrument : -1, view.bytes, start, end), view, start, end)
        if (this.#stages.running) this.#stages.enter(stage.signal)
        break
      case FrameSource.event:
        this.#event(view, start, instrument)
        break
      case FrameSource.listed:
        this.#count(venue, this.#listed(venue, instrument, view.bytes.subarray(start, end)), view, start, end)
        break
      case FrameSource.delisted:
        this.#delisted(instrument)
        break
      case FrameSource.news:
        this.#count(venue, this.#news(view.bytes.subarray(start, end)), view, start, end)
        break
      case FrameSource.connected:
      case FrameSource.disconnected:
      case FrameSource.lost:
        this.#interrupted(venue, source)
        break
      default:
        this.#count(venue, FrameOutcome.unknown, view, start, end)
    }
  }

  book(instrument: number): LevelReader {
    return this.#market.instruments[instrument]!.book
  }

  /** What the decoder of the connection makes of a socket's message, or of a snapshot of `instrument` (-1: a message). */
  #decode(venue: number, instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const decoder = this.#decoderOf(venue)
    if (decoder === undefined) return FrameOutcome.unknown
    try {
      return instrument < 0 ? decoder.decode(bytes, start, end) : decoder.snapshot(instrument, bytes, start, end)
    } catch {
      this.#counters.count(venue, decoderCrashes)
      return FrameOutcome.malformed
    }
  }

  #decoderOf(venue: number): FrameDecoder | undefined {
    const key = (venue << 16) | this.#market.connection
    const known = this.#decoders.get(key)
    if (known !== undefined) return known
    const factory = this.#venues[venue]?.decoder
    if (factory === undefined) return undefined
    const decoder = factory(this.#market.symbols[venue]!, this.#record, this)
    this.#decoders.set(key, decoder)
    return decoder
  }

  #count(venue: number, outcome: FrameOutcome, view: FrameView, start: number, end: number): void {
    this.#counters.count(venue, outcome)
    if (outcome === FrameOutcome.market || outcome === FrameOutcome.control) return
    // Whatever a damaged frame held is lost, and it may have been any book's.
    if (outcome === FrameOutcome.malformed) this.#interrupted(venue, FrameSource.lost)
    this.#signals.refused(venue, outcome, view.bytes, start, end)
  }

  #interrupted(venue: number, source: number): void {
    this.#decoders.get((venue << 16) | this.#market.connection)?.reset()
    this.#books.interrupted(venue, source)
  }

  #news(payload: Uint8Array): FrameOutcome {
    const reading = decodeNews(payload)
    if (Option.isNone(reading)) return FrameOutcome.malformed
    const market = this.#market
    const now = market.times[time.now]!
    for (const { news } of market.coins) news.read(now)
    for (const { coins, time: published } of reading.value.items)
      for (const { coin, score } of coins) market.coins[market.coinNumber(coin)]?.news.add(score, published, now)
    return FrameOutcome.control
  }

  #listed(venue: number, instrument: number, payload: Uint8Array): FrameOutcome {
    const listed = decodeListed(payload)
    if (Option.isNone(listed) || !this.#market.list(instrument, venue, listed.value)) return FrameOutcome.malformed
    const { base, quote } = listed.value
    Object.assign(this.#market.instruments[instrument]!, { delisted: false, awaitsWhole: true })
    this.#signals.listed(instrument, this.#market.coinNumber(base), this.#market.coinNumber(quote))
    return FrameOutcome.control
  }

  /** A pair is not traded any more: its last price does not stand. */
  #delisted(instrument: number): void {
    const track = this.#market.instruments[instrument]
    if (track === undefined || track.venue !== this.#market.venue) return
    track.book.clear()
    track.row.fill(Number.NaN)
    track.row[instrumentState.events] = track.row[instrumentState.commits] = track.row[instrumentState.book] = 0
    track.resyncAsked = Number.NaN
    track.resyncPending = false
    this.#observations.withdraw(track)
    this.#market.free(instrument)
    this.#market.instruments[instrument]!.delisted = true
    this.#signals.writeInstrument(instrument)
  }

  /** A normalised event: the record's numbers stand in the payload. */
  #event(view: FrameView, start: number, instrument: number): void {
    const at = start >> 3
    const { integers, numbers } = this.#record
    for (let i = 0; i < 8; i++) numbers[i] = view.float64[at + 1 + i]!
    integers[0] = view.float64[at]!
    integers[1] = instrument
    integers[2] = 0
    this.accept()
  }

  /** The record holds an event: from a decoder, or from a frame of numbers. */
  accept(): void {
    if (!this.#stages.running) return this.#take()
    const before = this.#stages.enter(stage.book)
    this.#take()
    this.#stages.leave(before)
  }

  #take(): void {
    const { integers, numbers } = this.#record
    const market = this.#market
    const instrument = integers[1]!
    const track = market.instruments[instrument]
    // An old connection may still speak of a number that is another venue's by now.
    if (track === undefined || track.delisted || track.venue !== market.venue) return
    const { row } = track
    track.connection = market.connection
    row[instrumentState.events] = row[instrumentState.events]! + 1
    row[instrumentState.received] = market.times[time.now]!
    if (!Number.isNaN(numbers[0]!)) row[instrumentState.venueTime] = numbers[0]!
    const measured = this.#stages.running
    if (measured) this.#measure(numbers[0]!, row[instrumentState.received]!)
    switch (integers[0]) {
      case EventKind.quote:
        this.#observations.quote(track, numbers[1]!, numbers[2]!, numbers[3]!, numbers[4]!)
        break
      case EventKind.trade:
        this.#observations.trade(track, numbers[1]!, numbers[2]!, integers[2]!)
        break
      case EventKind.bookClear:
        track.awaitsWhole = false
        track.book.apply(this.#record)
        return
      case EventKind.bookLevels:
      case EventKind.bookTruncate:
        if (!track.awaitsWhole) track.book.apply(this.#record)
        return
      case EventKind.bookCommit: {
        if (track.awaitsWhole) return
        const { book } = track
        if (this.#books.commit(track) && book.count(0) > 0 && book.count(1) > 0) {
          if (measured) this.#stages.enter(stage.value)
          this.#observations.quote(track, book.price(0, 0), book.quantity(0, 0), book.price(1, 0), book.quantity(1, 0))
        }
        break
      }
      case EventKind.bookStale:
        this.#books.stale(track, integers[2]!)
        break
      case EventKind.candle:
        this.#observations.candle(track, this.#record)
        break
      case EventKind.oracle:
        this.#observations.oracle(track, numbers[0]!, numbers[1]!, numbers[2]!, numbers[3]!)
        break
      case EventKind.pool:
        this.#observations.pool(track, this.#record)
        break
      case EventKind.supply:
        this.#observations.supply(track, this.#record)
        break
      case EventKind.gas:
        this.#observations.gas(track, numbers[1]!)
        break
      case EventKind.withdrawn:
        this.#observations.withdraw(track)
        break
    }
    if (measured) this.#stages.enter(stage.signal)
    this.#signals.writeInstrument(instrument)
  }

  /** The event in the record is one that is measured. */
  #measure(venueTime: number, received: number): void {
    const kind = this.#record.integers[0]!
    if (this.#stages.sampled && saysWhen(kind))
      this.#counters.count(this.#market.venue, receipts[this.#stages.received(venueTime, received)])
    if (!isOfBook(kind)) this.#stages.enter(stage.value)
  }
}

/** Whether an event's time is that of something that has just happened: candles and rounds are as old as they are long. */
const saysWhen = (kind: number): boolean => kind === EventKind.quote || kind === EventKind.trade || kind === EventKind.bookCommit

/** Whether an event changes a book first; any other is a price, or what a price stands on. */
const isOfBook = (kind: number): boolean =>
  kind === EventKind.bookClear ||
  kind === EventKind.bookLevels ||
  kind === EventKind.bookTruncate ||
  kind === EventKind.bookCommit ||
  kind === EventKind.bookStale
