/**
 * Decodes KuCoin's classic feed (level 2, ticker, level 1, matches) and the spot channels of its unified one (`{"T":"obu.SPOT",…`).
 *
 * Classic books are merged with a REST snapshot: `sequenceStart` must reach the book, and of a message that overlaps it each level has
 * a sequence of its own. https://www.kucoin.com/docs-new/3470221w0
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { byte, template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields, quoted } from "../../wire/JsonReader.ts"
import { SequenceId } from "../../wire/SequenceId.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { type: 0, topic: 1, subject: 2, data: 3, T: 4, t: 5, d: 6, dp: 7, id: 8, result: 9 } as const
const push = new Fields(Push)
const Delta = { sequenceStart: 0, sequenceEnd: 1, symbol: 2, changes: 3, time: 4 } as const
const delta = new Fields(Delta)
const Changes = { asks: 0, bids: 1 } as const
const changes = new Fields(Changes)
const Ticker = { bestBid: 0, bestBidSize: 1, bestAsk: 2, bestAskSize: 3, time: 4 } as const
const ticker = new Fields(Ticker)
const Best = { asks: 0, bids: 1, timestamp: 2 } as const
const best = new Fields(Best)
const Match = { symbol: 0, side: 1, price: 2, size: 3, time: 4 } as const
const match = new Fields(Match)
const Snapshot = { sequence: 0, bids: 1, asks: 2 } as const
const snapshot = new Fields(Snapshot)
/** Book, ticker and trade of the unified feed. */
const Unified = { s: 0, O: 1, C: 2, a: 3, b: 4, A: 5, B: 6, M: 7, p: 8, q: 9, S: 10 } as const
const unified = new Fields(Unified)

const word = {
  message: quoted("message"),
  error: quoted("error"),
  buy: quoted("buy"),
  snapshot: quoted("snapshot"),
  increment: beginning("increment"),
  false: template("false")
}
const topic = {
  level2: beginning("/market/level2:"),
  ticker: beginning("/market/ticker:"),
  level1: beginning("/spotMarket/level1:"),
  match: beginning("/market/match:"),
  allTickers: quoted("/market/ticker:all")
}
const unused = ["/market/candles:", "/market/snapshot:", "/indicator/", "/margin/", "/spotMarket/level2Depth", "/callauction/"].map(
  beginning
)
const unifiedTopic = { book: quoted("obu.SPOT"), ticker: quoted("ticker.SPOT"), trade: quoted("trade.SPOT") }
const unifiedUnused = ["kline.", "callAuction", "obu.", "ticker.", "trade.", "fundingRate.", "markPrice."].map(beginning)
const nanosPerMilli = 1e6

class KucoinDecoder extends JsonDecoder {
  readonly #levelId = new SequenceId()

  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.T)) return this.#unified()
    if (!json.is(push, Push.type, word.message)) {
      if (json.is(push, Push.type, word.error) || json.is(push, Push.result, word.false)) return FrameOutcome.refused
      return push.has(Push.type) || push.has(Push.result) ? FrameOutcome.control : FrameOutcome.unknown
    }
    if (json.is(push, Push.topic, topic.level2)) return this.#level2(bytes, start, end)
    if (json.is(push, Push.topic, topic.ticker)) return this.#ticker()
    if (json.is(push, Push.topic, topic.level1)) return this.#level1()
    if (json.is(push, Push.topic, topic.match)) return this.#match()
    return json.isAny(push, Push.topic, unused) ? FrameOutcome.control : FrameOutcome.unknown
  }

  #level2(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.to(push, Push.data) || !json.object(delta) || !json.to(delta, Delta.changes) || !json.object(changes))
      return FrameOutcome.malformed
    const instrument = this.symbolAt(delta, Delta.symbol)
    if (instrument === noSymbol) return FrameOutcome.malformed
    if (!this.sequenceAt(this.first, delta, Delta.sequenceStart) || !this.sequenceAt(this.last, delta, Delta.sequenceEnd))
      return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.levels.clear()
    const { id, live } = this.placeOf(instrument)
    if (live && !(this.#changed(0, Changes.bids, id) && this.#changed(1, Changes.asks, id))) return FrameOutcome.malformed
    this.timeAt(delta, Delta.time)
    return this.mergeDelta(instrument, this.reaches(instrument), bytes, start, end)
  }

  /** Stages `[[price, quantity, sequence], …]` without what the book has already, and without the fillers of price 0. */
  #changed(side: 0 | 1, index: number, id: SequenceId): boolean {
    const { json, levels } = this
    if (!json.to(changes, index) || !json.array()) return false
    while (json.more()) {
      if (!json.array() || !json.decimal()) return false
      const price = json.registers[0]!
      if (!json.next(byte.comma) || !json.decimal()) return false
      const quantity = json.registers[0]!
      if (!json.next(byte.comma) || !json.sequence(this.#levelId)) return false
      json.skipByte(byte.quote)
      if (!json.rest()) return false
      if (price > 0 && this.#levelId.compare(id) > 0 && !levels.push(side, price, quantity)) return false
    }
    return true
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(push) || !json.to(push, Push.data) || !json.object(snapshot)) return FrameOutcome.malformed
    if (!snapshot.has(Snapshot.bids) || !this.stage(snapshot, Snapshot.bids, Snapshot.asks)) return FrameOutcome.malformed
    return this.sequenceAt(this.last, snapshot, Snapshot.sequence) ? this.mergeSnapshot(instrument) : FrameOutcome.malformed
  }

  #ticker(): FrameOutcome {
    const { json } = this
    // In the channel of all tickers the subject is the symbol.
    const field = json.is(push, Push.topic, topic.allTickers) ? Push.subject : Push.topic
    const instrument =
      field === Push.subject ? this.symbolAt(push, field) : json.is(push, Push.topic, topic.ticker) ? this.symbol() : noSymbol
    if (instrument === noSymbol || !json.to(push, Push.data) || !json.object(ticker)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    for (let index = 0; index < 4; index++) if (!this.numberAt(index + 1, ticker, index)) return FrameOutcome.malformed
    this.timeAt(ticker, Ticker.time)
    return this.quote(instrument)
  }

  /** `"asks": [price, size]`, one level alone. */
  #level1(): FrameOutcome {
    const { json, record } = this
    const instrument = this.symbol()
    if (instrument === noSymbol || !json.to(push, Push.data) || !json.object(best)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    for (const [index, target] of bestSides) {
      record.numbers[target] = record.numbers[target + 1] = Number.NaN
      if (!json.to(best, index) || !json.array()) continue
      for (let part = 0; part < 2 && json.more(); part++) {
        if (!json.decimal()) return FrameOutcome.malformed
        record.numbers[target + part] = json.registers[0]!
      }
    }
    this.timeAt(best, Best.timestamp)
    return this.quote(instrument)
  }

  /** `side` is the taker's. */
  #match(): FrameOutcome {
    const { json } = this
    if (!json.to(push, Push.data) || !json.object(match)) return FrameOutcome.malformed
    const instrument = this.symbolAt(match, Match.symbol)
    if (instrument === noSymbol || !this.numberAt(1, match, Match.price) || !this.numberAt(2, match, Match.size))
      return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(match, Match.time, nanosPerMilli)
    return this.trade(instrument, json.is(match, Match.side, word.buy) ? 1 : -1)
  }

  #unified(): FrameOutcome {
    const { json } = this
    const isBook = json.is(push, Push.T, unifiedTopic.book)
    const isTicker = json.is(push, Push.T, unifiedTopic.ticker)
    if (!isBook && !isTicker && !json.is(push, Push.T, unifiedTopic.trade))
      return json.isAny(push, Push.T, unifiedUnused) ? FrameOutcome.control : FrameOutcome.unknown
    if (!json.to(push, Push.d) || !json.object(unified)) return FrameOutcome.malformed
    const instrument = this.symbolAt(unified, Unified.s)
    if (instrument === noSymbol) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(unified, Unified.M, nanosPerMilli)
    if (isTicker) {
      const known =
        this.numberAt(1, unified, Unified.b) &&
        this.numberAt(2, unified, Unified.B) &&
        this.numberAt(3, unified, Unified.a) &&
        this.numberAt(4, unified, Unified.A)
      return known ? this.quote(instrument) : FrameOutcome.malformed
    }
    if (!isBook) {
      if (!this.numberAt(1, unified, Unified.p) || !this.numberAt(2, unified, Unified.q)) return FrameOutcome.malformed
      return this.trade(instrument, json.is(unified, Unified.S, word.buy) ? 1 : -1)
    }
    if (!json.is(push, Push.dp, word.increment)) return FrameOutcome.control
    if (!this.stage(unified, Unified.b, Unified.a)) return FrameOutcome.malformed
    if (!this.sequenceAt(this.first, unified, Unified.O) || !this.sequenceAt(this.last, unified, Unified.C)) return FrameOutcome.malformed
    return json.is(push, Push.t, word.snapshot) ? this.chainSnapshot(instrument) : this.chainDelta(instrument, this.reaches(instrument))
  }
}

const bestSides = [
  [Best.bids, 1],
  [Best.asks, 3]
] as const

export const makeKucoinDecoder: FrameDecoderFactory = (symbols, record, sink) => new KucoinDecoder(symbols, record, sink)
