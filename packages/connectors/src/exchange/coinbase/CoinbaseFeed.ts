/**
 * Coinbase: the Advanced Trade feed, whose messages are numbered, or the older Exchange feed. Neither asks for a key.
 *
 * Limits: 8 unauthenticated messages a second, 10 requests a second. The heartbeats channel sends every second, so silence
 * means a dead connection. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInPath } from "../Exchange.ts"

const symbols = (instruments: ReadonlyArray<Instrument>) => instruments.map(({ symbol }) => symbol)

const shared = {
  id: "coinbase",
  bestFrom: "feed",
  socketPath: () => "",
  ping: undefined,
  book: {
    path: (symbol: string) => `/products/${symbol}/book?level=2`,
    weight: 1,
    symbolOf: symbolInPath(/\/products\/([^/]+)\/book$/)
  },
  isHeartbeat: (message: Uint8Array) =>
    message.length < 260 && Buffer.from(message.subarray(0, 24)).toString("latin1").includes("heartbeat"),
  silenceMax: "10 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 8,
  instrumentsPerConnection: 50,
  restPerMinute: 300
} as const

const advanced = (type: "subscribe" | "unsubscribe", channel: string, instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ type, product_ids: symbols(instruments), channel })

export const coinbaseAdvancedFeed: Feed = {
  ...shared,
  verifiedBy: "ids",
  endpoints: { socket: "wss://advanced-trade-ws.coinbase.com", rest: "https://api.exchange.coinbase.com" },
  subscribe: (instruments) => [
    JSON.stringify({ type: "subscribe", channel: "heartbeats" }),
    ...["level2", "market_trades", "ticker"].map((channel) => advanced("subscribe", channel, instruments))
  ],
  resync: {
    _tag: "Resubscribe",
    // A number that was missed may have been any book's.
    wholeConnection: true,
    messages: (instruments) => [advanced("unsubscribe", "level2", instruments), advanced("subscribe", "level2", instruments)]
  }
}

const exchange = (type: "subscribe" | "unsubscribe", channels: ReadonlyArray<string>, instruments: ReadonlyArray<Instrument>) =>
  JSON.stringify({ type, product_ids: symbols(instruments), channels })

export const coinbaseExchangeFeed: Feed = {
  ...shared,
  verifiedBy: "nothing",
  endpoints: { socket: "wss://ws-feed.exchange.coinbase.com", rest: "https://api.exchange.coinbase.com" },
  subscribe: (instruments) => [exchange("subscribe", ["heartbeat", "level2_batch", "matches", "ticker"], instruments)],
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [
      exchange("unsubscribe", ["level2_batch"], instruments),
      exchange("subscribe", ["level2_batch"], instruments)
    ]
  }
}
