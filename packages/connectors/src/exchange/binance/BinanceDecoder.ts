/**
 * Decodes Binance's market streams, spot and USD-M futures, combined or raw.
 *
 * A book is a REST snapshot plus the deltas that follow it: deltas wait until a snapshot comes, those at or before its
 * `lastUpdateId` are dropped, the first after must reach across it, and each later one must begin where the last ended
 * (`U = u + 1`; futures: `pu = u`). Anything else makes the book stale and asks for a new snapshot.
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, type StaleReason } from "@evenkeel/domain/market/MarketRecord"
import { Result, Schema } from "effect"
import { byte, template } from "../../wire/ByteScanner.ts"
import { highLow, isObject, Numeric, parseExact, WireLevel } from "../../wire/ExactJson.ts"
import { noSymbol, notThisForm, WireDecoder } from "../../wire/WireDecoder.ts"

/** Deltas that may wait for one book's snapshot. At 100 ms a delta this is 100 s; past it the book starts again. */
const pendingMax = 1000

/** `a@trade` is the shortest name that a stream can have. */
const shortestStream = 7

interface BookState {
  phase: "waiting" | "first" | "live"
  /** Last update id, as high * 1e9 + low. */
  high: number
  low: number
  pending: Array<Uint8Array>
}

const key = {
  stream: template('{"stream":"'),
  data: template(',"data":{"'),
  object: template('{"'),
  ticker: template('u":'),
  event: template('e":"'),
  depth: template('depthUpdate","E":'),
  aggTrade: template('aggTrade","E":'),
  trade: template('trade","E":'),
  symbol: template(',"s":"'),
  bid: template(',"b":"'),
  bidQuantity: template('","B":"'),
  ask: template('","a":"'),
  askQuantity: template('","A":"'),
  quoteEnd: template('"}'),
  first: template(',"U":'),
  last: template(',"u":'),
  bids: template(',"b":['),
  asks: template('],"a":['),
  aggregate: template(',"a":'),
  tradeId: template(',"t":'),
  price: template(',"p":"'),
  quantity: template('","q":"'),
  firstTrade: template('","f":'),
  lastTrade: template(',"l":'),
  time: template(',"T":'),
  timeAfterQuote: template('","T":'),
  maker: template(',"m":')
}

const letter = { a: 0x61, d: 0x64, t: 0x74, u: 0x75 } as const

class BinanceDecoder extends WireDecoder {
  readonly #books = new Map<number, BookState>()

  override reset(): void {
    this.#books.clear()
  }

  override decode(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const scanner = this.scanner
    scanner.open(bytes, start, end)
    if (scanner.skip(key.stream)) {
      if (scanner.string(shortestStream) < 0 || !scanner.skip(key.data)) return this.#slow(bytes, start, end)
    } else if (!scanner.skip(key.object)) return this.#slow(bytes, start, end)
    const outcome = this.#known(bytes, start, end)
    return outcome === notThisForm ? this.#slow(bytes, start, end) : (outcome as FrameOutcome)
  }

  /** Tells the usual messages apart by one byte, then holds the rest of the key against it. */
  #known(bytes: Uint8Array, start: number, end: number): number {
    const scanner = this.scanner
    if (bytes[scanner.position] === letter.u) return scanner.skip(key.ticker) ? this.#bookTicker() : notThisForm
    if (!scanner.skip(key.event)) return notThisForm
    switch (bytes[scanner.position]) {
      case letter.d:
        return scanner.skip(key.depth) ? this.#depth(bytes, start, end) : notThisForm
      case letter.a:
        return scanner.skip(key.aggTrade) ? this.#trade(true) : notThisForm
      case letter.t:
        return scanner.skip(key.trade) ? this.#trade(false) : notThisForm
      default:
        return notThisForm
    }
  }

  /** `{"u":id,"s":"BNBUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.6"}`; `notThisForm` when it is not quite that. */
  #bookTicker(): number {
    const {
      record: { numbers },
      scanner
    } = this
    const registers = scanner.registers
    if (!scanner.skipInteger() || !scanner.skip(key.symbol)) return notThisForm
    const instrument = this.symbol()
    if (instrument === noSymbol || !scanner.skip(key.bid) || !scanner.number()) return notThisForm
    numbers[1] = registers[0]!
    if (!scanner.skip(key.bidQuantity) || !scanner.number()) return notThisForm
    numbers[2] = registers[0]!
    if (!scanner.skip(key.ask) || !scanner.number()) return notThisForm
    numbers[3] = registers[0]!
    if (!scanner.skip(key.askQuantity) || !scanner.number()) return notThisForm
    numbers[4] = registers[0]!
    if (!scanner.skip(key.quoteEnd)) return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    numbers[0] = Number.NaN
    this.emit(EventKind.quote, instrument)
    return FrameOutcome.market
  }

  /** `…1633998523963,"s":"NKNUSDT","a":id,"p":"0.35","q":"58.0","f":id,"l":id,"T":ms,"m":false,…` */
  #trade(aggregate: boolean): number {
    const {
      record: { integers, numbers },
      scanner
    } = this
    const registers = scanner.registers
    if (!scanner.skipInteger() || !scanner.skip(key.symbol)) return notThisForm
    const instrument = this.symbol()
    if (
      instrument === noSymbol ||
      !scanner.skip(aggregate ? key.aggregate : key.tradeId) ||
      !scanner.skipInteger() ||
      !scanner.skip(key.price) ||
      !scanner.number()
    )
      return notThisForm
    numbers[1] = registers[0]!
    if (!scanner.skip(key.quantity) || !scanner.number()) return notThisForm
    numbers[2] = registers[0]!
    if (aggregate && (!scanner.skip(key.firstTrade) || !scanner.skipInteger() || !scanner.skip(key.lastTrade) || !scanner.skipInteger()))
      return notThisForm
    if (!scanner.skip(aggregate ? key.time : key.timeAfterQuote) || !scanner.integer() || !scanner.skip(key.maker)) return notThisForm
    numbers[0] = registers[1]! * 1e9 + registers[2]!
    // `m`: the buyer was the maker, so the taker sold.
    const maker = scanner.bytes[scanner.position]
    if ((maker !== byte.true && maker !== byte.false) || scanner.bytes[scanner.end - 1] !== byte.unbrace) return notThisForm
    integers[2] = maker === byte.true ? -1 : 1
    if (instrument < 0) return FrameOutcome.unlisted
    this.emit(EventKind.trade, instrument)
    return FrameOutcome.market
  }

  /** `…1633998512068,"s":"NKNUSDT","U":id,"u":id,"b":[["0.35","61"],…],"a":[…]}` of the spot streams. */
  #depth(bytes: Uint8Array, start: number, end: number): number {
    const scanner = this.scanner
    const registers = scanner.registers
    if (!scanner.integer()) return notThisForm
    const time = registers[1]! * 1e9 + registers[2]!
    if (!scanner.skip(key.symbol)) return notThisForm
    const instrument = this.symbol()
    if (instrument === noSymbol || !scanner.skip(key.first) || !scanner.integer()) return notThisForm
    const firstHigh = registers[1]!
    const firstLow = registers[2]!
    if (!scanner.skip(key.last) || !scanner.integer()) return notThisForm
    const lastHigh = registers[1]!
    const lastLow = registers[2]!
    this.levels.clear()
    if (
      !scanner.skip(key.bids) ||
      !this.#levelList(0) ||
      !scanner.skip(key.asks) ||
      !this.#levelList(1) ||
      !scanner.skipByte(byte.close) ||
      !scanner.skipByte(byte.unbrace)
    )
      return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(time)
    this.#delta(instrument, firstHigh, firstLow, lastHigh, lastLow, -1, -1, bytes, start, end)
    return FrameOutcome.market
  }

  #levelList(side: 0 | 1): boolean {
    const scanner = this.scanner
    const levels = this.levels
    if (scanner.bytes[scanner.position] === byte.close) return true
    do {
      if (!scanner.skipByte(byte.open) || !scanner.quotedNumber()) return false
      const at = levels.add()
      if (at < 0) return false
      levels.data[at] = side
      levels.data[at + 1] = scanner.registers[0]!
      if (!scanner.skipByte(byte.comma) || !scanner.quotedNumber() || !scanner.skipByte(byte.close)) return false
      levels.data[at + 2] = scanner.registers[0]!
    } while (scanner.skipByte(byte.comma))
    return true
  }

  /** Applies the staged levels if their ids continue the book's. `previous` is futures' `pu`, -1 on spot. */
  #delta(
    instrument: number,
    firstHigh: number,
    firstLow: number,
    lastHigh: number,
    lastLow: number,
    previousHigh: number,
    previousLow: number,
    bytes: Uint8Array,
    start: number,
    end: number
  ): void {
    const book = this.#bookOf(instrument)
    if (book.phase === "waiting") {
      if (book.pending.length >= pendingMax) this.#restart(instrument, book, "buffer-full")
      book.pending.push(bytes.slice(start, end))
      return
    }
    const futures = previousHigh >= 0
    if (compare(lastHigh, lastLow, book.high, book.low) <= 0) return
    const follows = previousHigh === book.high && previousLow === book.low
    const reaches = compare(firstHigh, firstLow, book.high, book.low) <= 0 || isNext(firstHigh, firstLow, book.high, book.low)
    const continues = futures ? follows || (book.phase === "first" && reaches) : reaches
    if (!continues) {
      this.#restart(instrument, book, "gap")
      book.pending.push(bytes.slice(start, end))
      return
    }
    book.phase = "live"
    book.high = lastHigh
    book.low = lastLow
    this.emitLevels(instrument)
    this.emitCommit(instrument, lastHigh, lastLow)
  }

  #restart(instrument: number, book: BookState, reason: StaleReason): void {
    book.phase = "waiting"
    book.pending = []
    this.emitStale(instrument, reason)
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const body = decodeSnapshot(parseExact(bytes, start, end))
    if (Result.isFailure(body)) return FrameOutcome.malformed
    const { asks, bids, lastUpdateId } = body.success
    this.levels.clear()
    for (const [price, quantity] of bids) this.levels.push(0, Number(price), Number(quantity))
    for (const [price, quantity] of asks) this.levels.push(1, Number(price), Number(quantity))
    const book = this.#bookOf(instrument)
    const pending = book.pending
    const [high, low] = highLow(lastUpdateId)
    book.phase = "first"
    book.high = high
    book.low = low
    book.pending = []
    this.setTime(Number.NaN)
    this.emit(EventKind.bookClear, instrument)
    this.emitLevels(instrument)
    this.emitCommit(instrument, high, low)
    for (const frame of pending) this.decode(frame, 0, frame.length)
    return FrameOutcome.market
  }

  #slow(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const parsed = parseExact(bytes, start, end)
    if (!isObject(parsed)) return FrameOutcome.malformed
    if ("result" in parsed || "id" in parsed) return "error" in parsed ? FrameOutcome.refused : FrameOutcome.control
    if ("error" in parsed || "code" in parsed) return FrameOutcome.refused
    const message = isObject(parsed["data"]) ? parsed["data"] : parsed
    const stream = typeof parsed["stream"] === "string" ? parsed["stream"] : ""
    const kind = typeof message["e"] === "string" ? message["e"] : "bids" in message ? "partialDepth" : "bookTicker"
    const record = this.record
    const numbers = record.numbers
    if (kind === "bookTicker") {
      const ticker = decodeTicker(message)
      if (Result.isFailure(ticker)) return "e" in message || "b" in message ? FrameOutcome.malformed : FrameOutcome.unknown
      const { a, A, b, B, E, s } = ticker.success
      const instrument = this.symbols.findText(s)
      if (instrument < 0) return FrameOutcome.unlisted
      this.setTime(E === undefined ? Number.NaN : Number(E))
      numbers[1] = Number(b)
      numbers[2] = Number(B)
      numbers[3] = Number(a)
      numbers[4] = Number(A)
      this.emit(EventKind.quote, instrument)
      return FrameOutcome.market
    }
    if (kind === "trade" || kind === "aggTrade") {
      const trade = decodeTrade(message)
      if (Result.isFailure(trade)) return FrameOutcome.malformed
      const { m, p, q, s, T } = trade.success
      const instrument = this.symbols.findText(s)
      if (instrument < 0) return FrameOutcome.unlisted
      this.setTime(Number(T))
      numbers[1] = Number(p)
      numbers[2] = Number(q)
      record.integers[2] = m ? -1 : 1
      this.emit(EventKind.trade, instrument)
      return FrameOutcome.market
    }
    if (kind === "depthUpdate") {
      const delta = decodeDelta(message)
      if (Result.isFailure(delta)) return FrameOutcome.malformed
      const { a, b, E, pu, s, U, u } = delta.success
      const instrument = this.symbols.findText(s)
      if (instrument < 0) return FrameOutcome.unlisted
      this.levels.clear()
      for (const [price, quantity] of b) this.levels.push(0, Number(price), Number(quantity))
      for (const [price, quantity] of a) this.levels.push(1, Number(price), Number(quantity))
      this.setTime(Number(E))
      const [previousHigh, previousLow] = pu === undefined ? ([-1, -1] as const) : highLow(pu)
      this.#delta(instrument, ...highLow(U), ...highLow(u), previousHigh, previousLow, bytes, start, end)
      return FrameOutcome.market
    }
    return controlKinds.has(kind) || /@(kline|ticker|miniTicker|depth\d)/.test(stream) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #bookOf(instrument: number): BookState {
    const known = this.#books.get(instrument)
    if (known !== undefined) return known
    const book: BookState = { phase: "waiting", high: 0, low: 0, pending: [] }
    this.#books.set(instrument, book)
    return book
  }
}

export const makeBinanceDecoder: FrameDecoderFactory = (symbols, record, sink) => new BinanceDecoder(symbols, record, sink)

/** Streams that this engine does not use. */
const controlKinds = new Set([
  "kline",
  "24hrTicker",
  "24hrMiniTicker",
  "1hTicker",
  "4hTicker",
  "1dTicker",
  "avgPrice",
  "markPriceUpdate",
  "forceOrder",
  "partialDepth",
  "serverShutdown"
])

const Levels = Schema.Array(WireLevel)
const decodeSnapshot = Schema.decodeUnknownResult(Schema.Struct({ lastUpdateId: Numeric, bids: Levels, asks: Levels }))
const decodeTicker = Schema.decodeUnknownResult(
  Schema.Struct({ s: Schema.String, b: Numeric, B: Numeric, a: Numeric, A: Numeric, E: Schema.optional(Numeric) })
)
const decodeTrade = Schema.decodeUnknownResult(Schema.Struct({ s: Schema.String, p: Numeric, q: Numeric, T: Numeric, m: Schema.Boolean }))
const decodeDelta = Schema.decodeUnknownResult(
  Schema.Struct({ s: Schema.String, E: Numeric, U: Numeric, u: Numeric, pu: Schema.optional(Numeric), b: Levels, a: Levels })
)

const compare = (aHigh: number, aLow: number, bHigh: number, bLow: number): number => (aHigh === bHigh ? aLow - bLow : aHigh - bHigh)

/** a = b + 1 */
const isNext = (aHigh: number, aLow: number, bHigh: number, bLow: number): boolean =>
  bLow === 999_999_999 ? aHigh === bHigh + 1 && aLow === 0 : aHigh === bHigh && aLow === bLow + 1
