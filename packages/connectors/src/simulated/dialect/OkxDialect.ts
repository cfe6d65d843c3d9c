/** OKX's side of its v5 public channels. */
import { Option, Schema } from "effect"
import type { SimulatedInstrument } from "../Market.ts"
import { type Dialect, price, printedLevels, quantity, quotedLevels, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ op: Schema.String, args: Schema.Array(Schema.Struct({ channel: Schema.String, instId: Schema.String })) })
  )
)
/** Liquidated orders, orders. */
const orders = ["0", "1"]

const sendBook = (
  session: Session,
  instrument: SimulatedInstrument,
  action: "snapshot" | "update",
  [bids, asks]: readonly [Iterable<readonly [number, number]>, Iterable<readonly [number, number]>],
  time: number
) => {
  const { symbol } = instrument.instrument
  const previous = action === "snapshot" ? "-1" : instrument.id(session.counters.get(symbol))
  session.counters.set(symbol, instrument.sequence)
  session.send(
    `{"arg":{"channel":"books","instId":"${symbol}"},"action":"${action}","data":[{"asks":${quotedLevels(asks, ...orders)},"bids":${quotedLevels(bids, ...orders)},"ts":"${time}","checksum":0,"seqId":${instrument.id()},"prevSeqId":${previous}}]}`
  )
}

export const okxDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    if (message === "ping") return session.send("pong")
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"event":"error","code":"60012","msg":"Invalid request"}')
    for (const arg of request.args) {
      const instrument = market.instruments.get(arg.instId)
      if (instrument === undefined) {
        session.send(`{"event":"error","code":"60018","msg":"Wrong URL or channel, instId:${arg.instId} doesn't exist."}`)
        continue
      }
      const topic = `${arg.channel}:${arg.instId}`
      if (request.op === "unsubscribe") session.topics.delete(topic)
      else session.topics.add(topic)
      session.send(JSON.stringify({ event: request.op, arg, connId: "a4d3ae55" }))
      if (request.op === "subscribe" && arg.channel === "books")
        sendBook(session, instrument, "snapshot", [instrument.levels(0), instrument.levels(1)], Math.floor(market.now()))
    }
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    if (session.topics.has(`trades:${symbol}`)) {
      for (const trade of trades)
        session.send(
          `{"arg":{"channel":"trades","instId":"${symbol}"},"data":[{"instId":"${symbol}","tradeId":"${instrument.tradeId}","px":"${price(trade.price)}","sz":"${quantity(trade.quantity)}","side":"${trade.takerSide}","ts":"${now}","count":"1"}]}`
        )
    }
    if (bids.size + asks.size > 0 && session.topics.has(`books:${symbol}`)) sendBook(session, instrument, "update", [bids, asks], now)
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`bbo-tbt:${symbol}`)) {
      const side = (at: number, size: number) => quotedLevels([[at, size]], ...orders)
      session.send(
        `{"arg":{"channel":"bbo-tbt","instId":"${symbol}"},"data":[{"asks":${side(best.ask, best.askQuantity)},"bids":${side(best.bid, best.bidQuantity)},"ts":"${now}","seqId":${instrument.id()}}]}`
      )
    }
  },
  heartbeat: () => {},
  get: (url, market) => {
    if (url.pathname === "/api/v5/public/time") return { code: "0", msg: "", data: [{ ts: String(Math.floor(market.now())) }] }
    if (url.pathname === "/api/v5/public/instruments") {
      return {
        code: "0",
        msg: "",
        data: [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
          instId: symbol,
          instType: "SPOT",
          baseCcy: base,
          quoteCcy: quote,
          state: "live",
          tickSz: "0.00001",
          lotSz: "1"
        }))
      }
    }
    const instrument = market.instruments.get(url.searchParams.get("instId") ?? "")
    if (url.pathname !== "/api/v5/market/books" || instrument === undefined) return undefined
    return {
      code: "0",
      msg: "",
      data: [
        {
          asks: printedLevels(instrument.levels(1), ...orders),
          bids: printedLevels(instrument.levels(0), ...orders),
          ts: String(Math.floor(market.now()))
        }
      ]
    }
  }
}
