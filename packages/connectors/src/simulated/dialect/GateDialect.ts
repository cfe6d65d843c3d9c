/** Gate's side of its v4 spot channels. */
import { Option, Schema } from "effect"
import { type Dialect, price, quantity, quotedLevels } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      id: Schema.optional(Schema.Unknown),
      channel: Schema.String,
      event: Schema.optional(Schema.String),
      payload: Schema.optional(Schema.Array(Schema.String))
    })
  )
)
const intervals = /^\d+ms$/

export const gateDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    const now = Math.floor(market.now() / 1000)
    if (request === undefined)
      return session.send(`{"time":${now},"channel":"","event":"","error":{"code":1,"message":"invalid request"},"result":null}`)
    const { channel, event, id, payload } = request
    if (channel === "spot.ping") return session.send(`{"time":${now},"channel":"spot.pong","event":"","result":null}`)
    for (const symbol of (payload ?? []).filter((word) => !intervals.test(word))) {
      if (!market.instruments.has(symbol)) {
        session.send(
          JSON.stringify({ time: now, channel, event, error: { code: 2, message: `unknown currency pair: ${symbol}` }, result: null })
        )
        continue
      }
      if (event === "unsubscribe") session.topics.delete(`${channel}:${symbol}`)
      else session.topics.add(`${channel}:${symbol}`)
    }
    session.send(JSON.stringify({ time: now, id, channel, event, payload, result: { status: "success" } }))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    const push = (channel: string, result: string) => {
      if (session.topics.has(`${channel}:${symbol}`))
        session.send(`{"time":${Math.floor(now / 1000)},"time_ms":${now},"channel":"${channel}","event":"update","result":${result}}`)
    }
    for (const trade of trades)
      push(
        "spot.trades",
        `{"id":${instrument.tradeId},"create_time":${Math.floor(now / 1000)},"create_time_ms":"${now}.2642","side":"${trade.takerSide}","currency_pair":"${symbol}","amount":"${quantity(trade.quantity)}","price":"${price(trade.price)}"}`
      )
    if (bids.size + asks.size > 0)
      push(
        "spot.order_book_update",
        `{"t":${now},"e":"depthUpdate","E":${Math.floor(now / 1000)},"s":"${symbol}","U":${instrument.id(firstSequence)},"u":${instrument.id()},"b":${quotedLevels(bids)},"a":${quotedLevels(asks)}}`
      )
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0)
      push(
        "spot.book_ticker",
        `{"t":${now},"u":${instrument.id()},"s":"${symbol}","b":"${price(best.bid)}","B":"${quantity(best.bidQuantity)}","a":"${price(best.ask)}","A":"${quantity(best.askQuantity)}"}`
      )
  },
  heartbeat: () => {},
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/api/v4/spot/time") return { server_time: now }
    if (url.pathname === "/api/v4/spot/currency_pairs") {
      return [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
        id: symbol,
        base,
        quote,
        precision: 5,
        amount_precision: 0,
        trade_status: "tradable"
      }))
    }
    const instrument = market.instruments.get(url.searchParams.get("currency_pair") ?? "")
    if (url.pathname !== "/api/v4/spot/order_book" || instrument === undefined) return undefined
    return `{"id":${instrument.id()},"current":${now},"update":${now},"asks":${quotedLevels(instrument.levels(1))},"bids":${quotedLevels(instrument.levels(0))}}`
  }
}
