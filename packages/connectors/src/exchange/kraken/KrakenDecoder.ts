/**
 * Decodes Kraken's WebSocket v2: book, trade, ticker, instrument, status, heartbeat.
 *
 * Every book message carries a CRC-32 over its ten best levels a side, digits as sent: price and quantity without their
 * point and leading zeros, asks first. A book keeps the subscribed depth, so levels that fall out of it are cut before the
 * checksum is taken. https://docs.kraken.com/api/docs/guides/spot-ws-book-v2
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, type LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { Result, Schema } from "effect"
import { byte, template } from "../../wire/ByteScanner.ts"
import { crcByte, crcDigits, crcEnd, crcStart } from "../../wire/Crc32.ts"
import { decimalsOf, isObject, Numeric, parseExact, WireLevel } from "../../wire/ExactJson.ts"
import { noSymbol, notThisForm, WireDecoder } from "../../wire/WireDecoder.ts"

/** Depths that Kraken offers. */
const depths = [10, 25, 100, 500, 1000]
const checksumLevels = 10

interface BookState {
  live: boolean
  depth: number
  /** That checksums are taken over. */
  priceDecimals: number
  quantityDecimals: number
  /** As the venue announced them last. */
  announcedPrice: number
  announcedQuantity: number
}

const key = {
  snapshot: template('{"channel":"book","type":"snapshot","data":[{"symbol":"'),
  update: template('{"channel":"book","type":"update","data":[{"symbol":"'),
  trade: template('{"channel":"trade","type":"update","data":[{"symbol":"'),
  ticker: template('{"channel":"ticker","type":"update","data":[{"symbol":"'),
  heartbeat: template('{"channel":"heartbeat"}'),
  bids: template(',"bids":['),
  asks: template(',"asks":['),
  price: template('{"price":'),
  quantity: template(',"qty":'),
  checksum: template(',"checksum":'),
  timestamp: template(',"timestamp":"'),
  bid: template(',"bid":'),
  bidQuantity: template(',"bid_qty":'),
  ask: template(',"ask":'),
  askQuantity: template(',"ask_qty":'),
  sell: template(',"side":"sell","price":'),
  buy: template(',"side":"buy","price":'),
  orderType: template(',"ord_type":"'),
  tradeId: template(',"trade_id":'),
  end: template("}]}")
}
const timeEnd = template('"}]}')
const timeLength = "2023-09-25T09:04:31.742599Z".length

class KrakenDecoder extends WireDecoder {
  readonly #books = new Map<number, BookState>()
  /** The largest depth that any snapshot of this connection needed, for captures without their acknowledgements. */
  #depthSeen = depths[0]!
  /** The most that prices and quantities of the message in hand are printed with. */
  #priceDecimals = 0
  #quantityDecimals = 0

  override reset(): void {
    for (const book of this.#books.values()) book.live = false
  }

  /** Polled while the stream is away. */
  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const decoded = decodePolled(parseExact(bytes, start, end))
    if (Result.isFailure(decoded)) return FrameOutcome.malformed
    const book = Object.values(decoded.success.result)[0]
    if (book === undefined) return FrameOutcome.malformed
    this.#bookOf(instrument).live = false
    return this.polledBook(instrument, book)
  }

  override decode(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const scanner = this.scanner
    scanner.open(bytes, start, end)
    const outcome = scanner.skip(key.update)
      ? this.#book(false)
      : scanner.skip(key.trade)
        ? this.#trade()
        : scanner.skip(key.ticker)
          ? this.#ticker()
          : scanner.skip(key.heartbeat)
            ? FrameOutcome.control
            : scanner.skip(key.snapshot)
              ? this.#book(true)
              : notThisForm
    return outcome === notThisForm ? this.#slow(bytes, start, end) : (outcome as FrameOutcome)
  }

  #book(snapshot: boolean): number {
    const scanner = this.scanner
    const instrument = this.symbol()
    if (instrument === noSymbol) return notThisForm
    const book = this.#bookOf(instrument)
    this.#begin()
    if (
      !scanner.skip(key.bids) ||
      !this.#levelList(0) ||
      !scanner.skip(key.asks) ||
      !this.#levelList(1) ||
      !scanner.skip(key.checksum) ||
      !scanner.integer()
    )
      return notThisForm
    const checksum = scanner.registers[1]! * 1e9 + scanner.registers[2]!
    let time = Number.NaN
    if (scanner.skip(key.timestamp)) {
      if (!scanner.isoTime() || !scanner.skipByte(byte.quote)) return notThisForm
      time = scanner.registers[0]!
    }
    if (!scanner.skip(key.end)) return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.#apply(instrument, book, snapshot, time, checksum)
    return FrameOutcome.market
  }

  #begin(): void {
    this.levels.clear()
    this.#priceDecimals = this.#quantityDecimals = 0
  }

  #levelList(side: 0 | 1): boolean {
    const { levels, scanner } = this
    if (scanner.skipByte(byte.close)) return true
    do {
      if (!scanner.skip(key.price) || !scanner.number()) return false
      const at = levels.add()
      if (at < 0) return false
      levels.data[at] = side
      levels.data[at + 1] = scanner.registers[0]!
      if (scanner.decimals > this.#priceDecimals) this.#priceDecimals = scanner.decimals
      if (!scanner.skip(key.quantity) || !scanner.number() || !scanner.skipByte(byte.unbrace)) return false
      levels.data[at + 2] = scanner.registers[0]!
      if (scanner.decimals > this.#quantityDecimals) this.#quantityDecimals = scanner.decimals
    } while (scanner.skipByte(byte.comma))
    return scanner.skipByte(byte.close)
  }

  /** Applies the staged levels, cuts the book to its depth and verifies its checksum. */
  #apply(instrument: number, book: BookState, snapshot: boolean, time: number, checksum: number): void {
    // An update before its snapshot, or after a bad checksum, has no book to change.
    if (!snapshot && !book.live) return
    this.setTime(time)
    if (snapshot) {
      if (book.depth === 0) this.#inferDepth()
      this.emit(EventKind.bookClear, instrument)
    }
    this.emitLevels(instrument)
    this.record.integers[3] = book.depth === 0 ? this.#depthSeen : book.depth
    this.emit(EventKind.bookTruncate, instrument)
    const levels = this.sink.book(instrument)
    const ownPrice = this.#priceDecimals
    const ownQuantity = this.#quantityDecimals
    if (snapshot) {
      // A pair's decimals may have changed since: what it is printed with says more than what was announced, but for zeros at an end.
      book.priceDecimals = book.announcedPrice
      book.quantityDecimals = book.announcedQuantity
    }
    if (ownPrice > book.priceDecimals) book.priceDecimals = ownPrice
    if (ownQuantity > book.quantityDecimals) book.quantityDecimals = ownQuantity
    book.live = checksumOf(levels, book.priceDecimals, book.quantityDecimals) === checksum
    if (snapshot && !book.live && checksumOf(levels, ownPrice, ownQuantity) === checksum) {
      book.live = true
      book.priceDecimals = ownPrice
      book.quantityDecimals = ownQuantity
    }
    if (book.live) this.emitCommit(instrument, Number.NaN, Number.NaN)
    else this.emitStale(instrument, "checksum")
  }

  /** The smallest depth on offer that holds every snapshot seen so far. */
  #inferDepth(): void {
    let bids = 0
    for (let at = 0; at < this.levels.count * 3; at += 3) if (this.levels.data[at] === 0) bids++
    const need = Math.max(bids, this.levels.count - bids)
    const depth = depths.find((offered) => offered >= need) ?? need
    if (depth > this.#depthSeen) this.#depthSeen = depth
  }

  /** `…ETH/USDT","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":466,"timestamp":"…"}]}` */
  #trade(): number {
    const { record, scanner } = this
    const instrument = this.symbol()
    if (instrument === noSymbol) return notThisForm
    // Kraken's side is the taker's.
    if (scanner.skip(key.sell)) record.integers[2] = -1
    else if (scanner.skip(key.buy)) record.integers[2] = 1
    else return notThisForm
    if (
      !this.#plainTo(1) ||
      !scanner.skip(key.quantity) ||
      !this.#plainTo(2) ||
      !scanner.skip(key.orderType) ||
      scanner.string() < 0 ||
      !scanner.skip(key.tradeId) ||
      !scanner.skipInteger() ||
      !scanner.skip(key.timestamp) ||
      !scanner.isoTime()
    )
      return notThisForm
    this.setTime(scanner.registers[0]!)
    // Several trades in one message are rare: the slow path reads all of them.
    if (!scanner.skipByte(byte.quote) || !scanner.skip(key.end)) return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.emit(EventKind.trade, instrument)
    return FrameOutcome.market
  }

  /** `…ETH/USDT","bid":0.1,"bid_qty":740.0,"ask":0.11,"ask_qty":740.0,…,"timestamp":"2023-09-25T09:04:31.742599Z"}]}`. */
  #ticker(): number {
    const scanner = this.scanner
    const instrument = this.symbol()
    if (
      instrument === noSymbol ||
      !scanner.skip(key.bid) ||
      !this.#plainTo(1) ||
      !scanner.skip(key.bidQuantity) ||
      !this.#plainTo(2) ||
      !scanner.skip(key.ask) ||
      !this.#plainTo(3) ||
      !scanner.skip(key.askQuantity) ||
      !this.#plainTo(4)
    )
      return notThisForm
    if (scanner.bytes[scanner.end - 1] !== byte.unbrace) return notThisForm
    this.setTime(Number.NaN)
    // The time comes last, with six decimals. A ticker that ends in a string of another form is read slowly.
    if (scanner.bytes[scanner.end - timeEnd.length] === byte.quote) {
      scanner.position = scanner.end - timeEnd.length - timeLength - key.timestamp.length
      if (!scanner.skip(key.timestamp) || !scanner.isoTime() || !scanner.skip(timeEnd)) return notThisForm
      this.setTime(scanner.registers[0]!)
    }
    if (instrument < 0) return FrameOutcome.unlisted
    this.emit(EventKind.quote, instrument)
    return FrameOutcome.market
  }

  #slow(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const message = parseExact(bytes, start, end)
    if (!isObject(message)) return FrameOutcome.malformed
    if ("method" in message) {
      if (message["success"] === false) return FrameOutcome.refused
      const ack = decodeBookAck(message)
      if (Result.isSuccess(ack)) {
        const instrument = this.symbols.findText(ack.success.result.symbol)
        if (instrument >= 0) this.#bookOf(instrument).depth = Number(ack.success.result.depth)
      }
      return FrameOutcome.control
    }
    if ("error" in message) return FrameOutcome.refused
    switch (message["channel"]) {
      case "book": {
        const decoded = decodeBook(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        let outcome: FrameOutcome = FrameOutcome.control
        for (const { asks, bids, checksum, symbol, timestamp } of decoded.success.data) {
          const instrument = this.symbols.findText(symbol)
          if (instrument < 0) {
            outcome = FrameOutcome.unlisted
            continue
          }
          const book = this.#bookOf(instrument)
          this.#begin()
          for (const [side, list] of [
            [0, bids],
            [1, asks]
          ] as const) {
            for (const { price, qty } of list) {
              this.#priceDecimals = Math.max(this.#priceDecimals, decimalsOf(price))
              this.#quantityDecimals = Math.max(this.#quantityDecimals, decimalsOf(qty))
              if (!this.levels.push(side, Number(price), Number(qty))) return FrameOutcome.malformed
            }
          }
          this.#apply(instrument, book, decoded.success.type === "snapshot", timeOf(timestamp), Number(checksum))
          outcome = FrameOutcome.market
        }
        return outcome
      }
      case "trade": {
        const decoded = decodeTrades(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        let outcome: FrameOutcome = FrameOutcome.control
        for (const { price, qty, side, symbol, timestamp } of decoded.success.data) {
          const instrument = this.symbols.findText(symbol)
          outcome = instrument < 0 ? FrameOutcome.unlisted : FrameOutcome.market
          if (instrument < 0) continue
          this.setTime(timeOf(timestamp))
          this.record.numbers[1] = Number(price)
          this.record.numbers[2] = Number(qty)
          this.record.integers[2] = side === "buy" ? 1 : -1
          // The snapshot is of trades before the subscription.
          this.emit(decoded.success.type === "snapshot" ? EventKind.pastTrade : EventKind.trade, instrument)
        }
        return outcome
      }
      case "ticker": {
        const decoded = decodeTickers(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        let outcome: FrameOutcome = FrameOutcome.control
        for (const { ask, ask_qty, bid, bid_qty, symbol, timestamp } of decoded.success.data) {
          const instrument = this.symbols.findText(symbol)
          outcome = instrument < 0 ? FrameOutcome.unlisted : FrameOutcome.market
          if (instrument < 0) continue
          this.setTime(timeOf(timestamp))
          this.record.numbers[1] = Number(bid)
          this.record.numbers[2] = Number(bid_qty)
          this.record.numbers[3] = Number(ask)
          this.record.numbers[4] = Number(ask_qty)
          this.emit(EventKind.quote, instrument)
        }
        return outcome
      }
      case "instrument": {
        const decoded = decodeInstruments(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        for (const pair of decoded.success.data.pairs) {
          const instrument = this.symbols.findText(pair.symbol)
          if (instrument < 0) continue
          const book = this.#bookOf(instrument)
          book.priceDecimals = book.announcedPrice = Number(pair.price_precision)
          book.quantityDecimals = book.announcedQuantity = Number(pair.qty_precision)
        }
        return FrameOutcome.control
      }
      case "heartbeat":
      case "status":
      case "ohlc":
      case "level3":
        return FrameOutcome.control
      default:
        return FrameOutcome.unknown
    }
  }

  /** Reads a bare decimal into `record.numbers[index]`. */
  #plainTo(index: number): boolean {
    if (!this.scanner.number()) return false
    this.record.numbers[index] = this.scanner.registers[0]!
    return true
  }

  #bookOf(instrument: number): BookState {
    const known = this.#books.get(instrument)
    if (known !== undefined) return known
    const book: BookState = { live: false, depth: 0, priceDecimals: 0, quantityDecimals: 0, announcedPrice: 0, announcedQuantity: 0 }
    if (instrument >= 0) this.#books.set(instrument, book)
    return book
  }
}

export const makeKrakenDecoder: FrameDecoderFactory = (symbols, record, sink) => new KrakenDecoder(symbols, record, sink)

/**
 * The CRC-32 that Kraken sends for a book. A price of `n` decimals times 10^n is a whole number below 2^53, and rounding
 * undoes the error of its double: its digits are those that were sent, less the leading zeros.
 */
export const checksumOf = (book: LevelReader, priceDecimals: number, quantityDecimals: number): number => {
  const priceUnit = 10 ** priceDecimals
  const quantityUnit = 10 ** quantityDecimals
  let crc = crcStart
  for (const side of [1, 0] as const) {
    const levels = Math.min(checksumLevels, book.count(side))
    for (let depth = 0; depth < levels; depth++) {
      crc = crcDigits(crc, Math.round(book.price(side, depth) * priceUnit))
      const lots = Math.round(book.quantity(side, depth) * quantityUnit)
      crc = lots === 0 ? crcByte(crc, 0x30) : crcDigits(crc, lots)
    }
  }
  return crcEnd(crc)
}

const timeOf = (timestamp: string | undefined): number => (timestamp === undefined ? Number.NaN : Date.parse(timestamp))

const Level = Schema.Struct({ price: Numeric, qty: Numeric })
const type = Schema.Literals(["snapshot", "update"])
const decodeBookAck = Schema.decodeUnknownResult(
  Schema.Struct({ result: Schema.Struct({ channel: Schema.Literal("book"), symbol: Schema.String, depth: Numeric }) })
)
const decodePolled = Schema.decodeUnknownResult(
  Schema.Struct({
    result: Schema.Record(Schema.String, Schema.Struct({ bids: Schema.Array(WireLevel), asks: Schema.Array(WireLevel) }))
  })
)
const decodeBook = Schema.decodeUnknownResult(
  Schema.Struct({
    type,
    data: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        bids: Schema.Array(Level),
        asks: Schema.Array(Level),
        checksum: Numeric,
        timestamp: Schema.optional(Schema.String)
      })
    )
  })
)
const decodeTrades = Schema.decodeUnknownResult(
  Schema.Struct({
    type,
    data: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        side: Schema.Literals(["buy", "sell"]),
        price: Numeric,
        qty: Numeric,
        timestamp: Schema.String
      })
    )
  })
)
const decodeTickers = Schema.decodeUnknownResult(
  Schema.Struct({
    data: Schema.Array(
      Schema.Struct({
        symbol: Schema.String,
        bid: Numeric,
        bid_qty: Numeric,
        ask: Numeric,
        ask_qty: Numeric,
        timestamp: Schema.optional(Schema.String)
      })
    )
  })
)
const decodeInstruments = Schema.decodeUnknownResult(
  Schema.Struct({
    data: Schema.Struct({
      pairs: Schema.Array(Schema.Struct({ symbol: Schema.String, price_precision: Numeric, qty_precision: Numeric }))
    })
  })
)
