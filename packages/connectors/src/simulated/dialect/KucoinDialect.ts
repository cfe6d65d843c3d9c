/** KuCoin's side of its classic public feed. */
import { Option, Schema } from "effect"
import { type Dialect, price, printedLevels, quantity } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ id: Schema.Unknown, type: Schema.String, topic: Schema.optional(Schema.String) }))
)

export const kucoinDialect: Dialect = {
  opened: (session) => session.send('{"id":"hQvf8jkno","type":"welcome"}'),
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"id":"0","type":"error","code":400,"data":"invalid request"}')
    if (request.type === "ping") return session.send(JSON.stringify({ id: request.id, type: "pong" }))
    const [kind = "", symbols = ""] = request.topic?.split(":") ?? []
    for (const symbol of symbols.split(",")) {
      if (!market.instruments.has(symbol))
        return session.send(JSON.stringify({ id: request.id, type: "error", code: 404, data: `topic ${request.topic} is not found` }))
      if (request.type === "unsubscribe") session.topics.delete(`${kind}:${symbol}`)
      else session.topics.add(`${kind}:${symbol}`)
    }
    session.send(JSON.stringify({ id: request.id, type: "ack" }))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    if (session.topics.has(`/market/match:${symbol}`)) {
      for (const trade of trades)
        session.send(
          `{"topic":"/market/match:${symbol}","type":"message","subject":"trade.l3match","data":{"makerOrderId":"a","price":"${price(trade.price)}","sequence":"${instrument.id()}","side":"${trade.takerSide}","size":"${quantity(trade.quantity)}","symbol":"${symbol}","takerOrderId":"b","time":"${now}000000","tradeId":"${instrument.tradeId}","type":"match"}}`
        )
    }
    if (bids.size + asks.size > 0 && session.topics.has(`/market/level2:${symbol}`)) {
      let sequence = firstSequence
      const levels = (side: ReadonlyMap<number, number>) =>
        JSON.stringify([...side].map(([at, size]) => [price(at), quantity(size), instrument.id(Math.min(sequence++, instrument.sequence))]))
      session.send(
        `{"topic":"/market/level2:${symbol}","type":"message","subject":"trade.l2update","data":{"changes":{"asks":${levels(asks)},"bids":${levels(bids)}},"sequenceEnd":${instrument.id()},"sequenceStart":${instrument.id(firstSequence)},"symbol":"${symbol}","time":${now}}}`
      )
    }
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0 && session.topics.has(`/market/ticker:${symbol}`))
      session.send(
        `{"topic":"/market/ticker:${symbol}","type":"message","subject":"trade.ticker","data":{"bestAsk":"${price(best.ask)}","bestAskSize":"${quantity(best.askQuantity)}","bestBid":"${price(best.bid)}","bestBidSize":"${quantity(best.bidQuantity)}","price":"${price(best.bid)}","sequence":"${instrument.id()}","size":"1","time":${now}}}`
      )
  },
  heartbeat: () => {},
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/api/v1/timestamp") return { code: "200000", data: now }
    if (url.pathname === "/api/v1/bullet-public") {
      const server = { endpoint: `ws://${url.host}/`, encrypt: true, protocol: "websocket", pingInterval: 18_000, pingTimeout: 10_000 }
      return { code: "200000", data: { token: "2neAiuYvAU61ZDXANAGAsiL4", instanceServers: [server] } }
    }
    if (url.pathname === "/api/v2/symbols") {
      return {
        code: "200000",
        data: [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
          symbol,
          baseCurrency: base,
          quoteCurrency: quote,
          baseIncrement: "1",
          priceIncrement: "0.00001",
          enableTrading: true
        }))
      }
    }
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    if (url.pathname !== "/api/v1/market/orderbook/level2_100" || instrument === undefined) return undefined
    return {
      code: "200000",
      data: { time: now, sequence: instrument.id(), bids: printedLevels(instrument.levels(0)), asks: printedLevels(instrument.levels(1)) }
    }
  }
}
