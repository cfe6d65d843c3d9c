/** Gemini's side of its v2 market data. The whole book comes again now and then, in the form of an update. */
import { Option, Schema } from "effect"
import type { SimulatedInstrument } from "../Market.ts"
import { count, type Dialect, price, quantity, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      type: Schema.String,
      subscriptions: Schema.Array(Schema.Struct({ name: Schema.String, symbols: Schema.Array(Schema.String) }))
    })
  )
)
/** Heartbeats between two whole books. */
const wholeEvery = 3

const changes = (bids: Iterable<readonly [number, number]>, asks: Iterable<readonly [number, number]>): string => {
  const side = (name: string, levels: Iterable<readonly [number, number]>) =>
    [...levels].map(([at, size]) => `["${name}","${price(at)}","${quantity(size)}"]`)
  return [...side("buy", bids), ...side("sell", asks)].join(",")
}

const sendWhole = (session: Session, instrument: SimulatedInstrument) =>
  session.send(
    `{"type":"l2_updates","symbol":"${instrument.instrument.symbol}","changes":[${changes(instrument.levels(0), instrument.levels(1))}],"trades":[],"auction_events":[]}`
  )

export const geminiDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"result":"error","reason":"InvalidJson"}')
    for (const symbol of request.subscriptions.flatMap(({ symbols }) => symbols)) {
      const instrument = market.instruments.get(symbol)
      if (instrument === undefined) {
        session.send(`{"result":"error","reason":"InvalidSymbol","message":"${symbol}"}`)
        continue
      }
      if (request.type === "unsubscribe") session.topics.delete(symbol)
      else {
        session.topics.add(symbol)
        sendWhole(session, instrument)
      }
    }
  },
  changed: (session, instrument, { asks, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    if (!session.topics.has(symbol)) return
    for (const trade of trades)
      session.send(
        `{"type":"trade","symbol":"${symbol}","event_id":${instrument.tradeId},"timestamp":${Math.floor(market.now())},"price":"${price(trade.price)}","quantity":"${quantity(trade.quantity)}","side":"${trade.takerSide}"}`
      )
    if (bids.size + asks.size > 0) session.send(`{"type":"l2_updates","symbol":"${symbol}","changes":[${changes(bids, asks)}]}`)
  },
  heartbeat: (session, market) => {
    session.send(`{"type":"heartbeat","timestamp":${Math.floor(market.now())}}`)
    if (count(session, "heartbeats") % wholeEvery !== 0) return
    for (const symbol of session.topics) sendWhole(session, market.instruments.get(symbol)!)
  },
  get: (url, market) => {
    if (url.pathname === "/v1/symbols") return [...market.instruments.keys()].map((symbol) => symbol.toLowerCase())
    const instrument = market.instruments.get(/^\/v1\/book\/([^/]+)$/.exec(url.pathname)?.[1]?.toUpperCase() ?? "")
    if (instrument === undefined) return undefined
    const side = (which: 0 | 1) =>
      instrument.levels(which).map(([at, size]) => ({ price: price(at), amount: quantity(size), timestamp: "1" }))
    return { bids: side(0), asks: side(1) }
  }
}
