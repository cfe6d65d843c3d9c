/**
 * OKX, v5 public channels: 400-level books, best bid and ask tick by tick, trades.
 *
 * Limits: 3 connections a second, 480 subscriptions an hour and connection; silence of 30 s ends a connection, so a ping is sent.
 * https://www.okx.com/docs-v5/en/#overview-websocket-overview
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInQuery } from "../Exchange.ts"

const channels = ["books", "bbo-tbt", "trades"]

const request = (op: "subscribe" | "unsubscribe", names: ReadonlyArray<string>, instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ op, args: names.flatMap((channel) => instruments.map(({ symbol }) => ({ channel, instId: symbol }))) })

export const okxFeed: Feed = {
  id: "okx",
  endpoints: { socket: "wss://ws.okx.com:8443", rest: "https://www.okx.com" },
  socketPath: () => "/ws/v5/public",
  subscribe: (instruments) => [request("subscribe", channels, instruments)],
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/api/v5/market/books?instId=${symbol}&sz=400`,
    weight: 1,
    symbolOf: symbolInQuery(/\/market\/books$/, "instId")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [request("unsubscribe", ["books"], instruments), request("subscribe", ["books"], instruments)]
  },
  ping: { every: "20 seconds", message: "ping" },
  isHeartbeat: (message) => message.length === 4,
  silenceMax: "50 seconds",
  // A book without changes is confirmed by an empty update once a minute.
  quietMax: "90 seconds",
  messagesPerSecond: 3,
  instrumentsPerConnection: 60,
  restPerMinute: 600
}
