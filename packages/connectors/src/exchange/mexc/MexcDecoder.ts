/**
 * Decodes MEXC's v3 spot channels: aggregated depth, deals and book ticker in Protocol Buffers, and their JSON form, which the venue sent earlier.
 *
 * Depth is merged with a REST snapshot: `fromVersion` follows the `toVersion` before it. The fields of the messages are those of
 * https://github.com/mexcdevelop/websocket-proto (`PushDataV3ApiWrapper` and what it wraps).
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { byte, template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { beginning, Fields } from "../../wire/JsonReader.ts"
import { ProtoReader } from "../../wire/ProtoReader.ts"
import type { SequenceId } from "../../wire/SequenceId.ts"
import { noSymbol } from "../../wire/WireDecoder.ts"

const Push = { c: 0, d: 1, s: 2, t: 3, id: 4, code: 5, msg: 6 } as const
const push = new Fields(Push)
const Body = { asks: 0, bids: 1, r: 2, a: 3, A: 4, b: 5, B: 6, deals: 7 } as const
const body = new Fields(Body)
const Level = { p: 0, v: 1 } as const
const level = new Fields(Level)
const Deal = { p: 0, v: 1, S: 2, t: 3 } as const
const deal = new Fields(Deal)
const Snapshot = { lastUpdateId: 0, bids: 1, asks: 2 } as const
const snapshot = new Fields(Snapshot)

const word = { zero: template("0"), bought: template("1"), refused: beginning("Not Subscribed") }
const channel = {
  depth: beginning("spot@public.increase.depth.v3.api"),
  best: beginning("spot@public.bookTicker.v3.api"),
  deals: beginning("spot@public.deals.v3.api")
}
const unused = ["spot@public.kline", "spot@public.miniTicker", "spot@public.limit.depth", "spot@private."].map(beginning)

/** Field numbers of `PushDataV3ApiWrapper`. */
const wrapper = {
  channel: 1,
  symbol: 3,
  createTime: 5,
  sendTime: 6,
  limitDepths: 303,
  privateOrders: 304,
  privateDeals: 306,
  privateAccount: 307,
  kline: 308,
  miniTicker: 309,
  miniTickers: 310,
  bestBatch: 311,
  depthBatch: 312,
  deals: 301,
  increaseDepths: 302,
  best: 305,
  aggregateDepths: 313,
  aggregateDeals: 314,
  aggregateBest: 315
} as const

class MexcDecoder extends JsonDecoder {
  readonly #proto = new ProtoReader()

  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    return bytes[start] === byte.brace ? this.#json(bytes, start, end) : this.#wrapped(bytes, start, end)
  }

  #wrapped(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const proto = this.#proto
    proto.open(bytes, start, end)
    let instrument = noSymbol
    let kind = 0
    let from = 0
    let to = 0
    let sendTime = Number.NaN
    while (proto.next(end)) {
      if (proto.field === wrapper.symbol) instrument = this.symbols.find(bytes, proto.start, proto.stop)
      else if (proto.field === wrapper.sendTime) sendTime = proto.value
      else if (proto.field >= wrapper.deals) {
        kind = proto.field
        from = proto.start
        to = proto.stop
      }
    }
    if (proto.broken || (kind === 0 && instrument === noSymbol)) return FrameOutcome.malformed
    this.setTime(sendTime)
    switch (kind) {
      case wrapper.aggregateDepths:
      case wrapper.increaseDepths:
        return this.#depth(instrument, kind === wrapper.aggregateDepths, from, to, bytes, start, end)
      case wrapper.aggregateDeals:
      case wrapper.deals:
        return this.#deals(instrument, from, to)
      case wrapper.aggregateBest:
      case wrapper.best:
        return this.#best(instrument, from, to)
      case wrapper.limitDepths:
      case wrapper.privateOrders:
      case wrapper.privateDeals:
      case wrapper.privateAccount:
      case wrapper.kline:
      case wrapper.miniTicker:
      case wrapper.miniTickers:
      case wrapper.bestBatch:
      case wrapper.depthBatch:
        return FrameOutcome.control
      default:
        return FrameOutcome.unknown
    }
  }

  /** asks = 1, bids = 2, eventType = 3, and fromVersion = 4, toVersion = 5 when aggregated, else version = 4. */
  #depth(instrument: number, aggregated: boolean, from: number, to: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const proto = this.#proto
    proto.position = from
    this.levels.clear()
    let versions = 0
    const version = (target: SequenceId) => {
      if (proto.digits()) target.set(proto.registers[1]!, proto.registers[2]!)
      versions++
    }
    while (proto.next(to)) {
      if (proto.field === 1 || proto.field === 2) {
        const { start: levelFrom, stop: levelTo } = proto
        if (!this.#level(proto.field === 2 ? 0 : 1, levelFrom, levelTo)) return FrameOutcome.malformed
        proto.position = levelTo
      } else if (proto.field === 4) version(this.first)
      else if (proto.field === 5) version(this.last)
    }
    if (proto.broken || versions < (aggregated ? 2 : 1)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    if (!aggregated) this.last.copy(this.first)
    return this.mergeDelta(instrument, this.reaches(instrument), bytes, start, end)
  }

  /** price = 1, quantity = 2, both as text. */
  #level(side: 0 | 1, from: number, to: number): boolean {
    const proto = this.#proto
    proto.position = from
    let price = Number.NaN
    let quantity = Number.NaN
    while (proto.next(to)) {
      if (!proto.decimal()) return false
      if (proto.field === 1) price = proto.registers[0]!
      else if (proto.field === 2) quantity = proto.registers[0]!
    }
    return !proto.broken && price >= 0 && quantity >= 0 && this.levels.push(side, price, quantity)
  }

  /** deals = 1: price = 1, quantity = 2, tradeType = 3 (1 bought, 2 sold), time = 4. */
  #deals(instrument: number, from: number, to: number): FrameOutcome {
    const proto = this.#proto
    const { numbers } = this.record
    proto.position = from
    while (proto.next(to)) {
      if (proto.field !== 1) continue
      const { start, stop } = proto
      proto.position = start
      let taker = 0
      while (proto.next(stop)) {
        if (proto.field === 1 || proto.field === 2) {
          if (!proto.decimal()) return FrameOutcome.malformed
          numbers[proto.field] = proto.registers[0]!
        } else if (proto.field === 3) taker = proto.value === 1 ? 1 : -1
        else if (proto.field === 4) this.setTime(proto.value)
      }
      if (proto.broken) return FrameOutcome.malformed
      if (instrument >= 0) this.trade(instrument, taker)
    }
    return proto.broken ? FrameOutcome.malformed : instrument < 0 ? FrameOutcome.unlisted : FrameOutcome.market
  }

  /** bidPrice = 1, bidQuantity = 2, askPrice = 3, askQuantity = 4. */
  #best(instrument: number, from: number, to: number): FrameOutcome {
    const proto = this.#proto
    const { numbers } = this.record
    proto.position = from
    let seen = 0
    while (proto.next(to)) {
      if (proto.field < 1 || proto.field > 4) continue
      if (!proto.decimal()) return FrameOutcome.malformed
      numbers[proto.field] = proto.registers[0]!
      seen++
    }
    if (proto.broken || seen !== 4) return FrameOutcome.malformed
    return instrument < 0 ? FrameOutcome.unlisted : this.quote(instrument)
  }

  #json(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (!push.has(Push.c)) {
      if (!push.has(Push.code) && !push.has(Push.msg)) return FrameOutcome.unknown
      const refused = !json.is(push, Push.code, word.zero) || json.is(push, Push.msg, word.refused)
      return refused ? FrameOutcome.refused : FrameOutcome.control
    }
    const isDepth = json.is(push, Push.c, channel.depth)
    const isBest = json.is(push, Push.c, channel.best)
    if (!isDepth && !isBest && !json.is(push, Push.c, channel.deals))
      return json.isAny(push, Push.c, unused) ? FrameOutcome.control : FrameOutcome.unknown
    const instrument = this.symbolAt(push, Push.s)
    if (instrument === noSymbol || !json.to(push, Push.d) || !json.object(body)) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(push, Push.t)
    if (isBest) {
      const read =
        this.numberAt(1, body, Body.b) && this.numberAt(2, body, Body.B) && this.numberAt(3, body, Body.a) && this.numberAt(4, body, Body.A)
      return read ? this.quote(instrument) : FrameOutcome.malformed
    }
    if (!isDepth) return json.to(body, Body.deals) ? this.each(deal, instrument, this.#deal) : FrameOutcome.malformed
    if (!this.sequenceAt(this.first, body, Body.r)) return FrameOutcome.malformed
    this.last.copy(this.first)
    this.levels.clear()
    for (const [side, field] of [
      [0, Body.bids],
      [1, Body.asks]
    ] as const) {
      if (json.to(body, field) && this.each(level, side, this.#jsonLevel) !== FrameOutcome.market) return FrameOutcome.malformed
    }
    return this.mergeDelta(instrument, this.reaches(instrument), bytes, start, end)
  }

  #jsonLevel(side: number): boolean {
    return this.levelAt(side as 0 | 1, level, Level.p, Level.v)
  }

  #deal(instrument: number): boolean {
    if (!this.numberAt(1, deal, Deal.p) || !this.numberAt(2, deal, Deal.v)) return false
    this.timeAt(deal, Deal.t)
    this.trade(instrument, this.json.is(deal, Deal.S, word.bought) ? 1 : -1)
    return true
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(snapshot) || !this.sequenceAt(this.last, snapshot, Snapshot.lastUpdateId)) return FrameOutcome.malformed
    if (!snapshot.has(Snapshot.bids) || !this.stage(snapshot, Snapshot.bids, Snapshot.asks)) return FrameOutcome.malformed
    return this.mergeSnapshot(instrument)
  }
}

export const makeMexcDecoder: FrameDecoderFactory = (symbols, record, sink) => new MexcDecoder(symbols, record, sink)
