/**
 * Bitstamp, v2 channels: differences of the whole book merged with a snapshot, trades. Its best prices are its book's.
 *
 * Limits: 400 requests a second, 10,000 in 10 minutes; connections live 90 days. https://www.bitstamp.net/websocket/v2/
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInPath } from "../Exchange.ts"

const channels = ["diff_order_book", "live_trades"]

const request = (channel: string, { symbol }: Instrument) =>
  JSON.stringify({ event: "bts:subscribe", data: { channel: `${channel}_${symbol}` } })

export const bitstampFeed: Feed = {
  id: "bitstamp",
  endpoints: { socket: "wss://ws.bitstamp.net", rest: "https://www.bitstamp.net" },
  socketPath: () => "",
  subscribe: (instruments) => instruments.flatMap((instrument) => channels.map((channel) => request(channel, instrument))),
  verifiedBy: "times",
  bestFrom: "book",
  book: { path: (symbol) => `/api/v2/order_book/${symbol}/`, weight: 1, symbolOf: symbolInPath(/\/order_book\/([^/]+)\/?$/) },
  resync: { _tag: "Snapshot" },
  ping: { every: "20 seconds", message: '{"event":"bts:heartbeat"}' },
  isHeartbeat: (message) => message.length < 120 && Buffer.from(message.subarray(0, 64)).toString("latin1").includes("bts:heartbeat"),
  silenceMax: "60 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 20,
  instrumentsPerConnection: 50,
  restPerMinute: 500
}
