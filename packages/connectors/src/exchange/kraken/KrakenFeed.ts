/**
 * Kraken, WebSocket v2: book with CRC-32, trades, best bid and ask. A heartbeat comes every second once subscribed.
 *
 * Limits: no more than about 150 connections in 10 minutes. https://docs.kraken.com/api/docs/websocket-v2/book
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInQuery } from "../Exchange.ts"
import { restPair } from "./KrakenSymbol.ts"

/** Levels a side: 10, 25, 100, 500 or 1000. */
const depth = 100

const request = (method: "subscribe" | "unsubscribe", params: Record<string, unknown>, instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ method, params: { ...params, symbol: instruments.map(({ symbol }) => symbol) } })

export const krakenFeed: Feed = {
  id: "kraken",
  endpoints: { socket: "wss://ws.kraken.com", rest: "https://api.kraken.com" },
  socketPath: () => "/v2",
  subscribe: (instruments) => [
    // First, so that a book's decimals are known before its checksum.
    JSON.stringify({ method: "subscribe", params: { channel: "instrument" } }),
    request("subscribe", { channel: "book", depth }, instruments),
    request("subscribe", { channel: "trade", snapshot: false }, instruments),
    request("subscribe", { channel: "ticker", event_trigger: "bbo" }, instruments)
  ],
  verifiedBy: "checksum",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/0/public/Depth?pair=${restPair(symbol)}&count=${depth}`,
    weight: 1,
    symbolOf: symbolInQuery(/\/Depth$/, "pair")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [
      request("unsubscribe", { channel: "book", depth }, instruments),
      request("subscribe", { channel: "book", depth }, instruments)
    ]
  },
  ping: { every: "30 seconds", message: '{"method":"ping"}' },
  isHeartbeat: (message) => message.length < 64,
  silenceMax: "10 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 10,
  instrumentsPerConnection: 100,
  restPerMinute: 30
}
