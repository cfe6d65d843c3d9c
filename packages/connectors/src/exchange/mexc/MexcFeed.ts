/**
 * MEXC, v3 spot channels in Protocol Buffers: aggregated depth every 100 ms merged with a snapshot, best bid and ask, deals.
 *
 * Limits: 30 channels a connection, 100 messages a second; a connection without a subscription or a ping ends after a minute.
 * https://www.mexc.com/api-docs/spot-v3/websocket-market-streams
 */
import { type Feed, symbolInQuery } from "../Exchange.ts"

const channels = ["aggre.depth", "aggre.bookTicker", "aggre.deals"]
const levels = 1000

export const mexcFeed: Feed = {
  id: "mexc",
  endpoints: { socket: "wss://wbs-api.mexc.com", rest: "https://api.mexc.com" },
  socketPath: () => "/ws",
  subscribe: (instruments) => [
    JSON.stringify({
      method: "SUBSCRIPTION",
      params: instruments.flatMap(({ symbol }) => channels.map((channel) => `spot@public.${channel}.v3.api.pb@100ms@${symbol}`))
    })
  ],
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/api/v3/depth?symbol=${symbol}&limit=${levels}`,
    weight: 1,
    symbolOf: symbolInQuery(/\/depth$/, "symbol")
  },
  resync: { _tag: "Snapshot" },
  ping: { every: "20 seconds", message: '{"method":"PING"}' },
  isHeartbeat: (message) => message.length < 64 && message[0] === 0x7b,
  silenceMax: "60 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 20,
  instrumentsPerConnection: 10,
  restPerMinute: 1500
}
