/**
 * Decodes Bitget's v2 spot channels (books, books1, trade, ticker) and those of its unified v3 feed, which name a `topic`.
 *
 * Books are chained by `pseq` and `seq`. The venue no longer sends checksums; where a recording has one other than 0 it is verified: CRC-32, signed,
 * over the 25 best levels as `price:quantity` with the digits that were sent, bid and ask in turn.
 * https://www.bitget.com/api-doc/spot/websocket/public/Depth-Channel
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { template } from "../../wire/ByteScanner.ts"
import { crcByte, crcEnd, crcStart, crcText } from "../../wire/Crc32.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"

const Push = { event: 0, arg: 1, action: 2, data: 3, ts: 4 } as const
const push = new Fields(Push)
const Arg = { channel: 0, instId: 1, topic: 2, symbol: 3 } as const
const arg = new Fields(Arg)
const Book = { asks: 0, bids: 1, a: 2, b: 3, checksum: 4, seq: 5, pseq: 6, ts: 7 } as const
const book = new Fields(Book)
const Trade = { price: 0, size: 1, side: 2, ts: 3, p: 4, v: 5, S: 6, T: 7 } as const
const trade = new Fields(Trade)
const Ticker = { bidPr: 0, bidSz: 1, askPr: 2, askSz: 3, bid1Price: 4, bid1Size: 5, ask1Price: 6, ask1Size: 7, ts: 8 } as const
const ticker = new Fields(Ticker)

const word = { pong: template("pong"), error: quoted("error"), snapshot: quoted("snapshot"), buy: quoted("buy") }
const channel = {
  books: quoted("books"),
  best: quoted("books1"),
  trade: quoted("trade"),
  publicTrade: quoted("publicTrade"),
  ticker: quoted("ticker")
}
/** Channels that are not used: whole books of few levels, candles, indices. */
const unused = ["books5", "books15", "books50", "candle", "kline", "auction", "index", "mark", "liquidation", "adl"].map(beginning)
const checksumLevels = 25

/** The decimals that the venue prints, which its checksum covers. */
interface Digits {
  price: number
  quantity: number
}

class BitgetDecoder extends JsonDecoder {
  readonly #digits = new Map<number, Digits>()

  protected override message(): FrameOutcome {
    const { json } = this
    if (json.skip(word.pong)) return FrameOutcome.control
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.event)) return json.is(push, Push.event, word.error) ? FrameOutcome.refused : FrameOutcome.control
    if (!json.to(push, Push.arg)) return FrameOutcome.unknown
    if (!json.object(arg)) return FrameOutcome.malformed
    const name = arg.has(Arg.topic) ? Arg.topic : Arg.channel
    if (json.is(arg, name, channel.books)) return this.#data(book, this.#book)
    if (json.is(arg, name, channel.best)) return this.#data(book, this.#best)
    if (json.is(arg, name, channel.ticker)) return this.#data(ticker, this.#ticker)
    if (json.is(arg, name, channel.trade) || json.is(arg, name, channel.publicTrade)) return this.#trades()
    return json.isAny(arg, name, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #data(fields: Fields, read: (instrument: number) => boolean): FrameOutcome {
    const instrument = this.#instrument()
    return this.arrayOf(instrument, push, Push.data) ?? this.each(fields, instrument, read)
  }

  #instrument(): number {
    return this.symbolAt(arg, arg.has(Arg.symbol) ? Arg.symbol : Arg.instId)
  }

  /** Newest first; what a subscription begins with are the trades before it. */
  #trades(): FrameOutcome {
    this.past = this.json.is(push, Push.action, word.snapshot)
    const instrument = this.#instrument()
    return this.arrayOf(instrument, push, Push.data) ?? this.eachFromEnd(trade, instrument, this.#trade)
  }

  #stage(): boolean {
    this.timeAt(book, Book.ts)
    return this.stage(book, book.has(Book.bids) ? Book.bids : Book.b, book.has(Book.asks) ? Book.asks : Book.a)
  }

  #book(instrument: number): boolean {
    const { json } = this
    const digits = this.#digitsOf(instrument)
    this.priceDecimals = digits.price
    this.quantityDecimals = digits.quantity
    if (!this.#stage()) return false
    digits.price = this.priceDecimals
    digits.quantity = this.quantityDecimals
    const numbered = this.sequenceAt(this.last, book, Book.seq)
    const chained = this.sequenceAt(this.previous, book, Book.pseq)
    const place = this.placeOf(instrument)
    if (json.is(push, Push.action, word.snapshot)) this.chainSnapshot(instrument, numbered)
    else if (chained) this.chainDelta(instrument, this.previous.equals(place.id))
    // Recordings without `pseq`: only messages that are old or came twice can be recognised, by their number.
    else this.chainDelta(instrument, !numbered || this.last.compare(place.id) > 0, numbered)
    if (!place.live || !json.to(book, Book.checksum) || !json.decimal() || json.registers[0] === 0) return true
    if (bitgetChecksum(this.sink.book(instrument), digits.price, digits.quantity) !== (json.registers[0]! | 0))
      this.lose(instrument, place, "checksum")
    return true
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(push) || !json.to(push, Push.data) || !json.object(book) || !book.has(Book.bids) || !this.#stage())
      return FrameOutcome.malformed
    return this.stagedBook(instrument)
  }

  #best(instrument: number): boolean {
    if (!this.#stage()) return false
    this.quoteFromLevels(instrument)
    return true
  }

  /** The taker's side. */
  #trade(instrument: number): boolean {
    const unified = trade.has(Trade.p)
    if (!this.numberAt(1, trade, unified ? Trade.p : Trade.price) || !this.numberAt(2, trade, unified ? Trade.v : Trade.size)) return false
    this.timeAt(trade, unified ? Trade.T : Trade.ts)
    this.trade(instrument, this.json.is(trade, unified ? Trade.S : Trade.side, word.buy) ? 1 : -1)
    return true
  }

  #ticker(instrument: number): boolean {
    const from = ticker.has(Ticker.bid1Price) ? Ticker.bid1Price : Ticker.bidPr
    // An empty side has empty strings: no quote then.
    for (let index = 0; index < 4; index++) if (!this.numberAt(index + 1, ticker, from + index)) return true
    this.timeAt(ticker.has(Ticker.ts) ? ticker : push, ticker.has(Ticker.ts) ? Ticker.ts : Push.ts)
    this.quote(instrument)
    return true
  }

  #digitsOf(instrument: number): Digits {
    const known = this.#digits.get(instrument)
    if (known !== undefined) return known
    const digits: Digits = { price: 0, quantity: 0 }
    this.#digits.set(instrument, digits)
    return digits
  }
}

export const bitgetChecksum = (book: LevelReader, priceDecimals: number, quantityDecimals: number): number => {
  let crc = crcStart
  let begun = false
  for (let depth = 0; depth < checksumLevels; depth++) {
    for (const side of [0, 1] as const) {
      if (depth >= book.count(side)) continue
      if (begun) crc = crcByte(crc, colon)
      begun = true
      crc = crcText(
        crcByte(crcText(crc, book.price(side, depth).toFixed(priceDecimals)), colon),
        book.quantity(side, depth).toFixed(quantityDecimals)
      )
    }
  }
  return crcEnd(crc) | 0
}

const colon = 0x3a

export const makeBitgetDecoder: FrameDecoderFactory = (symbols, record, sink) => new BitgetDecoder(symbols, record, sink)
