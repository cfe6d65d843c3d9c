/**
 * Decodes Crypto.com Exchange's v1 market feed: book (snapshot and updates), trades, ticker.
 *
 * An update's `pu` is the id of the one before it. The first push of trades is of those before the subscription, up to a hundred.
 * https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html#book-instrument_name-depth
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"

const Push = { method: 0, code: 1, result: 2 } as const
const push = new Fields(Push)
const Payload = { instrument_name: 0, channel: 1, data: 2 } as const
const payload = new Fields(Payload)
const Book = { asks: 0, bids: 1, update: 2, u: 3, pu: 4, t: 5 } as const
const book = new Fields(Book)
const Update = { asks: 0, bids: 1 } as const
const update = new Fields(Update)
const Trade = { p: 0, q: 1, s: 2, t: 3 } as const
const trade = new Fields(Trade)
const Ticker = { b: 0, bs: 1, k: 2, ks: 3, t: 4 } as const
const ticker = new Fields(Ticker)

const word = { zero: template("0"), buy: quoted("BUY") }
const channel = { book: quoted("book"), update: quoted("book.update"), trade: quoted("trade"), ticker: quoted("ticker") }
const unused = ["candlestick", "index", "mark", "settlement", "funding", "estimatedfunding"].map(beginning)

class CryptocomDecoder extends JsonDecoder {
  /** Instruments whose past trades have come on this connection. */
  readonly #begun = new Set<number>()

  override reset(): void {
    super.reset()
    this.#begun.clear()
  }

  protected override message(): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.code) && !json.is(push, Push.code, word.zero)) return FrameOutcome.refused
    if (!json.to(push, Push.result)) return push.has(Push.method) ? FrameOutcome.control : FrameOutcome.unknown
    if (!json.object(payload)) return FrameOutcome.malformed
    if (!payload.has(Payload.data)) return FrameOutcome.control
    if (json.is(payload, Payload.channel, channel.update)) return this.#data(book, this.#update)
    if (json.is(payload, Payload.channel, channel.book)) return this.#data(book, this.#book)
    if (json.is(payload, Payload.channel, channel.trade)) return this.#trades()
    if (json.is(payload, Payload.channel, channel.ticker)) return this.#data(ticker, this.#ticker)
    return json.isAny(payload, Payload.channel, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #data(fields: Fields, read: (instrument: number) => boolean): FrameOutcome {
    const instrument = this.symbolAt(payload, Payload.instrument_name)
    return this.arrayOf(instrument, payload, Payload.data) ?? this.each(fields, instrument, read)
  }

  /** Newest first. */
  #trades(): FrameOutcome {
    const instrument = this.symbolAt(payload, Payload.instrument_name)
    this.past = !this.#begun.has(instrument)
    this.#begun.add(instrument)
    return this.arrayOf(instrument, payload, Payload.data) ?? this.eachFromEnd(trade, instrument, this.#trade)
  }

  #book(instrument: number): boolean {
    if (!book.has(Book.bids) || !this.stage(book, Book.bids, Book.asks)) return false
    const numbered = book.has(Book.u)
    if (numbered && !this.sequenceAt(this.last, book, Book.u)) return false
    this.timeAt(book, Book.t)
    this.chainSnapshot(instrument, numbered)
    return true
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(push) || !json.to(push, Push.result) || !json.object(payload) || !json.to(payload, Payload.data))
      return FrameOutcome.malformed
    if (!json.array() || !json.more() || !json.object(book) || !book.has(Book.bids)) return FrameOutcome.malformed
    return this.stage(book, Book.bids, Book.asks) ? this.stagedBook(instrument) : FrameOutcome.malformed
  }

  #update(instrument: number): boolean {
    const { json } = this
    if (!this.sequenceAt(this.last, book, Book.u) || !this.sequenceAt(this.previous, book, Book.pu)) return false
    this.timeAt(book, Book.t)
    if (!json.to(book, Book.update) || !json.object(update)) return false
    if (!this.stage(update, Update.bids, Update.asks)) return false
    this.chainDelta(instrument, this.previous.equals(this.placeOf(instrument).id))
    return true
  }

  /** `s` is the taker's side. */
  #trade(instrument: number): boolean {
    if (!this.numberAt(1, trade, Trade.p) || !this.numberAt(2, trade, Trade.q)) return false
    this.timeAt(trade, Trade.t)
    this.trade(instrument, this.json.is(trade, Trade.s, word.buy) ? 1 : -1)
    return true
  }

  /** An empty side is null: no quote then. */
  #ticker(instrument: number): boolean {
    for (let index = 0; index < 4; index++) if (!this.numberAt(index + 1, ticker, index)) return true
    this.timeAt(ticker, Ticker.t)
    this.quote(instrument)
    return true
  }
}

export const makeCryptocomDecoder: FrameDecoderFactory = (symbols, record, sink) => new CryptocomDecoder(symbols, record, sink)
