/**
 * Decodes Gate's v4 spot channels: order book updates, best bid and ask, trades, tickers.
 *
 * Books are merged with a REST snapshot by `U` and `u`. https://www.gate.com/docs/developers/apiv4/ws/en/#changed-order-book-levels
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { channel: 0, event: 1, result: 2, error: 3, id: 4 } as const
const push = new Fields(Push)
const Delta = { t: 0, s: 1, U: 2, u: 3, b: 4, a: 5 } as const
const delta = new Fields(Delta)
const Deep = { t: 0, full: 1, s: 2, U: 3, u: 4, b: 5, a: 6 } as const
const deep = new Fields(Deep)
const Best = { b: 0, B: 1, a: 2, A: 3, s: 4, t: 5 } as const
const best = new Fields(Best)
const Trade = { create_time_ms: 0, side: 1, currency_pair: 2, amount: 3, price: 4 } as const
const trade = new Fields(Trade)
const Ticker = { currency_pair: 0, lowest_ask: 1, highest_bid: 2 } as const
const ticker = new Fields(Ticker)
const Snapshot = { id: 0, bids: 1, asks: 2 } as const
const snapshot = new Fields(Snapshot)

const word = {
  update: quoted("update"),
  null: template("null"),
  true: template("true"),
  buy: quoted("buy"),
  pong: quoted("spot.pong"),
  deep: template('"ob.')
}
const channel = {
  book: quoted("spot.order_book_update"),
  deep: quoted("spot.obu"),
  best: quoted("spot.book_ticker"),
  trades: quoted("spot.trades"),
  tickers: quoted("spot.tickers")
}
const unused = ["spot.candlesticks", "spot.order_book", "spot.trades_v2"].map(beginning)

const dot = 0x2e

class GateDecoder extends JsonDecoder {
  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.error) && !json.is(push, Push.error, word.null)) return FrameOutcome.refused
    if (!push.has(Push.channel)) return FrameOutcome.unknown
    if (json.is(push, Push.channel, word.pong) || !json.is(push, Push.event, word.update)) return FrameOutcome.control
    if (json.is(push, Push.channel, channel.book)) return this.#book(bytes, start, end)
    if (json.is(push, Push.channel, channel.deep)) return this.#deep(bytes)
    if (json.is(push, Push.channel, channel.best)) return this.#best()
    if (json.is(push, Push.channel, channel.trades)) return this.#trade()
    if (json.is(push, Push.channel, channel.tickers)) return this.#ticker()
    return json.isAny(push, Push.channel, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #book(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.to(push, Push.result) || !json.object(delta)) return FrameOutcome.malformed
    const instrument = this.symbolAt(delta, Delta.s)
    if (instrument === noSymbol || !this.stage(delta, Delta.b, Delta.a)) return FrameOutcome.malformed
    if (!this.sequenceAt(this.first, delta, Delta.U) || !this.sequenceAt(this.last, delta, Delta.u)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(delta, Delta.t)
    return this.mergeDelta(instrument, this.reaches(instrument), bytes, start, end)
  }

  /** The book's second form, `"s":"ob.BTC_USDT.50"`: it sends its own snapshot, and `U` follows the `u` before it. */
  #deep(bytes: Uint8Array): FrameOutcome {
    const { json } = this
    if (!json.to(push, Push.result) || !json.object(deep) || !json.is(deep, Deep.s, word.deep)) return FrameOutcome.malformed
    const from = json.position
    let to = from
    while (to < json.end && bytes[to] !== dot) to++
    const instrument = this.symbols.find(bytes, from, to)
    if (!this.stage(deep, Deep.b, Deep.a) || !this.sequenceAt(this.last, deep, Deep.u)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(deep, Deep.t)
    if (json.is(deep, Deep.full, word.true)) return this.chainSnapshot(instrument)
    if (!this.sequenceAt(this.first, deep, Deep.U)) return FrameOutcome.malformed
    return this.chainDelta(instrument, this.first.follows(this.placeOf(instrument).id))
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(snapshot) || !this.sequenceAt(this.last, snapshot, Snapshot.id)) return FrameOutcome.malformed
    if (!snapshot.has(Snapshot.bids) || !this.stage(snapshot, Snapshot.bids, Snapshot.asks)) return FrameOutcome.malformed
    return this.mergeSnapshot(instrument)
  }

  #best(): FrameOutcome {
    const { json } = this
    if (!json.to(push, Push.result) || !json.object(best)) return FrameOutcome.malformed
    const instrument = this.symbolAt(best, Best.s)
    if (instrument === noSymbol) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    // An empty side has empty strings: no quote then.
    for (let index = 0; index < 4; index++) if (!this.numberAt(index + 1, best, index)) return FrameOutcome.control
    this.timeAt(best, Best.t)
    return this.quote(instrument)
  }

  /** `side` is the taker's. */
  #trade(): FrameOutcome {
    const { json } = this
    if (!json.to(push, Push.result) || !json.object(trade)) return FrameOutcome.malformed
    const instrument = this.symbolAt(trade, Trade.currency_pair)
    if (instrument === noSymbol || !this.numberAt(1, trade, Trade.price) || !this.numberAt(2, trade, Trade.amount))
      return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(trade, Trade.create_time_ms)
    return this.trade(instrument, json.is(trade, Trade.side, word.buy) ? 1 : -1)
  }

  #ticker(): FrameOutcome {
    const { json, record } = this
    if (!json.to(push, Push.result) || !json.object(ticker)) return FrameOutcome.malformed
    const instrument = this.symbolAt(ticker, Ticker.currency_pair)
    if (instrument === noSymbol) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    if (!this.numberAt(1, ticker, Ticker.highest_bid) || !this.numberAt(3, ticker, Ticker.lowest_ask)) return FrameOutcome.control
    record.numbers[2] = record.numbers[4] = Number.NaN
    this.setTime(Number.NaN)
    return this.quote(instrument)
  }
}

export const makeGateDecoder: FrameDecoderFactory = (symbols, record, sink) => new GateDecoder(symbols, record, sink)
