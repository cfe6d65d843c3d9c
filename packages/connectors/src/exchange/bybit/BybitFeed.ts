/**
 * Bybit, v5 public spot topics: 200-level books, the best level tick by tick, trades.
 *
 * Limits: 10 topics a message, 500 connections in 5 minutes; a ping is expected every 20 s. The best level comes again every 3 s though
 * nothing changes. https://bybit-exchange.github.io/docs/v5/ws/connect
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInQuery } from "../Exchange.ts"

const depth = 200
const topics = [`orderbook.${depth}`, "orderbook.1", "publicTrade"]
const topicsPerMessage = 10

const request = (op: "subscribe" | "unsubscribe", names: ReadonlyArray<string>, instruments: ReadonlyArray<Instrument>) => {
  const args = instruments.flatMap(({ symbol }) => names.map((name) => `${name}.${symbol}`))
  return Array.from({ length: Math.ceil(args.length / topicsPerMessage) }, (_, message) =>
    JSON.stringify({ op, args: args.slice(message * topicsPerMessage, (message + 1) * topicsPerMessage) })
  )
}

export const bybitFeed: Feed = {
  id: "bybit",
  endpoints: { socket: "wss://stream.bybit.com", rest: "https://api.bybit.com" },
  socketPath: () => "/v5/public/spot",
  subscribe: (instruments) => request("subscribe", topics, instruments),
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/v5/market/orderbook?category=spot&symbol=${symbol}&limit=${depth}`,
    weight: 1,
    symbolOf: symbolInQuery(/\/market\/orderbook$/, "symbol")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [
      ...request("unsubscribe", [`orderbook.${depth}`], instruments),
      ...request("subscribe", [`orderbook.${depth}`], instruments)
    ]
  },
  ping: { every: "20 seconds", message: '{"op":"ping"}' },
  isHeartbeat: (message) => message.length < 160 && Buffer.from(message.subarray(0, 64)).toString("latin1").includes('"pong"'),
  silenceMax: "50 seconds",
  quietMax: "20 seconds",
  messagesPerSecond: 10,
  instrumentsPerConnection: 60,
  restPerMinute: 600
}
