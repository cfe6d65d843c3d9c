/**
 * Bitstamp, v2 channels: differences of the whole book merged with a snapshot, trades. Its best prices are its book's.
 *
 * Limits: 400 requests a second, 10,000 in 10 minutes; connections live 90 days. https://www.bitstamp.net/websocket/v2/
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { Option, Schema } from "effect"
import { type Exchange, stepOf, symbolInPath } from "../Exchange.ts"

const channels = ["diff_order_book", "live_trades"]

const say = (channel: string, { symbol }: Instrument) =>
  JSON.stringify({ event: "bts:subscribe", data: { channel: `${channel}_${symbol}` } })

export const bitstamp: Exchange = {
  id: "bitstamp",
  endpoints: { socket: "wss://ws.bitstamp.net", rest: "https://www.bitstamp.net" },
  socketPath: () => "",
  subscribe: (instruments) => instruments.flatMap((instrument) => channels.map((channel) => say(channel, instrument))),
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
  restPerMinute: 500,
  listingsPath: "/api/v2/trading-pairs-info/",
  decodeListings: (body) =>
    Option.getOrUndefined(decodePairs(body))?.map(({ base_decimals, counter_decimals, name, trading, url_symbol }) => {
      const [base = "", quote = ""] = name.split("/")
      return {
        symbol: url_symbol,
        base,
        quote,
        trading: trading === "Enabled",
        priceStep: stepOf(counter_decimals),
        quantityStep: stepOf(base_decimals)
      }
    }),
  timePath: "/api/v2/ticker/btcusd/",
  // Of whole seconds, and as old as the venue's last ticker.
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ timestamp }) => Number(timestamp) * 1000))
}

const decodePairs = Schema.decodeUnknownOption(
  Schema.Array(
    Schema.Struct({
      url_symbol: Schema.String,
      name: Schema.String,
      trading: Schema.String,
      base_decimals: Schema.Int,
      counter_decimals: Schema.Int
    })
  )
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ timestamp: Schema.String }))
