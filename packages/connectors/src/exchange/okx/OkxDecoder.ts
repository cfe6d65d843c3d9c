/**
 * Decodes OKX's public channels: books, best bid and ask, trades, tickers.
 *
 * Books are chained by `prevSeqId`; `checksum` is always 0 by now and is not looked at. Older recordings have no ids and are taken as they
 * come. Recordings may carry the tick-by-tick books (`books-l2-tbt`, `books50-l2-tbt`): they have the same form as `books`.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"

const Push = { event: 0, arg: 1, action: 2, data: 3 } as const
const push = new Fields(Push)
const Arg = { channel: 0, instId: 1 } as const
const arg = new Fields(Arg)
const Book = { asks: 0, bids: 1, ts: 2, seqId: 3, prevSeqId: 4 } as const
const book = new Fields(Book)
const Trade = { px: 0, sz: 1, side: 2, ts: 3 } as const
const trade = new Fields(Trade)
const Ticker = { bidPx: 0, bidSz: 1, askPx: 2, askSz: 3, ts: 4 } as const
const ticker = new Fields(Ticker)

const word = { pong: template("pong"), error: quoted("error"), snapshot: quoted("snapshot"), buy: quoted("buy") }
const channel = { best: quoted("bbo-tbt"), trades: quoted("trades"), tickers: quoted("tickers") }
/** Whole books that are kept by changes, each with ids of its own. */
const books = ["books", "books-l2-tbt", "books50-l2-tbt"].map(quoted)
/** Channels that are not used; `books5` sends a few levels again and again, which would only repeat the deep book. */
const unused = [
  "books5",
  "trades-all",
  "candle",
  "index-",
  "mark-price",
  "estimated-price",
  "funding-rate",
  "open-interest",
  "opt-summary",
  "price-limit",
  "instruments",
  "status",
  "liquidation-",
  "adl-warning",
  "option-trades",
  "public-",
  "call-auction"
].map(beginning)

class OkxDecoder extends JsonDecoder {
  /** The one of `books` that each instrument's book is built from: the first that this connection brought. */
  readonly #carrier = new Map<number, number>()

  override reset(): void {
    super.reset()
    this.#carrier.clear()
  }

  protected override message(): FrameOutcome {
    const { json } = this
    if (json.skip(word.pong)) return FrameOutcome.control
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.event)) return json.is(push, Push.event, word.error) ? FrameOutcome.refused : FrameOutcome.control
    if (!json.to(push, Push.arg)) return FrameOutcome.unknown
    if (!json.object(arg)) return FrameOutcome.malformed
    for (let index = 0; index < books.length; index++) if (json.is(arg, Arg.channel, books[index]!)) return this.#books(index)
    if (json.is(arg, Arg.channel, channel.best)) return this.#data(book, this.#best)
    if (json.is(arg, Arg.channel, channel.trades)) return this.#data(trade, this.#trade)
    if (json.is(arg, Arg.channel, channel.tickers)) return this.#data(ticker, this.#ticker)
    return json.isAny(arg, Arg.channel, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #data(fields: Fields, read: (instrument: number) => boolean): FrameOutcome {
    const instrument = this.symbolAt(arg, Arg.instId)
    return this.arrayOf(instrument, push, Push.data) ?? this.each(fields, instrument, read)
  }

  #books(index: number): FrameOutcome {
    const instrument = this.symbolAt(arg, Arg.instId)
    const carrier = this.#carrier.get(instrument)
    if (instrument >= 0 && carrier === undefined) this.#carrier.set(instrument, index)
    else if (carrier !== undefined && carrier !== index) return FrameOutcome.control
    return this.arrayOf(instrument, push, Push.data) ?? this.each(book, instrument, this.#book)
  }

  #book(instrument: number): boolean {
    const { json } = this
    if (!this.stage(book, Book.bids, Book.asks)) return false
    const numbered = book.has(Book.seqId)
    if (numbered && !(this.sequenceAt(this.last, book, Book.seqId) && this.sequenceAt(this.previous, book, Book.prevSeqId))) return false
    this.timeAt(book, Book.ts)
    if (!push.has(Push.action) || json.is(push, Push.action, word.snapshot)) this.chainSnapshot(instrument, numbered)
    else this.chainDelta(instrument, !numbered || this.previous.equals(this.placeOf(instrument).id), numbered)
    return true
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(push) || !json.to(push, Push.data) || !json.array() || !json.more() || !json.object(book) || !book.has(Book.bids))
      return FrameOutcome.malformed
    return this.stage(book, Book.bids, Book.asks) ? this.stagedBook(instrument) : FrameOutcome.malformed
  }

  #best(instrument: number): boolean {
    if (!this.stage(book, Book.bids, Book.asks)) return false
    this.timeAt(book, Book.ts)
    this.quoteFromLevels(instrument)
    return true
  }

  #trade(instrument: number): boolean {
    if (!this.numberAt(1, trade, Trade.px) || !this.numberAt(2, trade, Trade.sz)) return false
    this.timeAt(trade, Trade.ts)
    this.trade(instrument, this.json.is(trade, Trade.side, word.buy) ? 1 : -1)
    return true
  }

  /** A side that is empty has empty strings: no quote then. */
  #ticker(instrument: number): boolean {
    if (
      this.numberAt(1, ticker, Ticker.bidPx) &&
      this.numberAt(2, ticker, Ticker.bidSz) &&
      this.numberAt(3, ticker, Ticker.askPx) &&
      this.numberAt(4, ticker, Ticker.askSz)
    ) {
      this.timeAt(ticker, Ticker.ts)
      this.quote(instrument)
    }
    return true
  }
}

export const makeOkxDecoder: FrameDecoderFactory = (symbols, record, sink) => new OkxDecoder(symbols, record, sink)
