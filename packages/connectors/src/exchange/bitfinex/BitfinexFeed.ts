/**
 * Bitfinex, v2 public channels: 250-level books with checksums, trades, ticker; every message numbered.
 *
 * Limits: 25 channels a connection, 20 connections a minute; each channel has a heartbeat every 15 s. https://docs.bitfinex.com/docs/ws-general
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInPath } from "../Exchange.ts"

/** Every message carries its number (65536), every book its checksum (131072). */
const flags = 65_536 + 131_072
const bookLevels = 250
const channels = ["book", "trades", "ticker"] as const

const request = (channel: (typeof channels)[number], { symbol }: Instrument) =>
  JSON.stringify({
    event: "subscribe",
    channel,
    symbol,
    ...(channel === "book" ? { prec: "P0", freq: "F0", len: String(bookLevels) } : {})
  })

export const bitfinexFeed: Feed = {
  id: "bitfinex",
  endpoints: { socket: "wss://api-pub.bitfinex.com", rest: "https://api-pub.bitfinex.com" },
  socketPath: () => "/ws/2",
  subscribe: (instruments) => [
    JSON.stringify({ event: "conf", flags }),
    ...instruments.flatMap((instrument) => channels.map((channel) => request(channel, instrument)))
  ],
  verifiedBy: "ids and checksum",
  bestFrom: "feed",
  book: { path: (symbol) => `/v2/book/${symbol}/P0?len=100`, weight: 1, symbolOf: symbolInPath(/\/v2\/book\/([^/]+)\/P0$/) },
  resync: { _tag: "Reconnect" },
  ping: undefined,
  isHeartbeat: (message) => message.length < 40 && Buffer.from(message).toString("latin1").includes('"hb"'),
  silenceMax: "30 seconds",
  quietMax: "90 seconds",
  messagesPerSecond: 20,
  instrumentsPerConnection: 8,
  restPerMinute: 45
}
