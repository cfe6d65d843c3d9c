/**
 * Decodes both of Coinbase's public feeds: Exchange here (`{"type":…`), Advanced Trade (`{"channel":…`) beside it.
 *
 * The Exchange feed's level 2 has no sequence: the venue promises delivery, and the hot path finds a book whose sides cross.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, type MarketRecord, type MarketSink } from "@evenkeel/domain/market/MarketRecord"
import type { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { Result, Schema } from "effect"
import { byte, type Template, template } from "../../wire/ByteScanner.ts"
import { isObject, Numeric, parseExact, WireLevel } from "../../wire/ExactJson.ts"
import { noSymbol, notThisForm, WireDecoder } from "../../wire/WireDecoder.ts"
import { AdvancedDecoder } from "./AdvancedDecoder.ts"

const key = {
  update: template('{"type":"l2update","product_id":"'),
  changes: template(',"changes":['),
  buy: template('["buy","'),
  sell: template('["sell","'),
  nextQuoted: template('","'),
  levelEnd: template('"]'),
  time: template(',"time":"'),
  end: template('"}'),
  ticker: template('{"type":"ticker","sequence":'),
  product: template(',"product_id":"'),
  match: template('{"type":"match","trade_id":'),
  maker: template(',"maker_order_id":"'),
  taker: template(',"taker_order_id":"'),
  sideBuy: template(',"side":"buy","size":"'),
  sideSell: template(',"side":"sell","size":"'),
  price: template(',"price":"'),
  open: template(',"open_24h":"'),
  volume: template(',"volume_24h":"'),
  low: template(',"low_24h":"'),
  high: template(',"high_24h":"'),
  volumeMonth: template(',"volume_30d":"'),
  bestBid: template(',"best_bid":"'),
  bestBidSize: template(',"best_bid_size":"'),
  bestAsk: template(',"best_ask":"'),
  bestAskSize: template(',"best_ask_size":"'),
  side: template(',"side":"'),
  tradeId: template(',"trade_id":'),
  lastSize: template(',"last_size":"'),
  sequence: template(',"sequence":')
}

class CoinbaseDecoder extends WireDecoder {
  /** Instruments whose snapshot has come. */
  readonly #live = new Set<number>()
  readonly #advanced: AdvancedDecoder

  constructor(symbols: SymbolTable, record: MarketRecord, sink: MarketSink) {
    super(symbols, record, sink)
    this.#advanced = new AdvancedDecoder(symbols, record, sink)
  }

  override reset(): void {
    this.#live.clear()
    this.#advanced.reset()
  }

  /** Polled while the stream is away. */
  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const decoded = decodePolled(parseExact(bytes, start, end))
    if (Result.isFailure(decoded)) return FrameOutcome.malformed
    this.#live.delete(instrument)
    return this.polledBook(instrument, decoded.success)
  }

  override decode(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const scanner = this.scanner
    scanner.open(bytes, start, end)
    const outcome = scanner.skip(key.update)
      ? this.#update()
      : scanner.skip(key.ticker)
        ? this.#ticker()
        : scanner.skip(key.match)
          ? this.#match()
          : notThisForm
    return outcome === notThisForm ? this.#slow(bytes, start, end) : (outcome as FrameOutcome)
  }

  /** `{"type":"l2update","product_id":"SKL-BTC","changes":[["sell","0.00001306","660.5"]],"time":"…"}` */
  #update(): number {
    const { levels, scanner } = this
    const instrument = this.symbol()
    if (instrument === noSymbol || !scanner.skip(key.changes)) return notThisForm
    levels.clear()
    do {
      const side = scanner.skip(key.buy) ? 0 : scanner.skip(key.sell) ? 1 : -1
      if (side < 0 || !scanner.number() || !scanner.skip(key.nextQuoted)) return notThisForm
      const at = levels.add()
      if (at < 0) return notThisForm
      levels.data[at] = side
      levels.data[at + 1] = scanner.registers[0]!
      if (!scanner.number() || !scanner.skip(key.levelEnd)) return notThisForm
      levels.data[at + 2] = scanner.registers[0]!
    } while (scanner.skipByte(byte.comma))
    if (!scanner.skipByte(byte.close) || !scanner.skip(key.time) || !scanner.isoTime() || !scanner.skip(key.end)) return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(scanner.registers[0]!)
    this.#applyUpdate(instrument)
    return FrameOutcome.market
  }

  /** The keys in their order, with the sizes that older messages lack; only the best bid and ask and the time are kept. */
  #ticker(): number {
    const { record, scanner } = this
    if (!scanner.skipInteger() || !scanner.skip(key.product)) return notThisForm
    const instrument = this.symbol()
    if (instrument === noSymbol) return notThisForm
    if (
      !this.#passOver(key.price) ||
      !this.#passOver(key.open) ||
      !this.#passOver(key.volume) ||
      !this.#passOver(key.low) ||
      !this.#passOver(key.high) ||
      !this.#passOver(key.volumeMonth)
    )
      return notThisForm
    record.numbers[2] = record.numbers[4] = Number.NaN
    if (!scanner.skip(key.bestBid) || !this.quotedTo(1) || (scanner.skip(key.bestBidSize) && !this.quotedTo(2))) return notThisForm
    if (!scanner.skip(key.bestAsk) || !this.quotedTo(3) || (scanner.skip(key.bestAskSize) && !this.quotedTo(4))) return notThisForm
    if (!this.#passOver(key.side) || !scanner.skip(key.time) || !scanner.isoTime() || !scanner.skipByte(byte.quote)) return notThisForm
    const time = scanner.registers[0]!
    if (!scanner.skip(key.tradeId) || !scanner.skipInteger() || !this.#passOver(key.lastSize) || !scanner.skipByte(byte.unbrace))
      return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(time)
    this.emit(EventKind.quote, instrument)
    return FrameOutcome.market
  }

  /** Steps over a key and its string. */
  #passOver(template: Template): boolean {
    return this.scanner.skip(template) && this.scanner.string() >= 0
  }

  /** `{"type":"match","trade_id":1,"maker_order_id":"…","taker_order_id":"…","side":"sell","size":"1","price":"2","product_id":"…","sequence":3,"time":"…"}` */
  #match(): number {
    const { record, scanner } = this
    if (!scanner.skipInteger() || !scanner.skip(key.maker) || scanner.string() < 0 || !scanner.skip(key.taker) || scanner.string() < 0)
      return notThisForm
    // `side` is the maker's: a selling maker means that the taker bought.
    if (scanner.skip(key.sideSell)) record.integers[2] = 1
    else if (scanner.skip(key.sideBuy)) record.integers[2] = -1
    else return notThisForm
    if (!this.quotedTo(2) || !scanner.skip(key.price) || !this.quotedTo(1) || !scanner.skip(key.product)) return notThisForm
    const instrument = this.symbol()
    if (
      instrument === noSymbol ||
      !scanner.skip(key.sequence) ||
      !scanner.skipInteger() ||
      !scanner.skip(key.time) ||
      !scanner.isoTime() ||
      !scanner.skip(key.end)
    )
      return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(scanner.registers[0]!)
    this.emit(EventKind.trade, instrument)
    return FrameOutcome.market
  }

  #applyUpdate(instrument: number): void {
    if (!this.#live.has(instrument)) return
    this.emitLevels(instrument)
    this.emitCommit(instrument, Number.NaN, Number.NaN)
  }

  #applySnapshot(instrument: number): void {
    this.#live.add(instrument)
    this.emit(EventKind.bookClear, instrument)
    this.emitLevels(instrument)
    this.emitCommit(instrument, Number.NaN, Number.NaN)
  }

  #slow(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const advanced = this.#advanced.decode(bytes, start, end)
    if (this.#advanced.claimed) return advanced
    const message = parseExact(bytes, start, end)
    if (!isObject(message)) return FrameOutcome.malformed
    switch (message["type"]) {
      case "snapshot": {
        const decoded = decodeSnapshot(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        const instrument = this.symbols.findText(decoded.success.product_id)
        if (instrument < 0) return FrameOutcome.unlisted
        this.levels.clear()
        for (const [price, quantity] of decoded.success.bids) this.levels.push(0, Number(price), Number(quantity))
        for (const [price, quantity] of decoded.success.asks) this.levels.push(1, Number(price), Number(quantity))
        this.setTime(timeOf(decoded.success.time))
        this.#applySnapshot(instrument)
        return FrameOutcome.market
      }
      case "l2update": {
        const decoded = decodeUpdate(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        const instrument = this.symbols.findText(decoded.success.product_id)
        if (instrument < 0) return FrameOutcome.unlisted
        this.levels.clear()
        for (const [side, price, quantity] of decoded.success.changes)
          this.levels.push(side === "buy" ? 0 : 1, Number(price), Number(quantity))
        this.setTime(timeOf(decoded.success.time))
        this.#applyUpdate(instrument)
        return FrameOutcome.market
      }
      case "match":
      case "last_match": {
        const decoded = decodeMatch(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        const { price, product_id, side, size, time } = decoded.success
        // `last_match` is the last trade before the subscription.
        const kind = message["type"] === "last_match" ? EventKind.pastTrade : EventKind.trade
        return this.#slowTrade(kind, product_id, price, size, side === "sell" ? 1 : -1, timeOf(time))
      }
      case "ticker": {
        const decoded = decodeTicker(message)
        if (Result.isFailure(decoded)) return FrameOutcome.malformed
        const { best_ask, best_ask_size, best_bid, best_bid_size, product_id, time } = decoded.success
        return this.#slowQuote(product_id, best_bid, best_bid_size, best_ask, best_ask_size, timeOf(time))
      }
      case "error":
        return FrameOutcome.refused
      case "subscriptions":
      case "heartbeat":
      case "status":
      case "auction":
      case "rfq_match":
      case "received":
      case "open":
      case "done":
      case "change":
      case "activate":
        return FrameOutcome.control
      default:
        return FrameOutcome.unknown
    }
  }

  #slowTrade(kind: EventKind, product: string, price: string, quantity: string, side: -1 | 1, time: number): FrameOutcome {
    const instrument = this.symbols.findText(product)
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(time)
    this.record.numbers[1] = Number(price)
    this.record.numbers[2] = Number(quantity)
    this.record.integers[2] = side
    this.emit(kind, instrument)
    return FrameOutcome.market
  }

  #slowQuote(
    product: string,
    bid: string,
    bidQuantity: string | undefined,
    ask: string,
    askQuantity: string | undefined,
    time: number
  ): FrameOutcome {
    const instrument = this.symbols.findText(product)
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(time)
    this.record.numbers[1] = Number(bid)
    this.record.numbers[2] = Number(bidQuantity)
    this.record.numbers[3] = Number(ask)
    this.record.numbers[4] = Number(askQuantity)
    this.emit(EventKind.quote, instrument)
    return FrameOutcome.market
  }
}

export const makeCoinbaseDecoder: FrameDecoderFactory = (symbols, record, sink) => new CoinbaseDecoder(symbols, record, sink)

const timeOf = (time: string | undefined): number => (time === undefined ? Number.NaN : Date.parse(time))

const Pair = WireLevel
const time = Schema.optional(Schema.String)
const product_id = Schema.String
const decodePolled = Schema.decodeUnknownResult(Schema.Struct({ bids: Schema.Array(WireLevel), asks: Schema.Array(WireLevel) }))
const decodeSnapshot = Schema.decodeUnknownResult(Schema.Struct({ product_id, bids: Schema.Array(Pair), asks: Schema.Array(Pair), time }))
const decodeUpdate = Schema.decodeUnknownResult(
  Schema.Struct({ product_id, changes: Schema.Array(Schema.Tuple([Schema.Literals(["buy", "sell"]), Numeric, Numeric])), time })
)
const decodeMatch = Schema.decodeUnknownResult(
  Schema.Struct({ product_id, price: Numeric, size: Numeric, side: Schema.Literals(["buy", "sell"]), time })
)
const decodeTicker = Schema.decodeUnknownResult(
  Schema.Struct({
    product_id,
    best_bid: Numeric,
    best_ask: Numeric,
    best_bid_size: Schema.optional(Numeric),
    best_ask_size: Schema.optional(Numeric),
    time
  })
)
