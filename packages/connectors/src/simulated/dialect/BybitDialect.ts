/** Bybit's side of its v5 public spot topics. */
import { Option, Schema } from "effect"
import { count, type Dialect, price, printedLevels, quantity, quotedLevels } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ op: Schema.String, args: Schema.optional(Schema.Array(Schema.String)) }))
)
/** Ids of a book's messages begin here. */
const firstId = 1_000_000
/** Of any depth but the best level. */
const bookTopic = /^orderbook\.(?!1\.)\d+\.(.+)$/

export const bybitDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"success":false,"ret_msg":"error:params error","conn_id":"1","op":""}')
    if (request.op === "ping") return session.send('{"success":true,"ret_msg":"pong","conn_id":"1","req_id":"","op":"ping"}')
    const args = request.args ?? []
    const unknown = args.find((topic) => !market.instruments.has(topic.slice(topic.lastIndexOf(".") + 1)))
    if (unknown !== undefined)
      return session.send(
        `{"success":false,"ret_msg":"error:handler not found,topic:${unknown}","conn_id":"1","req_id":"","op":"${request.op}"}`
      )
    for (const topic of args) {
      if (request.op === "unsubscribe") session.topics.delete(topic)
      else session.topics.add(topic)
    }
    session.send(`{"success":true,"ret_msg":"","conn_id":"1","req_id":"","op":"${request.op}"}`)
    if (request.op !== "subscribe") return
    for (const topic of args) {
      const instrument = market.instruments.get(bookTopic.exec(topic)?.[1] ?? "")
      if (instrument === undefined) continue
      session.send(
        `{"topic":"${topic}","type":"snapshot","ts":${Math.floor(market.now())},"data":{"s":"${instrument.instrument.symbol}","b":${quotedLevels(instrument.levels(0))},"a":${quotedLevels(instrument.levels(1))},"u":${instrument.id(firstId + count(session, topic))},"seq":${instrument.id()}},"cts":${Math.floor(market.now())}}`
      )
    }
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    const tradeTopic = `publicTrade.${symbol}`
    if (trades.length > 0 && session.topics.has(tradeTopic)) {
      const data = trades.map(
        (trade) =>
          `{"T":${now},"s":"${symbol}","S":"${trade.takerSide === "buy" ? "Buy" : "Sell"}","v":"${quantity(trade.quantity)}","p":"${price(trade.price)}","L":"PlusTick","i":"${instrument.tradeId}","BT":false}`
      )
      session.send(`{"topic":"${tradeTopic}","type":"snapshot","ts":${now},"data":[${data.join(",")}]}`)
    }
    const topic = [...session.topics].find((name) => bookTopic.exec(name)?.[1] === symbol)
    if (bids.size + asks.size > 0 && topic !== undefined)
      session.send(
        `{"topic":"${topic}","type":"delta","ts":${now},"data":{"s":"${symbol}","b":${quotedLevels(bids)},"a":${quotedLevels(asks)},"u":${instrument.id(firstId + count(session, topic))},"seq":${instrument.id()}},"cts":${now}}`
      )
    const best = instrument.best()
    const bestTopic = `orderbook.1.${symbol}`
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(bestTopic))
      session.send(
        `{"topic":"${bestTopic}","type":"snapshot","ts":${now},"data":{"s":"${symbol}","b":${quotedLevels([[best.bid, best.bidQuantity]])},"a":${quotedLevels([[best.ask, best.askQuantity]])},"u":${count(session, bestTopic)},"seq":${instrument.id()}},"cts":${now}}`
      )
  },
  heartbeat: () => {},
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/v5/market/time")
      return { retCode: 0, retMsg: "OK", result: { timeSecond: String(Math.floor(now / 1000)) }, time: now }
    if (url.pathname === "/v5/market/instruments-info") {
      const list = [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
        symbol,
        baseCoin: base,
        quoteCoin: quote,
        status: "Trading",
        lotSizeFilter: { basePrecision: "1" },
        priceFilter: { tickSize: "0.00001" }
      }))
      return { retCode: 0, retMsg: "OK", result: { category: "spot", list }, time: now }
    }
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    if (url.pathname !== "/v5/market/orderbook" || instrument === undefined) return undefined
    return {
      retCode: 0,
      result: {
        s: instrument.instrument.symbol,
        b: printedLevels(instrument.levels(0)),
        a: printedLevels(instrument.levels(1)),
        ts: now,
        u: 1,
        seq: instrument.sequence
      },
      time: now
    }
  }
}
