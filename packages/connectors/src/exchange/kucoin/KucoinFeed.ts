/**
 * KuCoin, classic public feed: level 2 merged with a 100-level snapshot, ticker, matches. A token is asked for before each connection.
 *
 * Limits: 100 messages in 10 s, 400 topics a connection, 100 symbols a topic; a ping is expected every 18 s.
 * https://www.kucoin.com/docs-new/websocket-api/base-info/introduction
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { Option, Schema } from "effect"
import { type Feed, symbolInQuery } from "../Exchange.ts"

const topics = ["/market/level2", "/market/ticker", "/market/match"]

const request = (type: "subscribe" | "unsubscribe", topic: string, instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ id: topic, type, topic: `${topic}:${instruments.map(({ symbol }) => symbol).join(",")}`, response: true })

export const kucoinFeed: Feed = {
  id: "kucoin",
  endpoints: { socket: "wss://ws-api-spot.kucoin.com", rest: "https://api.kucoin.com" },
  socketPath: () => "",
  handshake: {
    path: "/api/v1/bullet-public",
    socketUrl: (body) =>
      Option.getOrUndefined(Option.map(decodeBullet(body), ({ data }) => `${data.instanceServers[0].endpoint}?token=${data.token}`))
  },
  subscribe: (instruments) => topics.map((topic) => request("subscribe", topic, instruments)),
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/api/v1/market/orderbook/level2_100?symbol=${symbol}`,
    weight: 4,
    symbolOf: symbolInQuery(/\/orderbook\/level2/, "symbol")
  },
  resync: { _tag: "Snapshot" },
  ping: { every: "18 seconds", message: '{"id":"ping","type":"ping"}' },
  isHeartbeat: (message) => message.length < 96,
  silenceMax: "50 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 8,
  instrumentsPerConnection: 100,
  restPerMinute: 2000
}

const decodeBullet = Schema.decodeUnknownOption(
  Schema.Struct({
    data: Schema.Struct({
      token: Schema.String,
      instanceServers: Schema.TupleWithRest(Schema.Tuple([Schema.Struct({ endpoint: Schema.String })]), [Schema.Unknown])
    })
  })
)
