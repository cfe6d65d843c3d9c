/**
 * Decodes Bitstamp's v2 channels: `diff_order_book`, `live_trades`.
 *
 * Differences carry a time in microseconds and no number: they are merged with a REST snapshot by it. One that is older than the one
 * before it came out of order, and the book is built anew; one that never came cannot be noticed.
 * https://www.bitstamp.net/websocket/v2/
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { SequenceId } from "../../wire/SequenceId.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { event: 0, channel: 1, data: 2 } as const
const push = new Fields(Push)
const Book = { microtimestamp: 0, bids: 1, asks: 2 } as const
const book = new Fields(Book)
const Trade = { amount: 0, price: 1, type: 2, microtimestamp: 3, amount_str: 4, price_str: 5 } as const
const trade = new Fields(Trade)

const word = { protocol: beginning("bts:"), error: quoted("bts:error"), sold: template("1") }
const channel = { book: beginning("diff_order_book_"), trades: beginning("live_trades_") }
const unused = ["order_book_", "detail_order_book_", "live_orders_", "funding_rate_"].map(beginning)
const microsPerMilli = 1000

class BitstampDecoder extends JsonDecoder {
  /** The newest difference of each book, applied or held back. */
  readonly #newest = new Map<number, SequenceId>()

  override reset(): void {
    super.reset()
    this.#newest.clear()
  }

  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (json.is(push, Push.event, word.protocol)) return json.is(push, Push.event, word.error) ? FrameOutcome.refused : FrameOutcome.control
    if (json.is(push, Push.channel, channel.book)) return this.#difference(bytes, start, end)
    if (json.is(push, Push.channel, channel.trades)) return this.#trade()
    return json.isAny(push, Push.channel, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #difference(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const instrument = this.symbol()
    if (instrument === noSymbol || !this.json.to(push, Push.data) || !this.#levels()) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    if (!this.replaying) {
      const newest = this.#newest.get(instrument)
      if (newest === undefined) this.#newest.set(instrument, this.last.clone())
      else if (this.last.compare(newest) < 0) {
        const place = this.placeOf(instrument)
        if (place.live) this.lose(instrument, place, "gap")
      } else newest.copy(this.last)
    }
    return this.mergeDelta(instrument, true, bytes, start, end)
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    this.json.open(bytes, start, end)
    return this.#levels() ? this.mergeSnapshot(instrument) : FrameOutcome.malformed
  }

  /** Stages `{"microtimestamp": …, "bids": …, "asks": …}`. */
  #levels(): boolean {
    const read = this.json.object(book) && book.has(Book.bids) && this.stage(book, Book.bids, Book.asks)
    this.timeAt(book, Book.microtimestamp, microsPerMilli)
    return read && this.sequenceAt(this.last, book, Book.microtimestamp)
  }

  /** `type`: 0 the taker bought, 1 sold. */
  #trade(): FrameOutcome {
    const { json } = this
    const instrument = this.symbol()
    if (instrument === noSymbol || !json.to(push, Push.data) || !json.object(trade)) return FrameOutcome.malformed
    const read =
      this.numberAt(1, trade, trade.has(Trade.price_str) ? Trade.price_str : Trade.price) &&
      this.numberAt(2, trade, trade.has(Trade.amount_str) ? Trade.amount_str : Trade.amount)
    if (!read) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(trade, Trade.microtimestamp, microsPerMilli)
    return this.trade(instrument, json.is(trade, Trade.type, word.sold) ? -1 : 1)
  }
}

export const makeBitstampDecoder: FrameDecoderFactory = (symbols, record, sink) => new BitstampDecoder(symbols, record, sink)
