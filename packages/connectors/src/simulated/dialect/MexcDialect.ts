/** MEXC's side of its v3 spot channels, in Protocol Buffers. */
import { Option, Schema } from "effect"
import { type Dialect, price, quantity, quotedLevels, type Session } from "./Dialect.ts"

const decodeRequest = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ method: Schema.String, params: Schema.optional(Schema.Array(Schema.String)) }))
)

const varint = (value: number): Buffer => {
  const bytes: Array<number> = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field: number, value: Uint8Array | string): Buffer => {
  const body = Buffer.from(value as string)
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body])
}
const level = (field: number, [at, size]: readonly [number, number]): Buffer =>
  bytes(field, Buffer.concat([bytes(1, price(at)), bytes(2, quantity(size))]))

export const mexcDialect: Dialect = {
  binary: true,
  opened: () => {},
  received: (session, message, market) => {
    const request = Option.getOrUndefined(decodeRequest(message))
    if (request === undefined) return session.send('{"id":0,"code":1,"msg":"Invalid request"}')
    if (request.method === "PING") return session.send('{"id":0,"code":0,"msg":"PONG"}')
    const topics = request.params ?? []
    const unknown = topics.find((topic) => !market.instruments.has(topic.slice(topic.lastIndexOf("@") + 1)))
    if (unknown !== undefined) return session.send(`{"id":0,"code":0,"msg":"Not Subscribed successfully! [${unknown}]. Reason: Blocked!"}`)
    for (const topic of topics) {
      if (request.method === "UNSUBSCRIPTION") session.topics.delete(topic)
      else session.topics.add(topic)
    }
    session.send(JSON.stringify({ id: 0, code: 0, msg: topics.join(",") }))
  },
  changed: (session, instrument, { asks, bestChanged, bids, trades }, firstSequence, market) => {
    const { symbol } = instrument.instrument
    const now = Math.floor(market.now())
    const push = (listener: Session, channel: string, field: number, body: ReadonlyArray<Buffer>) => {
      const topic = `spot@public.aggre.${channel}.v3.api.pb@100ms@${symbol}`
      if (listener.topics.has(topic))
        listener.send(Buffer.concat([bytes(1, topic), bytes(3, symbol), number(6, now), bytes(field, Buffer.concat(body))]))
    }
    if (trades.length > 0) {
      const deal = (trade: (typeof trades)[number]) =>
        bytes(
          1,
          Buffer.concat([
            bytes(1, price(trade.price)),
            bytes(2, quantity(trade.quantity)),
            number(3, trade.takerSide === "buy" ? 1 : 2),
            number(4, now)
          ])
        )
      push(session, "deals", 314, [...trades.map(deal), bytes(2, "spot@public.aggre.deals.v3.api.pb@100ms")])
    }
    if (bids.size + asks.size > 0)
      push(session, "depth", 313, [
        ...[...asks].map((entry) => level(1, entry)),
        ...[...bids].map((entry) => level(2, entry)),
        bytes(3, "spot@public.aggre.depth.v3.api.pb@100ms"),
        bytes(4, instrument.id(firstSequence)),
        bytes(5, instrument.id())
      ])
    const best = instrument.best()
    if (bestChanged && best.bid > 0 && best.ask > 0)
      push(session, "bookTicker", 315, [
        bytes(1, price(best.bid)),
        bytes(2, quantity(best.bidQuantity)),
        bytes(3, price(best.ask)),
        bytes(4, quantity(best.askQuantity))
      ])
  },
  heartbeat: () => {},
  get: (url, market) => {
    const now = Math.floor(market.now())
    if (url.pathname === "/api/v3/time") return { serverTime: now }
    if (url.pathname === "/api/v3/exchangeInfo") {
      return {
        symbols: [...market.instruments.values()].map(({ instrument: { base, quote, symbol } }) => ({
          symbol,
          status: "1",
          baseAsset: base,
          quoteAsset: quote,
          baseAssetPrecision: 0,
          quotePrecision: 5,
          isSpotTradingAllowed: true
        }))
      }
    }
    const instrument = market.instruments.get(url.searchParams.get("symbol") ?? "")
    if (url.pathname !== "/api/v3/depth" || instrument === undefined) return undefined
    return `{"lastUpdateId":${instrument.id()},"bids":${quotedLevels(instrument.levels(0))},"asks":${quotedLevels(instrument.levels(1))},"timestamp":${now}}`
  }
}
