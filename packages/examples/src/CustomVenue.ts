/**
 * A venue of one's own: its feed, its reference data and its decoder, as `layerVenues([acme])` registers them.
 *
 * Acme sends JSON: `{"type":"snapshot","symbol":"DAI-USD","seq":7,"time":1,"bids":[["0.9998","5"]],"asks":[]}`, then changes that name the
 * `seq` that they come `after`, trades, and the best bid and ask. What follows from that is `JsonDecoder`'s work: a change that does not
 * continue its book makes it stale, and the connector asks for a new snapshot.
 */
import { type Feed, type Reference, symbolInQuery } from "@evenkeel/connectors/exchange/Exchange"
import type { Venue } from "@evenkeel/connectors/exchange/Venues"
import { JsonDecoder } from "@evenkeel/connectors/wire/JsonDecoder"
import { Fields, quoted } from "@evenkeel/connectors/wire/JsonReader"
import { noSymbol } from "@evenkeel/connectors/wire/WireDecoder"
import { type FrameDecoderFactory, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { Option, Schema } from "effect"

const request = (op: "subscribe" | "unsubscribe", channel: "book" | "best" | "trades", instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ op, channel, symbols: instruments.map(({ symbol }) => symbol) })

const feed: Feed = {
  id: "acme",
  endpoints: { socket: "wss://feed.acme.example", rest: "https://api.acme.example" },
  socketPath: () => "/v1",
  subscribe: (instruments) => (["book", "best", "trades"] as const).map((channel) => request("subscribe", channel, instruments)),
  book: { path: (symbol) => `/book?symbol=${symbol}`, weight: 1, symbolOf: symbolInQuery(/\/book$/, "symbol") },
  verifiedBy: "ids",
  bestFrom: "feed",
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [request("unsubscribe", "book", instruments), request("subscribe", "book", instruments)]
  },
  ping: undefined,
  isHeartbeat: (message) => message.length < 32,
  silenceMax: "30 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 10,
  instrumentsPerConnection: 50,
  restPerMinute: 600
}

const reference: Reference = {
  listingsPath: "/pairs",
  decodeListings: (body) =>
    Option.getOrUndefined(decodePairs(body))?.map(({ base, quote, symbol }) => ({
      symbol,
      base,
      quote,
      trading: true,
      priceStep: undefined,
      quantityStep: undefined
    })),
  timePath: "/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ time }) => time))
}
const decodePairs = Schema.decodeUnknownOption(
  Schema.Array(Schema.Struct({ symbol: Schema.String, base: Schema.String, quote: Schema.String }))
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ time: Schema.Finite }))

const Push = { type: 0, symbol: 1, seq: 2, after: 3, time: 4, bids: 5, asks: 6, price: 7, quantity: 8, side: 9 } as const
const push = new Fields(Push)
const Best = { bid: 0, bidQuantity: 1, ask: 2, askQuantity: 3, time: 4 } as const
const best = new Fields(Best)

const type = {
  snapshot: quoted("snapshot"),
  change: quoted("change"),
  trade: quoted("trade"),
  best: quoted("best"),
  error: quoted("error")
}
const control = ["subscribed", "unsubscribed", "heartbeat"].map(quoted)
const buy = quoted("buy")

class AcmeDecoder extends JsonDecoder {
  protected override message(_bytes: Uint8Array, start: number): FrameOutcome {
    const { json } = this
    if (!json.object(push) || !json.ended()) return FrameOutcome.malformed
    if (json.isAny(push, Push.type, control)) return FrameOutcome.control
    if (json.is(push, Push.type, type.error)) return FrameOutcome.refused
    const isSnapshot = json.is(push, Push.type, type.snapshot)
    const isBook = isSnapshot || json.is(push, Push.type, type.change)
    const isTrade = json.is(push, Push.type, type.trade)
    if (!isBook && !isTrade && !json.is(push, Push.type, type.best)) return FrameOutcome.unknown
    const instrument = this.symbolAt(push, Push.symbol)
    if (instrument === noSymbol) return FrameOutcome.malformed
    if (instrument < 0) return FrameOutcome.unlisted
    if (isBook) return this.#book(instrument, isSnapshot)
    if (isTrade) return this.#trade(instrument)
    json.position = start
    return this.#best(instrument)
  }

  #book(instrument: number, isSnapshot: boolean): FrameOutcome {
    if (!this.sequenceAt(this.last, push, Push.seq) || !this.stage(push, Push.bids, Push.asks)) return FrameOutcome.malformed
    this.timeAt(push, Push.time)
    if (isSnapshot) return this.chainSnapshot(instrument)
    if (!this.sequenceAt(this.previous, push, Push.after)) return FrameOutcome.malformed
    return this.chainDelta(instrument, this.previous.equals(this.placeOf(instrument).id))
  }

  #trade(instrument: number): FrameOutcome {
    if (!this.numberAt(1, push, Push.price) || !this.numberAt(2, push, Push.quantity)) return FrameOutcome.malformed
    this.timeAt(push, Push.time)
    return this.trade(instrument, this.json.is(push, Push.side, buy) ? 1 : -1)
  }

  #best(instrument: number): FrameOutcome {
    if (!this.json.object(best)) return FrameOutcome.malformed
    for (let index = 0; index < 4; index++) if (!this.numberAt(index + 1, best, index)) return FrameOutcome.malformed
    this.timeAt(best, Best.time)
    return this.quote(instrument)
  }

  /** A book by REST, polled while no socket can be had. */
  override snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const { json } = this
    json.open(bytes, start, end)
    if (!json.object(push) || !push.has(Push.bids) || !this.stage(push, Push.bids, Push.asks)) return FrameOutcome.malformed
    return this.stagedBook(instrument)
  }
}

export const makeAcmeDecoder: FrameDecoderFactory = (symbols, record, sink) => new AcmeDecoder(symbols, record, sink)

export const acme: Venue = {
  exchange: { ...feed, ...reference },
  decoder: makeAcmeDecoder,
  decoderModule: import.meta.url,
  decoderExport: "makeAcmeDecoder"
}
