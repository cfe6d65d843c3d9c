/**
 * Decodes Binance's market streams, spot and USD-M futures, combined or raw.
 *
 * A book is a REST snapshot merged with the deltas that follow it. A spot delta covers the ids from `U` to `u`; a futures delta those behind
 * `pu`, up to `u`. https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
 *
 * Book tickers and trades, which are most of what comes, are read in the key order that the venue is known to send; anything else, and the
 * same in another order, key by key.
 */
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { byte, template } from "../../wire/ByteScanner.ts"
import { JsonDecoder } from "../../wire/JsonDecoder.ts"
import { Fields, quoted } from "../../wire/JsonReader.ts"
import { noSymbol, notThisForm } from "../../wire/WireDecoder.ts"

const Push = { stream: 0, data: 1, e: 2, result: 3, id: 4, error: 5, code: 6, b: 7, bids: 8 } as const
const push = new Fields(Push)
const Message = { e: 0, E: 1, s: 2, b: 3, B: 4, a: 5, A: 6, p: 7, q: 8, T: 9, m: 10, U: 11, u: 12, pu: 13, bids: 14 } as const
const message = new Fields(Message)
const Snapshot = { lastUpdateId: 0, bids: 1, asks: 2 } as const
const snapshot = new Fields(Snapshot)

const word = { true: template("true"), false: template("false") }
const kind = {
  bookTicker: quoted("bookTicker"),
  trade: quoted("trade"),
  aggregate: quoted("aggTrade"),
  depth: quoted("depthUpdate")
}
/** Kinds of events that this engine does not use. */
const unused = [
  "kline",
  "24hrTicker",
  "24hrMiniTicker",
  "1hTicker",
  "4hTicker",
  "1dTicker",
  "avgPrice",
  "markPriceUpdate",
  "forceOrder",
  "serverShutdown"
].map(quoted)

/** `a@trade` is the shortest name that a stream can have. */
const shortestStream = 7

const key = {
  stream: template('{"stream":"'),
  data: template(',"data":{"'),
  object: template('{"'),
  ticker: template('u":'),
  trade: template('e":"trade","E":'),
  aggTrade: template('e":"aggTrade","E":'),
  depth: template('e":"depthUpdate","E":'),
  symbol: template(',"s":"'),
  bid: template(',"b":"'),
  bidQuantity: template('","B":"'),
  ask: template('","a":"'),
  askQuantity: template('","A":"'),
  quoteEnd: template('"}'),
  first: template(',"U":'),
  last: template(',"u":'),
  bids: template(',"b":'),
  asks: template(',"a":'),
  aggregate: template(',"a":'),
  tradeId: template(',"t":'),
  price: template(',"p":"'),
  quantity: template('","q":"'),
  firstTrade: template('","f":'),
  lastTrade: template(',"l":'),
  time: template(',"T":'),
  timeAfterQuote: template('","T":'),
  maker: template(',"m":')
}
const letter = { a: 0x61, d: 0x64, t: 0x74, u: 0x75 } as const
/** Where the kind of an event stands behind `e":"`. */
const kindAt = 4

class BinanceDecoder extends JsonDecoder {
  protected override message(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const outcome = this.#usual(bytes, start, end)
    if (outcome !== notThisForm) return outcome as FrameOutcome
    this.json.position = start
    return this.#any(bytes, start, end)
  }

  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(snapshot) || !json.ended() || !this.sequenceAt(this.last, snapshot, Snapshot.lastUpdateId))
      return FrameOutcome.malformed
    if (!snapshot.has(Snapshot.bids) || !this.stage(snapshot, Snapshot.bids, Snapshot.asks)) return FrameOutcome.malformed
    return this.mergeSnapshot(instrument)
  }

  /** Tells the usual messages apart by one byte. */
  #usual(bytes: Uint8Array, start: number, end: number): number {
    const { json } = this
    if (json.skip(key.stream)) {
      if (json.string(shortestStream) < 0 || !json.skip(key.data)) return notThisForm
    } else if (!json.skip(key.object)) return notThisForm
    if (bytes[json.position] === letter.u) return json.skip(key.ticker) ? this.#bookTicker() : notThisForm
    switch (bytes[json.position + kindAt]) {
      case letter.d:
        return json.skip(key.depth) ? this.#depth(bytes, start, end) : notThisForm
      case letter.a:
        return json.skip(key.aggTrade) ? this.#trade(true) : notThisForm
      case letter.t:
        return json.skip(key.trade) ? this.#trade(false) : notThisForm
      default:
        return notThisForm
    }
  }

  /** `{"u":id,"s":"BNBUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.6"}` */
  #bookTicker(): number {
    const { json } = this
    if (!json.skipInteger() || !json.skip(key.symbol)) return notThisForm
    const instrument = this.symbol()
    if (
      instrument === noSymbol ||
      !json.skip(key.bid) ||
      !this.#bareTo(1) ||
      !json.skip(key.bidQuantity) ||
      !this.#bareTo(2) ||
      !json.skip(key.ask) ||
      !this.#bareTo(3) ||
      !json.skip(key.askQuantity) ||
      !this.#bareTo(4) ||
      !json.skip(key.quoteEnd)
    )
      return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(Number.NaN)
    return this.quote(instrument)
  }

  /** `…1633998523963,"s":"NKNUSDT","a":id,"p":"0.35","q":"58.0","f":id,"l":id,"T":ms,"m":false,…` */
  #trade(aggregate: boolean): number {
    const { json } = this
    if (!json.skipInteger() || !json.skip(key.symbol)) return notThisForm
    const instrument = this.symbol()
    if (
      instrument === noSymbol ||
      !json.skip(aggregate ? key.aggregate : key.tradeId) ||
      !json.skipInteger() ||
      !json.skip(key.price) ||
      !this.#bareTo(1) ||
      !json.skip(key.quantity) ||
      !this.#bareTo(2)
    )
      return notThisForm
    if (aggregate && (!json.skip(key.firstTrade) || !json.skipInteger() || !json.skip(key.lastTrade) || !json.skipInteger()))
      return notThisForm
    if (!json.skip(aggregate ? key.time : key.timeAfterQuote) || !json.integer() || !json.skip(key.maker)) return notThisForm
    this.setTime(json.registers[1]! * 1e9 + json.registers[2]!)
    const maker = json.bytes[json.position]
    if ((maker !== byte.true && maker !== byte.false) || json.bytes[json.end - 1] !== byte.unbrace) return notThisForm
    // `m`: the buyer was the maker, so the taker sold.
    return instrument < 0 ? FrameOutcome.unlisted : this.trade(instrument, maker === byte.true ? -1 : 1)
  }

  /** `…1633998512068,"s":"NKNUSDT","U":id,"u":id,"b":[["0.35","61"],…],"a":[…]}` of the spot streams. */
  #depth(bytes: Uint8Array, start: number, end: number): number {
    const { json } = this
    if (!json.integer()) return notThisForm
    const time = json.registers[1]! * 1e9 + json.registers[2]!
    if (!json.skip(key.symbol)) return notThisForm
    const instrument = this.symbol()
    if (instrument === noSymbol || !json.skip(key.first) || !json.sequence(this.first)) return notThisForm
    this.levels.clear()
    if (!json.skip(key.last) || !json.sequence(this.last)) return notThisForm
    if (!json.skip(key.bids) || !this.levelList(0) || !json.skip(key.asks) || !this.levelList(1) || !json.skipByte(byte.unbrace))
      return notThisForm
    if (instrument < 0) return FrameOutcome.unlisted
    this.setTime(time)
    return this.mergeDelta(instrument, this.reaches(instrument), bytes, start, end)
  }

  /** A message in any key order, in its stream's envelope or bare. */
  #any(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (push.has(Push.error) || push.has(Push.code)) return FrameOutcome.refused
    if (push.has(Push.result) || push.has(Push.id)) return FrameOutcome.control
    if (push.has(Push.data)) json.to(push, Push.data)
    else json.position = start
    if (!json.object(message)) return push.has(Push.data) ? FrameOutcome.unknown : FrameOutcome.malformed
    if (message.has(Message.bids)) return FrameOutcome.control
    if (message.has(Message.e) && json.isAny(message, Message.e, unused)) return FrameOutcome.control
    const instrument = this.symbolAt(message, Message.s)
    if (json.is(message, Message.e, kind.depth)) return this.#anyDepth(instrument, bytes, start, end)
    if (json.is(message, Message.e, kind.trade) || json.is(message, Message.e, kind.aggregate)) return this.#anyTrade(instrument)
    if (message.has(Message.e) ? json.is(message, Message.e, kind.bookTicker) : message.has(Message.b)) return this.#anyTicker(instrument)
    return FrameOutcome.unknown
  }

  #anyTicker(instrument: number): FrameOutcome {
    if (
      instrument === noSymbol ||
      !this.numberAt(1, message, Message.b) ||
      !this.numberAt(2, message, Message.B) ||
      !this.numberAt(3, message, Message.a) ||
      !this.numberAt(4, message, Message.A)
    )
      return FrameOutcome.malformed
    this.timeAt(message, Message.E)
    return instrument < 0 ? FrameOutcome.unlisted : this.quote(instrument)
  }

  #anyTrade(instrument: number): FrameOutcome {
    const { json } = this
    const sold = json.is(message, Message.m, word.true)
    if (instrument === noSymbol || (!sold && !json.is(message, Message.m, word.false))) return FrameOutcome.malformed
    if (!this.numberAt(1, message, Message.p) || !this.numberAt(2, message, Message.q)) return FrameOutcome.malformed
    this.timeAt(message, Message.T)
    return instrument < 0 ? FrameOutcome.unlisted : this.trade(instrument, sold ? -1 : 1)
  }

  #anyDepth(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const futures = message.has(Message.pu)
    if (
      instrument === noSymbol ||
      !this.sequenceAt(this.first, message, Message.U) ||
      !this.sequenceAt(this.last, message, Message.u) ||
      (futures && !this.sequenceAt(this.previous, message, Message.pu)) ||
      !this.stage(message, Message.b, Message.a)
    )
      return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    this.timeAt(message, Message.E)
    const reaches = futures ? this.previous.compare(this.placeOf(instrument).id) <= 0 : this.reaches(instrument)
    return this.mergeDelta(instrument, reaches, bytes, start, end)
  }

  /** Reads a decimal, without quotes, into `record.numbers[target]`. */
  #bareTo(target: number): boolean {
    if (!this.json.number()) return false
    this.record.numbers[target] = this.json.registers[0]!
    return true
  }
}

export const makeBinanceDecoder: FrameDecoderFactory = (symbols, record, sink) => new BinanceDecoder(symbols, record, sink)
