/**
 * Runs a venue's own decoder over a capture, into books and counts or into events one by one.
 *
 * Instruments are numbered as their symbols first appear, so nothing has to be configured. Each connection has a decoder of its own, as live;
 * a REST snapshot goes to the connection that carries its symbol, and waits until there is one.
 */
import type { CaptureRecord } from "@evenkeel/connectors/capture/Capture"
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { messageIn } from "@evenkeel/connectors/exchange/Exchange"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { OrderBook } from "@evenkeel/detection/book/OrderBook"
import { DecimalSum, plainDecimal } from "@evenkeel/domain/decimal/PlainDecimal"
import { type FrameDecoder, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import type { MarketEvent } from "@evenkeel/domain/market/MarketEvent"
import { EventKind, MarketRecord, type MarketSink, staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import type { VenueId } from "@evenkeel/domain/market/Venue"
import { createHash } from "node:crypto"

interface Book {
  readonly book: OrderBook
  snapshots: number
  deltas: number
  stale: number
  sequence: number | string | null
}

interface Trades {
  count: number
  readonly volume: DecimalSum
}

/** Books and trades in the form of the golden files, and counts of frames by outcome. */
export interface CaptureSummary {
  readonly venue: string
  readonly frames: number
  readonly books: Record<
    string,
    {
      readonly stats: { readonly snapshots: number; readonly deltas: number; readonly stale: number }
      readonly bidLevels: number
      readonly askLevels: number
      readonly bids10: ReadonlyArray<readonly [string, string]>
      readonly asks10: ReadonlyArray<readonly [string, string]>
      readonly sha256FullBook: string
      readonly crossed: boolean
      readonly lastSeq: number | string | null
    }
  >
  readonly trades: Record<string, { readonly count: number; readonly volume: string }>
  readonly tickers: Record<string, number>
  readonly outcomes: Record<keyof typeof FrameOutcome, number>
}

export class CaptureDecoding implements MarketSink {
  readonly #venue: VenueId
  readonly #onEvent: ((event: MarketEvent) => void) | undefined
  readonly #record = new MarketRecord()
  /** By instrument number; one symbol on two connections (spot and futures) is two instruments. */
  readonly #named: Array<{ readonly symbol: string; readonly connection: string }> = []
  readonly #books = new Map<number, Book>()
  readonly #trades = new Map<number, Trades>()
  readonly #tickers = new Map<number, number>()
  readonly #connections = new Map<string, FrameDecoder>()
  readonly #carriedBy = new Map<string, { readonly decoder: FrameDecoder; readonly number: number }>()
  readonly #early = new Map<string, CaptureRecord>()
  readonly #outcomes = new Map<FrameOutcome, number>()
  #frames = 0
  #delta: { bids: Array<readonly [string, string]>; asks: Array<readonly [string, string]>; snapshot: boolean } = fresh()

  constructor(venue: VenueId, onEvent?: (event: MarketEvent) => void) {
    this.#venue = venue
    this.#onEvent = onEvent
  }

  feed(capture: CaptureRecord): void {
    if (capture.kind === "recv") {
      this.#frames++
      const bytes = messageIn(exchanges[this.#venue], capture.bytes)
      this.#count(this.#decoderOf(capture.connection).decode(bytes, 0, bytes.length))
    } else if (capture.kind === "http") {
      const symbol = exchanges[this.#venue].book.symbolOf(new URL(capture.url))
      if (symbol === undefined) return
      if (this.#carriedBy.has(symbol)) this.#snapshot(symbol, capture)
      else this.#early.set(symbol, capture)
    }
  }

  #decoderOf(connection: string): FrameDecoder {
    const known = this.#connections.get(connection)
    if (known !== undefined) return known
    const table: SymbolTable = new SymbolTable([], (symbol) => {
      const number = this.#named.push({ symbol, connection }) - 1
      this.#carriedBy.set(symbol, { decoder, number })
      const early = this.#early.get(symbol)
      if (early !== undefined) {
        this.#early.delete(symbol)
        this.#pending.push([symbol, early])
      }
      return number
    })
    const decoder = decoders[this.#venue](table, this.#record, this)
    this.#connections.set(connection, decoder)
    return decoder
  }

  /** Snapshots that came before their symbol's first frame; merged once that frame has been read. */
  readonly #pending: Array<readonly [symbol: string, capture: CaptureRecord]> = []

  #count(outcome: FrameOutcome): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
    for (const [symbol, capture] of this.#pending.splice(0)) this.#snapshot(symbol, capture)
  }

  #snapshot(symbol: string, { bytes }: CaptureRecord): void {
    const carrier = this.#carriedBy.get(symbol)
    carrier?.decoder.snapshot(carrier.number, bytes, 0, bytes.length)
  }

  book(instrument: number): OrderBook {
    return this.#bookOf(instrument).book
  }

  #bookOf(instrument: number): Book {
    const known = this.#books.get(instrument)
    if (known !== undefined) return known
    const book: Book = { book: new OrderBook(), snapshots: 0, deltas: 0, stale: 0, sequence: null }
    this.#books.set(instrument, book)
    return book
  }

  accept(): void {
    const { integers, levels, numbers } = this.#record
    const instrument = integers[1]!
    const at = { venue: this.#venue, symbol: this.#named[instrument]!.symbol, time: Number.isNaN(numbers[0]) ? null : numbers[0]! }
    switch (integers[0]) {
      case EventKind.quote:
        this.#tickers.set(instrument, (this.#tickers.get(instrument) ?? 0) + 1)
        return this.#onEvent?.({
          _tag: "Quote",
          ...at,
          bid: text(numbers[1]),
          bidQuantity: text(numbers[2]),
          ask: text(numbers[3]),
          askQuantity: text(numbers[4])
        })
      case EventKind.trade:
      case EventKind.pastTrade: {
        const trades = this.#trades.get(instrument) ?? { count: 0, volume: new DecimalSum() }
        trades.count++
        trades.volume.add(numbers[2]!)
        this.#trades.set(instrument, trades)
        const side = integers[2] === 1 ? "buy" : integers[2] === -1 ? "sell" : "unknown"
        const _tag = integers[0] === EventKind.trade ? "Trade" : "PastTrade"
        return this.#onEvent?.({ _tag, ...at, price: text(numbers[1]), quantity: text(numbers[2]), side })
      }
      case EventKind.bookClear:
        this.#bookOf(instrument).book.clear()
        this.#delta = { ...fresh(), snapshot: true }
        return
      case EventKind.bookLevels: {
        const { book } = this.#bookOf(instrument)
        for (let i = 0; i < integers[3]! * 3; i += 3) {
          const side = levels[i] as 0 | 1
          book.set(side, levels[i + 1]!, levels[i + 2]!)
          if (this.#onEvent !== undefined)
            (side === 0 ? this.#delta.bids : this.#delta.asks).push([text(levels[i + 1]), text(levels[i + 2])])
        }
        return
      }
      case EventKind.bookTruncate:
        this.#bookOf(instrument).book.truncate(integers[3]!)
        return
      case EventKind.bookCommit: {
        const entry = this.#bookOf(instrument)
        if (this.#delta.snapshot) entry.snapshots++
        else entry.deltas++
        entry.sequence = sequenceOf(numbers[1]!, numbers[2]!)
        const { asks, bids, snapshot } = this.#delta
        this.#delta = fresh()
        return this.#onEvent?.({
          _tag: "BookDelta",
          ...at,
          snapshot,
          sequence: entry.sequence === null ? null : String(entry.sequence),
          bids,
          asks
        })
      }
      case EventKind.bookStale:
        this.#bookOf(instrument).stale++
        this.#delta = fresh()
        return this.#onEvent?.({ _tag: "BookStale", ...at, reason: staleReasons[integers[2]!] ?? "none" })
      default:
        return
    }
  }

  /** Applies the snapshots of symbols that no message named. */
  #flush(): void {
    const [connection] = this.#connections.keys()
    for (const [symbol, { bytes }] of this.#early) {
      const number = this.#named.push({ symbol, connection: connection ?? "" }) - 1
      this.#decoderOf(connection ?? "").snapshot(number, bytes, 0, bytes.length)
    }
    this.#early.clear()
  }

  /** Every symbol so far, as the venue writes it. */
  symbols(): ReadonlyArray<string> {
    this.#flush()
    return [...new Set(this.#named.map(({ symbol }) => symbol))]
  }

  summary(): CaptureSummary {
    this.#flush()
    const ambiguous = new Set(this.#named.map(({ symbol }) => symbol)).size < this.#named.length
    const nameOf = (instrument: number) => {
      const { connection, symbol } = this.#named[instrument]!
      return ambiguous ? `${symbol}|${connection}` : symbol
    }
    const named = <A, B>(entries: Map<number, A>, form: (entry: A) => B): Record<string, B> =>
      Object.fromEntries([...entries].map(([instrument, entry]) => [nameOf(instrument), form(entry)]))
    const tickers: Record<string, number> = {}
    for (const [instrument, count] of this.#tickers) {
      const { symbol } = this.#named[instrument]!
      tickers[symbol] = (tickers[symbol] ?? 0) + count
    }
    const countOf = (outcome: FrameOutcome) => this.#outcomes.get(outcome) ?? 0
    return {
      venue: this.#venue,
      frames: this.#frames,
      books: named(this.#books, ({ book, deltas, sequence, snapshots, stale }) => {
        const bids = levelsOf(book, 0)
        const asks = levelsOf(book, 1)
        return {
          stats: { snapshots, deltas, stale },
          bidLevels: bids.length,
          askLevels: asks.length,
          bids10: bids.slice(0, 10),
          asks10: asks.slice(0, 10),
          sha256FullBook: createHash("sha256")
            .update(JSON.stringify([bids, asks]))
            .digest("hex"),
          crossed: book.crossed(),
          lastSeq: sequence
        }
      }),
      trades: named(this.#trades, ({ count, volume }) => ({ count, volume: volume.format() })),
      tickers,
      outcomes: {
        market: countOf(FrameOutcome.market),
        control: countOf(FrameOutcome.control),
        unknown: countOf(FrameOutcome.unknown),
        malformed: countOf(FrameOutcome.malformed),
        refused: countOf(FrameOutcome.refused),
        unlisted: countOf(FrameOutcome.unlisted)
      }
    }
  }
}

const fresh = () => ({ bids: [] as Array<readonly [string, string]>, asks: [] as Array<readonly [string, string]>, snapshot: false })

const text = (value: number | undefined): string => plainDecimal(value ?? Number.NaN)

const levelsOf = (book: OrderBook, side: 0 | 1): Array<readonly [string, string]> =>
  Array.from({ length: book.count(side) }, (_, depth) => [text(book.price(side, depth)), text(book.quantity(side, depth))] as const)

/** A number where it is exact, text past 2^53, null where the venue has no sequence. */
const sequenceOf = (high: number, low: number): number | string | null => {
  if (Number.isNaN(high)) return null
  const value = high * 1e9 + low
  return Number.isSafeInteger(value) ? value : String(BigInt(high) * 1_000_000_000n + BigInt(low))
}
