/**
 * Decodes Bybit's v5 public topics: order book, trades, tickers.
 *
 * `u` counts a book's messages one by one; a snapshot may come at any time and replaces the book. The book of one level is the
 * quote. A ticker's delta has the keys that changed alone. https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { byte, template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { topic: 0, type: 1, ts: 2, data: 3, success: 4, op: 5, cts: 6 } as const
const push = new Fields(Push)
const Book = { s: 0, b: 1, a: 2, u: 3 } as const
const book = new Fields(Book)
const Trade = { T: 0, s: 1, S: 2, v: 3, p: 4 } as const
const trade = new Fields(Trade)
const Ticker = { bid1Price: 0, bid1Size: 1, ask1Price: 2, ask1Size: 3 } as const
const ticker = new Fields(Ticker)

const Answer = { result: 0 } as const
const answer = new Fields(Answer)

const word = { false: template("false"), snapshot: quoted("snapshot"), buy: quoted("Buy"), depthOne: template("1.") }
const topic = { book: beginning("orderbook."), trade: beginning("publicTrade."), ticker: beginning("tickers.") }
const unused = [
  "kline.",
  "liquidation.",
  "allLiquidation.",
  "priceLimit.",
  "system.",
  "insurance.",
  "adlAlert.",
  "kline_lt.",
  "tickers_lt.",
  "lt."
].map(beginning)

class BybitDecoder extends JsonDecoder {
  /** Best prices and quantities by instrument, as the deltas so far left them. */
  readonly #quotes = new Map<number, Float64Array>()

  override reset(): void {
    super.reset()
    this.#quotes.clear()
  }

  protected override message(): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (!push.has(Push.topic))
      return json.is(push, Push.success, word.false)
        ? FrameOutcome.refused
        : push.has(Push.op)
          ? FrameOutcome.control
          : FrameOutcome.unknown
    if (json.is(push, Push.topic, topic.book)) return this.#book()
    if (json.is(push, Push.topic, topic.trade)) return this.#trades()
    if (json.is(push, Push.topic, topic.ticker)) return this.#ticker()
    return json.isAny(push, Push.topic, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #book(): FrameOutcome {
    const { json, record } = this
    const best = json.skip(word.depthOne)
    if (!json.to(push, Push.data) || !json.object(book)) return FrameOutcome.malformed
    const instrument = this.symbolAt(book, Book.s)
    if (instrument === noSymbol || !this.stage(book, Book.b, Book.a)) return FrameOutcome.malformed
    if (!this.sequenceAt(this.last, book, Book.u)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(push, push.has(Push.cts) ? Push.cts : Push.ts)
    if (best) {
      const held = this.#quoteOf(instrument)
      const { count, data } = this.levels
      for (let at = (count - 1) * 3; at >= 0; at -= 3) {
        const target = data[at] === 0 ? 0 : 2
        if (data[at + 2] === 0 && data[at + 1] !== held[target]) continue
        held[target] = data[at + 2] === 0 ? Number.NaN : data[at + 1]!
        held[target + 1] = data[at + 2] === 0 ? Number.NaN : data[at + 2]!
      }
      record.numbers.set(held, 1)
      return this.quote(instrument)
    }
    if (json.is(push, Push.type, word.snapshot)) return this.chainSnapshot(instrument)
    return this.chainDelta(instrument, this.last.follows(this.placeOf(instrument).id))
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(answer) || !json.to(answer, Answer.result) || !json.object(book) || !book.has(Book.b)) return FrameOutcome.malformed
    return this.stage(book, Book.b, Book.a) ? this.stagedBook(instrument) : FrameOutcome.malformed
  }

  #trades(): FrameOutcome {
    return this.json.to(push, Push.data) ? this.each(trade, -1, this.#trade) : FrameOutcome.malformed
  }

  /** `S` is the taker's side. */
  #trade(): boolean {
    const instrument = this.symbolAt(trade, Trade.s)
    if (instrument === noSymbol || !this.numberAt(1, trade, Trade.p) || !this.numberAt(2, trade, Trade.v)) return false
    this.timeAt(trade, Trade.T)
    if (instrument >= 0) this.trade(instrument, this.json.is(trade, Trade.S, word.buy) ? 1 : -1)
    return true
  }

  #ticker(): FrameOutcome {
    const { json, record } = this
    // The topic's symbol: a delta's data need not repeat it.
    const from = json.position
    const end = json.string()
    if (end < 0 || !json.to(push, Push.data) || !json.object(ticker)) return FrameOutcome.malformed
    const instrument = this.symbols.find(json.bytes, from, end)
    if (instrument < 0) return FrameOutcome.unlisted
    const held = this.#quoteOf(instrument)
    let changed = false
    for (let index = 0; index < 4; index++) {
      if (!json.to(ticker, index) || json.bytes[json.position + 1] === byte.quote) continue
      if (!json.decimal()) return FrameOutcome.malformed
      held[index] = json.registers[0]!
      changed = true
    }
    // Spot tickers name no best prices.
    if (!changed) return FrameOutcome.control
    record.numbers.set(held, 1)
    this.timeAt(push, Push.ts)
    return this.quote(instrument)
  }

  #quoteOf(instrument: number): Float64Array {
    const known = this.#quotes.get(instrument)
    if (known !== undefined) return known
    const quote = new Float64Array(4).fill(Number.NaN)
    this.#quotes.set(instrument, quote)
    return quote
  }
}

export const makeBybitDecoder: FrameDecoderFactory = (symbols, record, sink) => new BybitDecoder(symbols, record, sink)
