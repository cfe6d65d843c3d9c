/**
 * Decodes Gemini's v2 market data: l2 with its trades.
 *
 * The whole book comes in the form of an update, at first and again whenever the venue likes: it is recognised by the `trades` that it
 * brings, and replaces the book. Updates have no number; the venue promises delivery, and the hot path
 * finds a book whose sides cross.
 * https://docs.gemini.com/websocket/market-data/v2/level-2-data
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { byte } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { type: 0, symbol: 1, changes: 2, trades: 3, price: 4, quantity: 5, side: 6, timestamp: 7, result: 8 } as const
const push = new Fields(Push)

const Book = { bids: 0, asks: 1 } as const
const book = new Fields(Book)
const Level = { price: 0, amount: 1 } as const
const level = new Fields(Level)

const word = { error: quoted("error"), buy: quoted("buy"), sell: quoted("sell") }
const kind = { updates: quoted("l2_updates"), trade: quoted("trade") }
const unused = ["heartbeat", "subscription", "candles_", "auction_", "block_trade", "trade_break", "mark_price"].map(beginning)

class GeminiDecoder extends JsonDecoder {
  protected override message(): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (json.is(push, Push.result, word.error)) return FrameOutcome.refused
    if (json.is(push, Push.type, kind.updates)) return this.#updates()
    if (json.is(push, Push.type, kind.trade)) return this.#trade()
    return json.isAny(push, Push.type, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #updates(): FrameOutcome {
    const { json, levels } = this
    const instrument = this.symbolAt(push, Push.symbol)
    if (instrument === noSymbol || !json.to(push, Push.changes) || !json.array()) return FrameOutcome.malformed
    levels.clear()
    while (json.more()) {
      if (!json.array()) return FrameOutcome.malformed
      json.space()
      const side = json.skip(word.buy) ? 0 : json.skip(word.sell) ? 1 : -1
      if (side === -1 || !json.next(byte.comma) || !json.decimal()) return FrameOutcome.malformed
      const price = json.registers[0]!
      if (!json.next(byte.comma) || !json.decimal() || !levels.push(side, price, json.registers[0]!) || !json.rest())
        return FrameOutcome.malformed
    }
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(Number.NaN)
    const whole = push.has(Push.trades) || !this.placeOf(instrument).live
    return whole ? this.chainSnapshot(instrument, false) : this.chainDelta(instrument, true, false)
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(book)) return FrameOutcome.malformed
    this.levels.clear()
    if (!json.to(book, Book.bids) || this.each(level, 0, this.#polled) !== FrameOutcome.market) return FrameOutcome.malformed
    if (!json.to(book, Book.asks) || this.each(level, 1, this.#polled) !== FrameOutcome.market) return FrameOutcome.malformed
    return this.stagedBook(instrument)
  }

  #polled(side: number): boolean {
    return this.levelAt(side as 0 | 1, level, Level.price, Level.amount)
  }

  /** `side` is the taker's. */
  #trade(): FrameOutcome {
    const instrument = this.symbolAt(push, Push.symbol)
    if (instrument === noSymbol || !this.numberAt(1, push, Push.price) || !this.numberAt(2, push, Push.quantity))
      return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(push, Push.timestamp)
    return this.trade(instrument, this.json.is(push, Push.side, word.buy) ? 1 : -1)
  }
}

export const makeGeminiDecoder: FrameDecoderFactory = (symbols, record, sink) => new GeminiDecoder(symbols, record, sink)
