/** Coinbase's side of both of its public feeds: Advanced Trade (numbered messages) and Exchange. */
import { Option, Schema } from "effect"
import type { MarketTrade, SimulatedInstrument } from "../Market.ts"
import { priceDecimals } from "../Market.ts"
import { type Dialect, type DialectMarket, fixed, iso, type Session } from "./Dialect.ts"

const price = (value: number) => fixed(value, priceDecimals)
const quantity = (value: number) => fixed(value, 2)

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      type: Schema.Literals(["subscribe", "unsubscribe"]),
      product_ids: Schema.optional(Schema.Array(Schema.String)),
      channel: Schema.optional(Schema.String),
      channels: Schema.optional(Schema.Array(Schema.String))
    })
  )
)

/** A numbered message of the Advanced Trade feed. */
const advanced = (session: Session, channel: string, market: DialectMarket, events: string) =>
  session.send(
    `{"channel":"${channel}","client_id":"","timestamp":"${iso(market.now())}","sequence_num":${session.sequence++},"events":[${events}]}`
  )

const advancedLevels = (market: DialectMarket, side: "bid" | "offer", levels: Iterable<readonly [number, number]>) =>
  [...levels].map(
    ([at, size]) => `{"side":"${side}","event_time":"${iso(market.now())}","price_level":"${price(at)}","new_quantity":"${quantity(size)}"}`
  )

const advancedSnapshot = (session: Session, instrument: SimulatedInstrument, market: DialectMarket) => {
  const updates = [...advancedLevels(market, "bid", instrument.levels(0)), ...advancedLevels(market, "offer", instrument.levels(1))]
  advanced(
    session,
    "l2_data",
    market,
    `{"type":"snapshot","product_id":"${instrument.instrument.symbol}","updates":[${updates.join(",")}]}`
  )
}

const exchangeSnapshot = (session: Session, instrument: SimulatedInstrument, market: DialectMarket) => {
  const side = (which: 0 | 1) => instrument.levels(which).map(([at, size]) => [price(at), quantity(size)])
  session.send(
    JSON.stringify({ type: "snapshot", product_id: instrument.instrument.symbol, asks: side(1), bids: side(0), time: iso(market.now()) })
  )
}

/** The side on the wire is the maker's. */
const maker = ({ takerSide }: MarketTrade) => (takerSide === "buy" ? "sell" : "buy")

const advancedTrades = (
  session: Session,
  instrument: SimulatedInstrument,
  type: "snapshot" | "update",
  newestFirst: ReadonlyArray<MarketTrade>,
  market: DialectMarket
) => {
  const rows = newestFirst.map(
    (trade) =>
      `{"product_id":"${instrument.instrument.symbol}","trade_id":"${instrument.tradeId}","price":"${price(trade.price)}","size":"${quantity(trade.quantity)}","time":"${iso(trade.time)}","side":"${maker(trade).toUpperCase()}"}`
  )
  advanced(session, "market_trades", market, `{"type":"${type}","trades":[${rows.join(",")}]}`)
}

const exchangeTrades = (
  session: Session,
  instrument: SimulatedInstrument,
  type: "last_match" | "match",
  trades: ReadonlyArray<MarketTrade>
) => {
  for (const trade of trades)
    session.send(
      `{"type":"${type}","trade_id":${instrument.tradeId},"maker_order_id":"00000000-0000-4000-8000-000000000001","taker_order_id":"00000000-0000-4000-8000-000000000002","side":"${maker(trade)}","size":"${quantity(trade.quantity)}","price":"${price(trade.price)}","product_id":"${instrument.instrument.symbol}","sequence":${instrument.id()},"time":"${iso(trade.time)}"}`
    )
}

export const coinbaseDialect: Dialect = {
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"type":"error","message":"Malformed JSON"}')
    const products = request.product_ids ?? []
    const channels =
      request.channel === undefined ? (request.channels ?? []) : [request.channel === "ticker" ? "advanced-ticker" : request.channel]
    for (const channel of channels) {
      if (channel === "heartbeats") session.topics.add("heartbeats")
      for (const product of products) {
        const topic = `${channel}:${product}`
        if (request.type === "unsubscribe") {
          session.topics.delete(topic)
          continue
        }
        session.topics.add(topic)
        const instrument = market.instruments.get(product)
        if (instrument === undefined) session.send(JSON.stringify({ type: "error", message: `${product} is not a valid product` }))
        else if (channel === "level2") advancedSnapshot(session, instrument, market)
        else if (channel === "level2_batch") exchangeSnapshot(session, instrument, market)
        else if (channel === "market_trades") advancedTrades(session, instrument, "snapshot", instrument.history(), market)
        else if (channel === "matches") exchangeTrades(session, instrument, "last_match", instrument.history().slice(0, 1))
      }
    }
    if (request.channel === undefined)
      session.send(JSON.stringify({ type: "subscriptions", channels: channels.map((name) => ({ name, product_ids: products })) }))
    else advanced(session, "subscriptions", market, JSON.stringify({ subscriptions: { [request.channel]: products } }))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, _firstSequence, market) => {
    const { symbol } = instrument.instrument
    const time = iso(market.now())
    const has = (channel: string) => session.topics.has(`${channel}:${symbol}`)
    if (trades.length > 0 && has("market_trades")) advancedTrades(session, instrument, "update", trades.toReversed(), market)
    if (has("matches")) exchangeTrades(session, instrument, "match", trades)
    if (bids.size + asks.size > 0) {
      if (has("level2")) {
        const updates = [...advancedLevels(market, "bid", bids), ...advancedLevels(market, "offer", asks)]
        advanced(session, "l2_data", market, `{"type":"update","product_id":"${symbol}","updates":[${updates.join(",")}]}`)
      }
      if (has("level2_batch")) {
        const changes = [
          ...[...bids].map(([at, size]) => `["buy","${price(at)}","${quantity(size)}"]`),
          ...[...asks].map(([at, size]) => `["sell","${price(at)}","${quantity(size)}"]`)
        ]
        session.send(`{"type":"l2update","product_id":"${symbol}","changes":[${changes.join(",")}],"time":"${time}"}`)
      }
    }
    const best = instrument.best()
    if (!bestChanged || !(best.bid > 0) || !(best.ask > 0)) return
    if (has("advanced-ticker")) {
      advanced(
        session,
        "ticker",
        market,
        `{"type":"update","tickers":[{"type":"ticker","product_id":"${symbol}","price":"${price(best.bid)}","best_bid":"${price(best.bid)}","best_bid_quantity":"${quantity(best.bidQuantity)}","best_ask":"${price(best.ask)}","best_ask_quantity":"${quantity(best.askQuantity)}"}]}`
      )
    }
    if (has("ticker") && trades.length > 0) {
      session.send(
        `{"type":"ticker","sequence":${instrument.id()},"product_id":"${symbol}","price":"${price(best.bid)}","open_24h":"1","volume_24h":"1","low_24h":"1","high_24h":"1","volume_30d":"1","best_bid":"${price(best.bid)}","best_bid_size":"${quantity(best.bidQuantity)}","best_ask":"${price(best.ask)}","best_ask_size":"${quantity(best.askQuantity)}","side":"${trades.at(-1)!.takerSide}","time":"${time}","trade_id":${instrument.tradeId},"last_size":"1"}`
      )
    }
  },
  heartbeat: (session, market) => {
    if (session.topics.has("heartbeats")) {
      advanced(session, "heartbeats", market, `{"current_time":"${iso(market.now())}","heartbeat_counter":${session.sequence}}`)
    }
    for (const topic of session.topics) {
      if (!topic.startsWith("heartbeat:")) continue
      session.send(
        JSON.stringify({ type: "heartbeat", sequence: 1, last_trade_id: 1, product_id: topic.slice(10), time: iso(market.now()) })
      )
    }
  },
  get: (url, market) => {
    if (url.pathname === "/time") return { iso: iso(market.now()), epoch: market.now() / 1000 }
    const instrument = market.instruments.get(/^\/products\/([^/]+)\/book$/.exec(url.pathname)?.[1] ?? "")
    if (instrument !== undefined) {
      const side = (which: 0 | 1) => instrument.levels(which).map(([at, size]) => [price(at), quantity(size), 1])
      return { sequence: instrument.sequence, bids: side(0), asks: side(1), time: iso(market.now()) }
    }
    if (url.pathname !== "/products") return undefined
    return [...market.instruments.values()].map(({ instrument }) => ({
      id: instrument.symbol,
      base_currency: instrument.base,
      quote_currency: instrument.quote,
      status: "online",
      trading_disabled: false,
      quote_increment: "0.00001",
      base_increment: "0.01"
    }))
  }
}
