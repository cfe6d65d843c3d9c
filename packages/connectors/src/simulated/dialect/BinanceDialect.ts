/** Binance's side of its protocol: combined streams, and the REST calls that a book needs. */
import { Option, Schema } from "effect"
import type { SimulatedInstrument } from "../Market.ts"
import { priceDecimals } from "../Market.ts"
import { type Dialect, type DialectMarket, fixed, type Session } from "./Dialect.ts"

const quantityDecimals = 8
const price = (value: number) => fixed(value, priceDecimals + 3)
const quantity = (value: number) => fixed(value, quantityDecimals)

const stream = (instrument: SimulatedInstrument, kind: string) => `${instrument.instrument.symbol.toLowerCase()}@${kind}`

const push = (session: Session, topic: string, data: string) => {
  if (session.topics.has(topic)) session.send(`{"stream":"${topic}","data":${data}}`)
}

const levels = (changed: Iterable<readonly [number, number]>) =>
  [...changed].map(([at, size]) => `["${price(at)}","${quantity(size)}"]`).join(",")

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ method: Schema.String, params: Schema.Array(Schema.String), id: Schema.Unknown }))
)

export const binanceDialect: Dialect = {
  opened: (session, path) => {
    for (const topic of new URL(path, "ws://venue").searchParams.get("streams")?.split("/") ?? []) session.topics.add(topic)
  },
  received: (session, message) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"error":{"code":3,"msg":"Invalid JSON"}}')
    for (const topic of request.params) {
      if (request.method === "SUBSCRIBE") session.topics.add(topic)
      else session.topics.delete(topic)
    }
    session.send(JSON.stringify({ result: null, id: request.id }))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    for (const trade of trades) {
      const id = instrument.tradeId
      push(
        session,
        stream(instrument, "aggTrade"),
        `{"e":"aggTrade","E":${now},"s":"${symbol}","a":${id},"p":"${price(trade.price)}","q":"${quantity(trade.quantity)}","f":${id},"l":${id},"T":${now},"m":${trade.takerSide === "sell"},"M":true}`
      )
    }
    if (bids.size + asks.size > 0) {
      push(
        session,
        stream(instrument, "depth@100ms"),
        `{"e":"depthUpdate","E":${now},"s":"${symbol}","U":${instrument.id(firstSequence)},"u":${instrument.id()},"b":[${levels(bids)}],"a":[${levels(asks)}]}`
      )
    }
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0) {
      push(
        session,
        stream(instrument, "bookTicker"),
        `{"u":${instrument.id()},"s":"${symbol}","b":"${price(best.bid)}","B":"${quantity(best.bidQuantity)}","a":"${price(best.ask)}","A":"${quantity(best.askQuantity)}"}`
      )
    }
  },
  // Binance pings on the protocol's level; the server does that.
  heartbeat: () => {},
  get: (url, market) => {
    if (url.pathname === "/api/v3/time") return { serverTime: Math.floor(market.now()) }
    if (url.pathname === "/api/v3/exchangeInfo") return exchangeInfo(market)
    if (url.pathname !== "/api/v3/depth") return undefined
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    if (instrument === undefined) return undefined
    return `{"lastUpdateId":${instrument.id()},"bids":[${levels(instrument.levels(0))}],"asks":[${levels(instrument.levels(1))}]}`
  }
}

const exchangeInfo = (market: DialectMarket) => ({
  timezone: "UTC",
  serverTime: Math.floor(market.now()),
  symbols: [...market.instruments.values()].map(({ instrument }) => ({
    symbol: instrument.symbol,
    status: "TRADING",
    baseAsset: instrument.base,
    quoteAsset: instrument.quote,
    filters: [
      { filterType: "PRICE_FILTER", minPrice: "0.00001", maxPrice: "2", tickSize: "0.00001" },
      { filterType: "LOT_SIZE", minQty: "1", maxQty: "9000000", stepSize: "1.00000000" }
    ]
  }))
})
