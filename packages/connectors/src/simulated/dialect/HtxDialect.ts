/**
 * HTX's side of its public market feed: everything in gzip, its own pings, and connections that do not answer them are closed. Trades come
 * newest first, and a subscription begins with the last one before it.
 */
import { Option, Schema } from "effect"
import { gzipSync } from "node:zlib"
import type { MarketTrade, SimulatedInstrument } from "../Market.ts"
import { bareLevels, count, type Dialect, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      sub: Schema.optional(Schema.String),
      unsub: Schema.optional(Schema.String),
      req: Schema.optional(Schema.String),
      id: Schema.optional(Schema.Unknown),
      pong: Schema.optional(Schema.Finite)
    })
  )
)
const pingsMax = 3
const goneAway = 1001

const sendPacked = (session: Session, text: string) => session.send(gzipSync(text, { level: 1 }))

const sendBook = (session: Session, instrument: SimulatedInstrument, time: number) => {
  const channel = `market.${instrument.instrument.symbol}.depth.step0`
  sendPacked(
    session,
    `{"ch":"${channel}","ts":${time},"tick":{"bids":${bareLevels(instrument.levels(0))},"asks":${bareLevels(instrument.levels(1))},"version":${instrument.id()},"ts":${time}}}`
  )
}

const sendTrades = (session: Session, instrument: SimulatedInstrument, newestFirst: ReadonlyArray<MarketTrade>) => {
  const time = Math.floor(newestFirst[0]!.time)
  const data = newestFirst.map(
    (trade) =>
      `{"id":${time}${instrument.id()}0001311318,"ts":${Math.floor(trade.time)},"tradeId":${instrument.tradeId},"amount":${trade.quantity},"price":${trade.price},"direction":"${trade.takerSide}"}`
  )
  const channel = `market.${instrument.instrument.symbol}.trade.detail`
  sendPacked(session, `{"ch":"${channel}","ts":${time},"tick":{"id":${instrument.id()},"ts":${time},"data":[${data.join(",")}]}}`)
}

export const htxDialect: Dialect = {
  binary: true,
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    const now = Math.floor(market.now())
    if (request?.pong !== undefined) return void session.counters.set("pings", 0)
    const topic = request?.sub ?? request?.unsub ?? request?.req
    const symbol = topic?.split(".")[1] ?? ""
    const instrument = market.instruments.get(symbol)
    if (request === undefined || topic === undefined || instrument === undefined)
      return sendPacked(
        session,
        JSON.stringify({ status: "error", ts: now, id: request?.id, "err-code": "bad-request", "err-msg": "invalid topic" })
      )
    if (request.req !== undefined) {
      const levels = `"bids":${bareLevels(instrument.levels(0))},"asks":${bareLevels(instrument.levels(1))}`
      const id = JSON.stringify(request.id ?? null)
      return sendPacked(session, `{"id":${id},"rep":"${topic}","status":"ok","ts":${now},"data":{"seqNum":${instrument.id()},${levels}}}`)
    }
    if (request.unsub !== undefined) {
      session.topics.delete(topic)
      return sendPacked(session, JSON.stringify({ id: request.id, status: "ok", unsubbed: topic, ts: now }))
    }
    session.topics.add(topic)
    sendPacked(session, JSON.stringify({ id: request.id, status: "ok", subbed: topic, ts: now }))
    if (topic.includes(".depth.")) sendBook(session, instrument, now)
    if (topic.endsWith(".trade.detail") && instrument.history().length > 0)
      sendTrades(session, instrument, instrument.history().slice(0, 1))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    if (trades.length > 0 && session.topics.has(`market.${symbol}.trade.detail`)) sendTrades(session, instrument, trades.toReversed())
    if (bids.size + asks.size > 0 && session.topics.has(`market.${symbol}.depth.step0`)) sendBook(session, instrument, now)
    const byPrice = [...session.topics].find((topic) => topic.startsWith(`market.${symbol}.mbp.`))
    if (bids.size + asks.size > 0 && byPrice !== undefined)
      sendPacked(
        session,
        `{"ch":"${byPrice}","ts":${now},"tick":{"seqNum":${instrument.id()},"prevSeqNum":${instrument.id(firstSequence - 1)},"bids":${bareLevels(bids)},"asks":${bareLevels(asks)}}}`
      )
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`market.${symbol}.bbo`))
      sendPacked(
        session,
        `{"ch":"market.${symbol}.bbo","ts":${now},"tick":{"seqId":${instrument.id()},"ask":${best.ask},"askSize":${best.askQuantity},"bid":${best.bid},"bidSize":${best.bidQuantity},"quoteTime":${now},"symbol":"${symbol}"}}`
      )
  },
  heartbeat: (session, market) => {
    if (count(session, "pings") > pingsMax) return session.close(goneAway)
    sendPacked(session, `{"ping":${Math.floor(market.now())}}`)
  },
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/v1/common/timestamp") return { status: "ok", data: now }
    if (url.pathname === "/v1/common/symbols") {
      return {
        status: "ok",
        data: [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
          symbol,
          "base-currency": base.toLowerCase(),
          "quote-currency": quote.toLowerCase(),
          state: "online",
          "price-precision": 5,
          "amount-precision": 0
        }))
      }
    }
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    if (url.pathname !== "/market/depth" || instrument === undefined) return undefined
    return {
      ch: url.searchParams.get("symbol"),
      status: "ok",
      ts: now,
      tick: { bids: instrument.levels(0), asks: instrument.levels(1), version: instrument.sequence, ts: now }
    }
  }
}
