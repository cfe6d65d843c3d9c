/** Bitget's side of its v2 spot channels: books by ids, without checksums; trades newest first, a subscription's first push those before it. */
import { Option, Schema } from "effect"
import type { MarketTrade, SimulatedInstrument } from "../Market.ts"
import { type Dialect, type DialectMarket, price, printedLevels, quantity, quotedLevels, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      op: Schema.String,
      args: Schema.Array(Schema.Struct({ instType: Schema.String, channel: Schema.String, instId: Schema.String }))
    })
  )
)

const push = (session: Session, symbol: string, channel: string, action: string, data: string, time: number) =>
  session.send(`{"action":"${action}","arg":{"instType":"SPOT","channel":"${channel}","instId":"${symbol}"},"data":[${data}],"ts":${time}}`)

const sendBook = (
  session: Session,
  instrument: SimulatedInstrument,
  action: "snapshot" | "update",
  [bids, asks]: readonly [Iterable<readonly [number, number]>, Iterable<readonly [number, number]>],
  market: DialectMarket
) => {
  const now = Math.floor(market.now())
  const { symbol } = instrument.instrument
  const levels = `"asks":${quotedLevels(asks)},"bids":${quotedLevels(bids)}`
  const previous = action === "snapshot" ? "0" : instrument.id(session.counters.get(symbol))
  session.counters.set(symbol, instrument.sequence)
  push(session, symbol, "books", action, `{${levels},"seq":${instrument.id()},"pseq":${previous},"ts":"${now}"}`, now)
}

const sendTrades = (
  session: Session,
  instrument: SimulatedInstrument,
  action: "snapshot" | "update",
  newestFirst: ReadonlyArray<MarketTrade>,
  now: number
) => {
  const data = newestFirst.map(
    (trade) =>
      `{"ts":"${Math.floor(trade.time)}","price":"${price(trade.price)}","size":"${quantity(trade.quantity)}","side":"${trade.takerSide}","tradeId":"${instrument.tradeId}"}`
  )
  push(session, instrument.instrument.symbol, "trade", action, data.join(","), now)
}

export const bitgetDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    if (message === "ping") return session.send("pong")
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"event":"error","code":30003,"msg":"Invalid op","op":"subscribe"}')
    for (const arg of request.args) {
      const instrument = market.instruments.get(arg.instId)
      if (instrument === undefined) {
        session.send(JSON.stringify({ event: "error", arg, code: 30001, msg: `${arg.instId} doesn't exist` }))
        continue
      }
      const topic = `${arg.channel}:${arg.instId}`
      if (request.op === "unsubscribe") session.topics.delete(topic)
      else session.topics.add(topic)
      session.send(JSON.stringify({ event: request.op, arg }))
      if (request.op === "subscribe" && arg.channel === "books")
        sendBook(session, instrument, "snapshot", [instrument.levels(0), instrument.levels(1)], market)
      if (request.op === "subscribe" && arg.channel === "trade")
        sendTrades(session, instrument, "snapshot", instrument.history(), Math.floor(market.now()))
    }
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    if (trades.length > 0 && session.topics.has(`trade:${symbol}`)) sendTrades(session, instrument, "update", trades.toReversed(), now)
    if (bids.size + asks.size > 0 && session.topics.has(`books:${symbol}`)) sendBook(session, instrument, "update", [bids, asks], market)
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`books1:${symbol}`)) {
      const side = (at: number, size: number) => quotedLevels([[at, size]])
      const levels = `"asks":${side(best.ask, best.askQuantity)},"bids":${side(best.bid, best.bidQuantity)}`
      push(session, symbol, "books1", "snapshot", `{${levels},"seq":${instrument.id()},"ts":"${now}"}`, now)
    }
  },
  heartbeat: () => {},
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/api/v2/public/time") return { code: "00000", msg: "success", data: { serverTime: String(now) } }
    if (url.pathname === "/api/v2/spot/public/symbols") {
      const data = [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
        symbol,
        baseCoin: base,
        quoteCoin: quote,
        status: "online",
        pricePrecision: "5",
        quantityPrecision: "0"
      }))
      return { code: "00000", msg: "success", data }
    }
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    if (url.pathname !== "/api/v2/spot/market/orderbook" || instrument === undefined) return undefined
    return {
      code: "00000",
      msg: "success",
      data: { asks: printedLevels(instrument.levels(1)), bids: printedLevels(instrument.levels(0)), ts: String(now) }
    }
  }
}
