/**
 * Bitget, v2 spot channels: whole books with their changes, the best level, trades.
 *
 * Limits: 10 messages a second, 240 subscriptions an hour and connection, 1000 channels a connection; a ping is expected every 30 s.
 * https://www.bitget.com/api-doc/common/websocket-intro
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInQuery } from "../Exchange.ts"

const channels = ["books", "books1", "trade"]

const request = (op: "subscribe" | "unsubscribe", names: ReadonlyArray<string>, instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ op, args: names.flatMap((channel) => instruments.map(({ symbol }) => ({ instType: "SPOT", channel, instId: symbol }))) })

export const bitgetFeed: Feed = {
  id: "bitget",
  endpoints: { socket: "wss://ws.bitget.com", rest: "https://api.bitget.com" },
  socketPath: () => "/v2/ws/public",
  subscribe: (instruments) => [request("subscribe", channels, instruments)],
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/api/v2/spot/market/orderbook?symbol=${symbol}&limit=150`,
    weight: 1,
    symbolOf: symbolInQuery(/\/spot\/market\/orderbook$/, "symbol")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [request("unsubscribe", ["books"], instruments), request("subscribe", ["books"], instruments)]
  },
  ping: { every: "25 seconds", message: "ping" },
  isHeartbeat: (message) => message.length === 4,
  silenceMax: "60 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 8,
  instrumentsPerConnection: 40,
  restPerMinute: 600
}
