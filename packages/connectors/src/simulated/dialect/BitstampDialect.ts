/** Bitstamp's side of its v2 channels. */
import { Option, Schema } from "effect"
import { type Dialect, price, printedLevels, quantity, quotedLevels } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ event: Schema.String, data: Schema.optional(Schema.Struct({ channel: Schema.optional(Schema.String) })) })
  )
)

export const bitstampDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request?.event === "bts:heartbeat") return session.send('{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}')
    const channel = request?.data?.channel
    if (request === undefined || channel === undefined || !market.instruments.has(channel.slice(channel.lastIndexOf("_") + 1)))
      return session.send('{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}')
    if (request.event === "bts:unsubscribe") session.topics.delete(channel)
    else session.topics.add(channel)
    session.send(
      `{"event":"${request.event === "bts:subscribe" ? "bts:subscription_succeeded" : "bts:unsubscription_succeeded"}","channel":"${channel}","data":{}}`
    )
  },
  changed: (session, instrument, { asks, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const micros = Math.floor(market.now() * 1000)
    const times = `"timestamp":"${Math.floor(micros / 1e6)}","microtimestamp":"${micros}"`
    if (session.topics.has(`live_trades_${symbol}`)) {
      for (const trade of trades)
        session.send(
          `{"data":{"id":${instrument.tradeId},${times},"amount":${trade.quantity},"amount_str":"${quantity(trade.quantity)}","price":${trade.price},"price_str":"${price(trade.price)}","type":${trade.takerSide === "buy" ? 0 : 1},"buy_order_id":1,"sell_order_id":2},"channel":"live_trades_${symbol}","event":"trade"}`
        )
    }
    if (bids.size + asks.size > 0 && session.topics.has(`diff_order_book_${symbol}`))
      session.send(
        `{"data":{${times},"bids":${quotedLevels(bids)},"asks":${quotedLevels(asks)}},"channel":"diff_order_book_${symbol}","event":"data"}`
      )
  },
  heartbeat: () => {},
  get: (url, market) => {
    const micros = Math.floor(market.now() * 1000)
    if (url.pathname.startsWith("/api/v2/ticker/")) return { timestamp: String(Math.floor(micros / 1e6)), last: "1" }
    if (url.pathname === "/api/v2/trading-pairs-info/") {
      return [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
        url_symbol: symbol,
        name: `${base}/${quote}`,
        trading: "Enabled",
        base_decimals: 0,
        counter_decimals: 5
      }))
    }
    const instrument = market.instruments.get(/^\/api\/v2\/order_book\/([^/]+)\/$/.exec(url.pathname)?.[1] ?? "")
    if (instrument === undefined) return undefined
    return {
      timestamp: String(Math.floor(micros / 1e6)),
      microtimestamp: String(micros),
      bids: printedLevels(instrument.levels(0)),
      asks: printedLevels(instrument.levels(1))
    }
  }
}
