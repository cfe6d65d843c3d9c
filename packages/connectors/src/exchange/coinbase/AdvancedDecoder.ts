/**
 * Decodes Coinbase's Advanced Trade feed: level 2, trades, tickers.
 *
 * Every message of a connection is numbered, whatever its channel; a number that is missing may have been any book's, so all of them become
 * stale, and one that comes again is dropped. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
 */
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { byte } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { SequenceId } from "../../wire/SequenceId.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { channel: 0, timestamp: 1, sequence_num: 2, events: 3, type: 4 } as const
const push = new Fields(Push)
const Event = { type: 0, product_id: 1, updates: 2, trades: 3, tickers: 4 } as const
const event = new Fields(Event)
const Update = { side: 0, price_level: 1, new_quantity: 2 } as const
const update = new Fields(Update)
const Trade = { product_id: 0, price: 1, size: 2, side: 3, time: 4 } as const
const trade = new Fields(Trade)
const Ticker = { product_id: 0, best_bid: 1, best_bid_quantity: 2, best_ask: 3, best_ask_quantity: 4 } as const
const ticker = new Fields(Ticker)

const word = { error: quoted("error"), snapshot: quoted("snapshot"), bid: quoted("bid"), sell: quoted("SELL") }
const channel = { book: quoted("l2_data"), trades: quoted("market_trades"), ticker: beginning("ticker") }
const unused = ["heartbeats", "subscriptions", "status", "candles", "user", "futures_balance_summary"].map(quoted)

export class AdvancedDecoder extends JsonDecoder {
  /** True when the message read last is of this feed: it names a channel. */
  claimed = false
  readonly #expected = new SequenceId()
  #begun = false
  /** The message's outcome so far: `market` as soon as one of its events is market data. */
  #outcome: FrameOutcome = FrameOutcome.control

  override reset(): void {
    super.reset()
    this.#begun = false
  }

  /** Books by REST are decoded by the Exchange feed's decoder. */
  override snapshot(): FrameOutcome {
    return FrameOutcome.unknown
  }

  protected override message(): FrameOutcome {
    const { json } = this
    this.claimed = json.object(push) && json.ended() && push.has(Push.channel)
    if (!this.claimed) return FrameOutcome.malformed
    if (json.is(push, Push.type, word.error)) return FrameOutcome.refused
    if (!this.sequenceAt(this.last, push, Push.sequence_num)) return FrameOutcome.malformed
    const read = json.is(push, Push.channel, channel.book)
      ? this.#book
      : json.is(push, Push.channel, channel.trades)
        ? this.#tradeEvent
        : json.is(push, Push.channel, channel.ticker)
          ? this.#tickerEvent
          : undefined
    if (read === undefined && !json.isAny(push, Push.channel, unused)) return FrameOutcome.unknown
    if (!this.#inSequence() || read === undefined) return FrameOutcome.control
    this.#outcome = FrameOutcome.control
    if (!json.to(push, Push.events)) return FrameOutcome.malformed
    return this.each(event, -1, read) === FrameOutcome.market ? this.#outcome : FrameOutcome.malformed
  }

  #inSequence(): boolean {
    const order = this.#begun ? this.last.compare(this.#expected) : 0
    if (order < 0) return false
    if (order > 0) this.loseAll("gap")
    this.#begun = true
    this.#expected.set(this.last.high, this.last.low + 1)
    if (this.#expected.low === 1e9) this.#expected.set(this.last.high + 1, 0)
    return true
  }

  #book(): boolean {
    const instrument = this.symbolAt(event, Event.product_id)
    if (instrument === noSymbol || !this.json.to(event, Event.updates)) return false
    this.levels.clear()
    if (this.each(update, -1, this.#level) !== FrameOutcome.market) return false
    if (this.#unlisted(instrument)) return true
    this.#isoTime(push, Push.timestamp)
    if (this.json.is(event, Event.type, word.snapshot)) this.chainSnapshot(instrument, false)
    else this.chainDelta(instrument, true, false)
    return true
  }

  #level(): boolean {
    return this.levelAt(this.json.is(update, Update.side, word.bid) ? 0 : 1, update, Update.price_level, Update.new_quantity)
  }

  /** Newest first; what a subscription begins with are the trades before it. */
  #tradeEvent(): boolean {
    const { json } = this
    this.past = json.is(event, Event.type, word.snapshot)
    return json.to(event, Event.trades) && this.eachFromEnd(trade, -1, this.#trade) === FrameOutcome.market
  }

  /** `side` is the maker's: a selling maker means that the taker bought. */
  #trade(): boolean {
    const instrument = this.symbolAt(trade, Trade.product_id)
    if (instrument === noSymbol || !this.numberAt(1, trade, Trade.price) || !this.numberAt(2, trade, Trade.size)) return false
    if (this.#unlisted(instrument)) return true
    this.#isoTime(trade, Trade.time)
    this.trade(instrument, this.json.is(trade, Trade.side, word.sell) ? 1 : -1)
    return true
  }

  #tickerEvent(): boolean {
    return this.json.to(event, Event.tickers) && this.each(ticker, -1, this.#ticker) === FrameOutcome.market
  }

  #ticker(): boolean {
    const { numbers } = this.record
    const instrument = this.symbolAt(ticker, Ticker.product_id)
    if (instrument === noSymbol) return false
    if (this.#unlisted(instrument)) return true
    // A pair without a side has no quote.
    if (!this.numberAt(1, ticker, Ticker.best_bid) || !this.numberAt(3, ticker, Ticker.best_ask)) return true
    if (!this.numberAt(2, ticker, Ticker.best_bid_quantity)) numbers[2] = Number.NaN
    if (!this.numberAt(4, ticker, Ticker.best_ask_quantity)) numbers[4] = Number.NaN
    this.#isoTime(push, Push.timestamp)
    this.quote(instrument)
    return true
  }

  #unlisted(instrument: number): boolean {
    if (instrument >= 0) this.#outcome = FrameOutcome.market
    else if (this.#outcome === FrameOutcome.control) this.#outcome = FrameOutcome.unlisted
    return instrument < 0
  }

  #isoTime(fields: Fields, index: number): void {
    const { json } = this
    this.setTime(json.to(fields, index) && json.skipByte(byte.quote) && json.isoTime() ? json.registers[0]! : Number.NaN)
  }
}
