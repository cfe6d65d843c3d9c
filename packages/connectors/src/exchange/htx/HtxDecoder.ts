/**
 * Decodes HTX's market feed, unpacked: depth, market-by-price, best bid and ask, trades.
 *
 * `depth.stepN` and `mbp.refresh` send the whole book each time, with a version that only grows. `mbp.N` sends changes, chained by
 * `prevSeqNum`, and its snapshot comes as the answer to a request on the same socket. A subscription to trades begins with the last one
 * before it, which its time shows. https://www.htx.com/en-us/opend/newApiPages/
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { Fields, quoted } from "../../wire/JsonReader.ts"

const Push = { ping: 0, status: 1, ch: 2, ts: 3, tick: 4, rep: 5, data: 6, subbed: 7, unsubbed: 8, pong: 9 } as const
const push = new Fields(Push)
const Tick = { bids: 0, asks: 1, version: 2, seqNum: 3, prevSeqNum: 4, ts: 5, data: 6 } as const
const tick = new Fields(Tick)
const Best = { bid: 0, bidSize: 1, ask: 2, askSize: 3, quoteTime: 4 } as const
const best = new Fields(Best)
const Trade = { amount: 0, price: 1, direction: 2, ts: 3 } as const
const trade = new Fields(Trade)

const word = { error: quoted("error"), market: template('"market.'), tickers: template('"market.tickers"'), buy: quoted("buy") }
const kind = {
  depth: template("depth.step"),
  refresh: template("mbp.refresh."),
  byPrice: template("mbp."),
  best: template("bbo"),
  trade: template("trade.detail"),
  ticker: template("ticker"),
  detail: template("detail"),
  kline: template("kline.")
}
const dot = 0x2e

class HtxDecoder extends JsonDecoder {
  /** When the venue acknowledged the subscription to an instrument's trades, Unix ms by its clock. */
  readonly #subscribed = new Map<number, number>()

  override reset(): void {
    super.reset()
    this.#subscribed.clear()
  }

  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.ping) || push.has(Push.pong)) return FrameOutcome.control
    if (json.is(push, Push.status, word.error)) return FrameOutcome.refused
    if (push.has(Push.subbed)) return this.#acknowledged(bytes)
    if (push.has(Push.unsubbed)) return FrameOutcome.control
    const answer = push.has(Push.rep)
    const channel = answer ? Push.rep : Push.ch
    if (!push.has(channel)) return FrameOutcome.unknown
    if (json.is(push, channel, word.tickers)) return FrameOutcome.control
    if (!json.is(push, channel, word.market)) return FrameOutcome.unknown
    const from = json.position
    const to = this.#dotFrom(bytes, from)
    json.position = to + 1
    if (json.skip(kind.kline) || json.skip(kind.ticker) || json.skip(kind.detail)) return FrameOutcome.control
    const isDepth = json.skip(kind.depth) || json.skip(kind.refresh)
    const isByPrice = !isDepth && json.skip(kind.byPrice)
    const isBest = json.skip(kind.best)
    if (!isDepth && !isByPrice && !isBest && !json.skip(kind.trade)) return FrameOutcome.unknown
    const instrument = this.symbols.find(bytes, from, to)
    if (instrument < 0) return FrameOutcome.unlisted
    if (!json.to(push, answer ? Push.data : Push.tick)) return FrameOutcome.malformed
    if (isBest) return this.#best(instrument)
    if (!json.object(tick)) return FrameOutcome.malformed
    if (!isDepth && !isByPrice)
      return json.to(tick, Tick.data)
        ? this.eachFromEnd(trade, instrument, this.#trade)
        : answer
          ? FrameOutcome.control
          : FrameOutcome.malformed
    if (!this.stage(tick, Tick.bids, Tick.asks)) return FrameOutcome.malformed
    this.timeAt(tick.has(Tick.ts) ? tick : push, tick.has(Tick.ts) ? Tick.ts : Push.ts)
    return isDepth ? this.#whole(instrument) : this.#byPrice(instrument, answer, bytes, start, end)
  }

  /** Notes the time of `{"status":"ok","subbed":"market.ethusdt.trade.detail","ts":…}`. */
  #acknowledged(bytes: Uint8Array): FrameOutcome {
    const { json } = this
    if (!json.is(push, Push.subbed, word.market)) return FrameOutcome.control
    const from = json.position
    const to = this.#dotFrom(bytes, from)
    json.position = to + 1
    if (!json.skip(kind.trade)) return FrameOutcome.control
    const instrument = this.symbols.find(bytes, from, to)
    if (instrument >= 0 && json.to(push, Push.ts) && json.wholeOrDecimal()) this.#subscribed.set(instrument, json.registers[0]!)
    return FrameOutcome.control
  }

  /** Where the symbol that begins at `from` ends. */
  #dotFrom(bytes: Uint8Array, from: number): number {
    let to = from
    while (to < this.json.end && bytes[to] !== dot) to++
    return to
  }

  #whole(instrument: number): FrameOutcome {
    const field = tick.has(Tick.version) ? Tick.version : Tick.seqNum
    if (!this.sequenceAt(this.last, tick, field)) return FrameOutcome.malformed
    const { id, live } = this.placeOf(instrument)
    // A book that is older than the one at hand arrived late: it is ignored.
    return live && this.last.compare(id) < 0 ? FrameOutcome.market : this.chainSnapshot(instrument, false)
  }

  #byPrice(instrument: number, answer: boolean, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    if (!this.sequenceAt(this.last, tick, Tick.seqNum)) return FrameOutcome.malformed
    if (answer) return this.mergeSnapshot(instrument)
    if (!this.sequenceAt(this.previous, tick, Tick.prevSeqNum)) return FrameOutcome.malformed
    return this.mergeDelta(instrument, this.previous.compare(this.placeOf(instrument).id) <= 0, bytes, start, end)
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(push) || !json.to(push, Push.tick) || !json.object(tick) || !tick.has(Tick.bids)) return FrameOutcome.malformed
    return this.stage(tick, Tick.bids, Tick.asks) ? this.stagedBook(instrument) : FrameOutcome.malformed
  }

  #best(instrument: number): FrameOutcome {
    if (!this.json.object(best)) return FrameOutcome.malformed
    for (let index = 0; index < 4; index++) if (!this.numberAt(index + 1, best, index)) return FrameOutcome.malformed
    this.timeAt(best, Best.quoteTime)
    return this.quote(instrument)
  }

  /** `direction` is the taker's. */
  #trade(instrument: number): boolean {
    if (!this.numberAt(1, trade, Trade.price) || !this.numberAt(2, trade, Trade.amount)) return false
    this.timeAt(trade, Trade.ts)
    this.past = this.record.numbers[0]! <= (this.#subscribed.get(instrument) ?? Number.NEGATIVE_INFINITY)
    this.trade(instrument, this.json.is(trade, Trade.direction, word.buy) ? 1 : -1)
    return true
  }
}

export const makeHtxDecoder: FrameDecoderFactory = (symbols, record, sink) => new HtxDecoder(symbols, record, sink)
