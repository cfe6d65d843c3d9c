/** Kraken's side of its WebSocket v2, and of its REST API, which still has Kraken's old names for Bitcoin and Dogecoin. */
import { Option, Schema } from "effect"
import { checksumOf } from "../../exchange/kraken/KrakenDecoder.ts"
import type { SimulatedInstrument } from "../Market.ts"
import { priceDecimals } from "../Market.ts"
import { type Dialect, type DialectMarket, fixed, iso } from "./Dialect.ts"

const quantityDecimals = 8
const price = (value: number) => fixed(value, priceDecimals)
const quantity = (value: number) => fixed(value, quantityDecimals)

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      method: Schema.String,
      params: Schema.optional(
        Schema.Struct({
          channel: Schema.String,
          symbol: Schema.optional(Schema.Array(Schema.String)),
          depth: Schema.optional(Schema.Int)
        })
      ),
      req_id: Schema.optional(Schema.Int)
    })
  )
)

/** `BTC/USD` as the REST API has it. */
const restName = (symbol: string): string => symbol.replaceAll(/\bBTC\b/g, "XBT").replaceAll(/\bDOGE\b/g, "XDG")

const levels = (changed: Iterable<readonly [number, number]>) =>
  [...changed].map(([at, size]) => `{"price":${price(at)},"qty":${quantity(size)}}`).join(",")

const checksum = (instrument: SimulatedInstrument, market: DialectMarket) => {
  const right = checksumOf(instrument.reader(), priceDecimals, quantityDecimals)
  return market.badChecksums ? right ^ 1 : right
}

const pairs = (instruments: Iterable<SimulatedInstrument>) =>
  [...instruments].map(({ instrument: { base, quote, symbol } }) => ({
    symbol,
    base,
    quote,
    status: "online",
    qty_precision: quantityDecimals,
    qty_increment: 1e-8,
    price_precision: priceDecimals,
    price_increment: 1e-5
  }))

export const krakenDialect: Dialect = {
  opened: (session) => {
    session.send(
      '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1}]}'
    )
  },
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"error":"Malformed request","success":false}')
    const { method, params } = request
    if (method === "ping") return session.send('{"method":"pong"}')
    if (params === undefined) return
    if (params.channel === "instrument") {
      session.send(JSON.stringify({ method, result: { channel: "instrument", snapshot: true }, success: true }))
      return session.send(
        JSON.stringify({ channel: "instrument", type: "snapshot", data: { assets: [], pairs: pairs(market.instruments.values()) } })
      )
    }
    for (const symbol of params.symbol ?? []) {
      const instrument = market.instruments.get(symbol)
      if (instrument === undefined) {
        session.send(JSON.stringify({ method, success: false, error: `Currency pair not supported ${symbol}`, symbol }))
        continue
      }
      const topic = `${params.channel}:${symbol}`
      if (method === "unsubscribe") session.topics.delete(topic)
      else session.topics.add(topic)
      const result = {
        channel: params.channel,
        symbol,
        ...(params.channel === "book" ? { depth: params.depth ?? 10, snapshot: true } : {})
      }
      session.send(JSON.stringify({ method, result, success: true }))
      if (method === "subscribe" && params.channel === "book") {
        session.send(
          `{"channel":"book","type":"snapshot","data":[{"symbol":"${symbol}","bids":[${levels(instrument.levels(0))}],"asks":[${levels(instrument.levels(1))}],"checksum":${checksum(instrument, market)}}]}`
        )
      }
    }
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const time = iso(market.now())
    if (session.topics.has(`trade:${symbol}`)) {
      for (const trade of trades) {
        session.send(
          `{"channel":"trade","type":"update","data":[{"symbol":"${symbol}","side":"${trade.takerSide}","price":${price(trade.price)},"qty":${quantity(trade.quantity)},"ord_type":"market","trade_id":${instrument.tradeId},"timestamp":"${time}"}]}`
        )
      }
    }
    if (bids.size + asks.size > 0 && session.topics.has(`book:${symbol}`)) {
      session.send(
        `{"channel":"book","type":"update","data":[{"symbol":"${symbol}","bids":[${levels(bids)}],"asks":[${levels(asks)}],"checksum":${checksum(instrument, market)},"timestamp":"${time}"}]}`
      )
    }
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`ticker:${symbol}`)) {
      session.send(
        `{"channel":"ticker","type":"update","data":[{"symbol":"${symbol}","bid":${price(best.bid)},"bid_qty":${quantity(best.bidQuantity)},"ask":${price(best.ask)},"ask_qty":${quantity(best.askQuantity)},"last":${price(best.bid)},"volume":1.0,"vwap":1.0,"low":1.0,"high":1.0,"change":0.0,"change_pct":0.0,"timestamp":"${time}"}]}`
      )
    }
  },
  heartbeat: (session) => {
    if (session.topics.size > 0) session.send('{"channel":"heartbeat"}')
  },
  get: (url, market) => {
    if (url.pathname === "/0/public/Time") return { error: [], result: { unixtime: Math.floor(market.now() / 1000), rfc1123: "" } }
    if (url.pathname === "/0/public/Depth") {
      const asked = url.searchParams.get("pair")
      const instrument = [...market.instruments.values()].find(
        (candidate) => restName(candidate.instrument.symbol).replace("/", "") === asked
      )
      if (instrument === undefined) return { error: ["EQuery:Unknown asset pair"], result: {} }
      const side = (which: 0 | 1) => instrument.levels(which).map(([at, size]) => [price(at), quantity(size), 1])
      return { error: [], result: { [asked ?? ""]: { asks: side(1), bids: side(0) } } }
    }
    if (url.pathname !== "/0/public/AssetPairs") return undefined
    return {
      error: [],
      result: Object.fromEntries(
        pairs(market.instruments.values()).map(({ symbol }) => [
          restName(symbol).replace("/", ""),
          { wsname: restName(symbol), status: "online", tick_size: "0.00001", lot_decimals: quantityDecimals }
        ])
      )
    }
  }
}
