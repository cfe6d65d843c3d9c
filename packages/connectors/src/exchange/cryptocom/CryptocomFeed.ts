/**
 * Crypto.com Exchange, v1 market feed: 50-level books with updates, trades, ticker.
 *
 * Limits: 100 messages a second, 400 subscriptions a connection; the venue sends a heartbeat every 30 s and closes a connection that
 * does not answer within 5 s.
 * https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInQuery } from "../Exchange.ts"

const depth = 50

const request = (method: "subscribe" | "unsubscribe", names: ReadonlyArray<string>) =>
  JSON.stringify({
    id: 1,
    method,
    params: { channels: names, book_subscription_type: "SNAPSHOT_AND_UPDATE", book_update_frequency: 10 }
  })

const books = (instruments: ReadonlyArray<Instrument>) => instruments.map(({ symbol }) => `book.${symbol}.${depth}`)

export const cryptocomFeed: Feed = {
  id: "cryptocom",
  endpoints: { socket: "wss://stream.crypto.com", rest: "https://api.crypto.com" },
  socketPath: () => "/exchange/v1/market",
  subscribe: (instruments) => [
    request("subscribe", [...books(instruments), ...instruments.flatMap(({ symbol }) => [`trade.${symbol}`, `ticker.${symbol}`])])
  ],
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/exchange/v1/public/get-book?instrument_name=${symbol}&depth=${depth}`,
    weight: 1,
    symbolOf: symbolInQuery(/\/public\/get-book$/, "instrument_name")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [request("unsubscribe", books(instruments)), request("subscribe", books(instruments))]
  },
  ping: undefined,
  reply: (message) => {
    // `{"id":1587523073344,"method":"public/heartbeat","code":0}`
    if (message.length > 96) return undefined
    const text = Buffer.from(message).toString("latin1")
    return text.includes('"public/heartbeat"')
      ? `{"id":${/"id":\s*(\d+)/.exec(text)?.[1] ?? -1},"method":"public/respond-heartbeat"}`
      : undefined
  },
  isHeartbeat: (message) => message.length < 96,
  silenceMax: "50 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 20,
  instrumentsPerConnection: 100,
  restPerMinute: 3000
}
