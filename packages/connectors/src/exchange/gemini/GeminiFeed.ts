/**
 * Gemini, v2 market data: the whole book with its changes, and trades. Its best prices are its book's.
 *
 * Limits: 120 public requests a minute; a heartbeat every 5 s. https://docs.gemini.com/websocket/market-data/v2/introduction
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInPath } from "../Exchange.ts"

const request = (type: "subscribe" | "unsubscribe", instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ type, subscriptions: [{ name: "l2", symbols: instruments.map(({ symbol }) => symbol) }] })

export const geminiFeed: Feed = {
  id: "gemini",
  endpoints: { socket: "wss://api.gemini.com", rest: "https://api.gemini.com" },
  socketPath: () => "/v2/marketdata",
  subscribe: (instruments) => [request("subscribe", instruments)],
  verifiedBy: "nothing",
  bestFrom: "book",
  book: {
    path: (symbol) => `/v1/book/${symbol.toLowerCase()}?limit_bids=0&limit_asks=0`,
    weight: 1,
    symbolOf: (url) => symbolInPath(/\/v1\/book\/([^/]+)$/)(url)?.toUpperCase()
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [request("unsubscribe", instruments), request("subscribe", instruments)]
  },
  ping: undefined,
  isHeartbeat: (message) => message.length < 96 && Buffer.from(message).toString("latin1").includes('"heartbeat"'),
  silenceMax: "20 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 5,
  instrumentsPerConnection: 50,
  restPerMinute: 60
}
