/**
 * Crypto.com's side of its v1 market feed. Trades come newest first, and a subscription begins with those before it. A connection that does not
 * answer heartbeats is closed.
 */
import { Option, Schema } from "effect"
import type { MarketTrade, SimulatedInstrument } from "../Market.ts"
import { count, type Dialect, price, printedLevels, quantity, quotedLevels, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      id: Schema.Finite,
      method: Schema.String,
      params: Schema.optional(Schema.Struct({ channels: Schema.Array(Schema.String) }))
    })
  )
)
const heartbeatsMax = 3
const goneAway = 1001
/** Orders at a level. */
const orders = ["1"]

const push = (session: Session, symbol: string, subscription: string, channel: string, data: string) =>
  session.send(
    `{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"${symbol}","subscription":"${subscription}","channel":"${channel}","data":[${data}]}}`
  )

const sendWhole = (session: Session, subscription: string, instrument: SimulatedInstrument, time: number) => {
  session.counters.set(subscription, instrument.sequence)
  const { symbol } = instrument.instrument
  const levels = `"asks":${quotedLevels(instrument.levels(1), ...orders)},"bids":${quotedLevels(instrument.levels(0), ...orders)}`
  push(session, symbol, subscription, "book", `{${levels},"t":${time},"tt":${time},"u":${instrument.id()},"cs":1}`)
}

const sendTrades = (session: Session, instrument: SimulatedInstrument, newestFirst: ReadonlyArray<MarketTrade>) => {
  const { symbol } = instrument.instrument
  const data = newestFirst.map(
    (trade) =>
      `{"d":"${instrument.tradeId}","t":${Math.floor(trade.time)},"p":"${price(trade.price)}","q":"${quantity(trade.quantity)}","s":"${trade.takerSide.toUpperCase()}","i":"${symbol}"}`
  )
  push(session, symbol, `trade.${symbol}`, "trade", data.join(","))
}

export const cryptocomDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"id":-1,"method":"","code":40003,"message":"Invalid request"}')
    if (request.method === "public/respond-heartbeat") return void session.counters.set("heartbeats", 0)
    const channels = request.params?.channels ?? []
    const unknown = channels.find((channel) => !market.instruments.has(channel.split(".")[1] ?? ""))
    if (unknown !== undefined)
      return session.send(
        `{"id":${request.id},"method":"${request.method}","code":40004,"message":"Unknown symbol","channel":"${unknown}"}`
      )
    session.send(`{"id":${request.id},"method":"${request.method}","code":0}`)
    for (const channel of channels) {
      if (request.method === "unsubscribe") session.topics.delete(channel)
      else {
        session.topics.add(channel)
        const instrument = market.instruments.get(channel.split(".")[1]!)!
        if (channel.startsWith("book.")) sendWhole(session, channel, instrument, Math.floor(market.now()))
        if (channel.startsWith("trade.")) sendTrades(session, instrument, instrument.history())
      }
    }
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    if (trades.length > 0 && session.topics.has(`trade.${symbol}`)) sendTrades(session, instrument, trades.toReversed())
    const subscription = `book.${symbol}.50`
    if (bids.size + asks.size > 0 && session.topics.has(subscription)) {
      const previous = session.counters.get(subscription)
      session.counters.set(subscription, instrument.sequence)
      push(
        session,
        symbol,
        subscription,
        "book.update",
        `{"update":{"asks":${quotedLevels(asks, ...orders)},"bids":${quotedLevels(bids, ...orders)}},"t":${now},"tt":${now},"u":${instrument.id()},"pu":${instrument.id(previous)},"cs":1}`
      )
    }
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`ticker.${symbol}`))
      push(
        session,
        symbol,
        `ticker.${symbol}`,
        "ticker",
        `{"h":"1","l":"1","a":"${price(best.bid)}","b":"${price(best.bid)}","bs":"${quantity(best.bidQuantity)}","k":"${price(best.ask)}","ks":"${quantity(best.askQuantity)}","i":"${symbol}","t":${now}}`
      )
  },
  heartbeat: (session) => {
    if (count(session, "heartbeats") > heartbeatsMax) return session.close(goneAway)
    session.send(`{"id":${count(session, "ids")},"method":"public/heartbeat","code":0}`)
  },
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/exchange/v1/public/get-tickers") return { id: -1, code: 0, result: { data: [{ i: "BTC_USD", t: now }] } }
    if (url.pathname === "/exchange/v1/public/get-instruments") {
      const data = [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
        symbol,
        inst_type: "CCY_PAIR",
        base_ccy: base,
        quote_ccy: quote,
        tradable: true,
        price_tick_size: "0.00001",
        qty_tick_size: "1"
      }))
      return { id: -1, code: 0, result: { data } }
    }
    const instrument = market.instruments.get(url.searchParams.get("instrument_name") ?? "")
    if (url.pathname !== "/exchange/v1/public/get-book" || instrument === undefined) return undefined
    return {
      id: -1,
      code: 0,
      result: {
        instrument_name: instrument.instrument.symbol,
        depth: 50,
        data: [{ bids: printedLevels(instrument.levels(0), ...orders), asks: printedLevels(instrument.levels(1), ...orders), t: now }]
      }
    }
  }
}
