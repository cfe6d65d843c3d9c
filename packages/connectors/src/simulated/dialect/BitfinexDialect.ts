/** Bitfinex's side of its v2 channels. A book's snapshot comes before the acknowledgement that names its channel, as it may. */
import { Option, Schema } from "effect"
import { bitfinexChecksum } from "../../exchange/bitfinex/BitfinexDecoder.ts"
import type { SimulatedInstrument } from "../Market.ts"
import { count, type Dialect, type DialectMarket, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ event: Schema.String, channel: Schema.optional(Schema.String), symbol: Schema.optional(Schema.String) })
  )
)

/** Every message has a number behind. */
const sendNumbered = (session: Session, body: string) => session.send(`[${body},${++session.sequence}]`)

/** `[price, orders, amount]` with an ask's amount negative; 0 orders where the level is gone. */
const level = (side: 0 | 1, at: number, size: number): string =>
  `[${at},${size === 0 ? 0 : 1},${(size === 0 ? 1 : size) * (side === 0 ? 1 : -1)}]`

const checksum = (instrument: SimulatedInstrument, market: DialectMarket): number => {
  const right = bitfinexChecksum(instrument.reader())
  return market.badChecksums ? right ^ 1 : right
}

export const bitfinexDialect: Dialect = {
  opened: (session) => session.send('{"event":"info","version":2,"serverId":"a7d6","platform":{"status":1}}'),
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"event":"error","msg":"Unknown event","code":10000}')
    const { channel, event, symbol } = request
    if (event === "conf") return session.send('{"event":"conf","status":"OK"}')
    if (event === "ping") return session.send('{"event":"pong","ts":1}')
    const instrument = market.instruments.get(symbol ?? "")
    if (event !== "subscribe" || instrument === undefined)
      return session.send(JSON.stringify({ channel, symbol, event: "error", msg: "symbol: invalid", code: 10300 }))
    const id = count(session, "channels")
    session.counters.set(`${channel}:${symbol}`, id)
    session.topics.add(`${channel}:${symbol}`)
    if (channel === "book") {
      const side = (which: 0 | 1) => instrument.levels(which).map(([at, size]) => level(which, at, size))
      sendNumbered(session, `${id},[${[...side(0), ...side(1)].join(",")}]`)
    }
    session.send(JSON.stringify({ event: "subscribed", channel, chanId: id, symbol, ...(channel === "book" ? { prec: "P0" } : {}) }))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    const trade = session.counters.get(`trades:${symbol}`)
    if (trade !== undefined) {
      for (const { price, quantity, takerSide } of trades) {
        const body = `[${instrument.tradeId},${now},${takerSide === "buy" ? quantity : -quantity},${price}]`
        sendNumbered(session, `${trade},"te",${body}`)
        sendNumbered(session, `${trade},"tu",${body}`)
      }
    }
    const book = session.counters.get(`book:${symbol}`)
    if (book !== undefined && bids.size + asks.size > 0) {
      for (const [at, size] of bids) sendNumbered(session, `${book},${level(0, at, size)}`)
      for (const [at, size] of asks) sendNumbered(session, `${book},${level(1, at, size)}`)
      sendNumbered(session, `${book},"cs",${checksum(instrument, market)}`)
    }
    const best = instrument.best()
    const ticker = session.counters.get(`ticker:${symbol}`)
    if (ticker !== undefined && bestChanged && best.bid > 0 && best.ask > 0)
      sendNumbered(session, `${ticker},[${best.bid},${best.bidQuantity},${best.ask},${best.askQuantity},0,0,${best.bid},1,1,1]`)
  },
  heartbeat: (session) => {
    for (const topic of session.topics) sendNumbered(session, `${session.counters.get(topic)},"hb"`)
  },
  get: (url, market) => {
    if (url.pathname === "/v2/platform/status") return [1]
    if (url.pathname === "/v2/conf/pub:info:pair")
      return [[...market.instruments.values()].map(({ instrument }) => [instrument.symbol.slice(1), []])]
    const instrument = market.instruments.get(/^\/v2\/book\/([^/]+)\/P0$/.exec(url.pathname)?.[1] ?? "")
    if (instrument === undefined) return undefined
    const side = (which: 0 | 1) => instrument.levels(which).map(([at, size]) => [at, 1, which === 0 ? size : -size])
    return [...side(0), ...side(1)]
  }
}
