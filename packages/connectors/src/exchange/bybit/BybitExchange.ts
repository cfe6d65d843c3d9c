/**
 * Bybit, v5 public spot topics: 200-level books, the best level tick by tick, trades.
 *
 * Limits: 10 topics a message, 500 connections in 5 minutes; a ping is expected every 20 s. The best level comes again every 3 s though
 * nothing changes. https://bybit-exchange.github.io/docs/v5/ws/connect
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { Option, Schema } from "effect"
import { type Exchange, symbolInQuery } from "../Exchange.ts"

const depth = 200
const topics = [`orderbook.${depth}`, "orderbook.1", "publicTrade"]
const topicsPerMessage = 10

const say = (op: "subscribe" | "unsubscribe", names: ReadonlyArray<string>, instruments: ReadonlyArray<Instrument>) => {
  const args = instruments.flatMap(({ symbol }) => names.map((name) => `${name}.${symbol}`))
  return Array.from({ length: Math.ceil(args.length / topicsPerMessage) }, (_, message) =>
    JSON.stringify({ op, args: args.slice(message * topicsPerMessage, (message + 1) * topicsPerMessage) })
  )
}

export const bybit: Exchange = {
  id: "bybit",
  endpoints: { socket: "wss://stream.bybit.com", rest: "https://api.bybit.com" },
  socketPath: () => "/v5/public/spot",
  subscribe: (instruments) => say("subscribe", topics, instruments),
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/v5/market/orderbook?category=spot&symbol=${symbol}&limit=${depth}`,
    weight: 1,
    symbolOf: symbolInQuery(/\/market\/orderbook$/, "symbol")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [
      ...say("unsubscribe", [`orderbook.${depth}`], instruments),
      ...say("subscribe", [`orderbook.${depth}`], instruments)
    ]
  },
  ping: { every: "20 seconds", message: '{"op":"ping"}' },
  isHeartbeat: (message) => message.length < 160 && Buffer.from(message.subarray(0, 64)).toString("latin1").includes('"pong"'),
  silenceMax: "50 seconds",
  quietMax: "20 seconds",
  messagesPerSecond: 10,
  instrumentsPerConnection: 60,
  restPerMinute: 600,
  listingsPath: "/v5/market/instruments-info?category=spot&limit=1000",
  decodeListings: (body) =>
    Option.getOrUndefined(decodeInstruments(body))?.result.list.map(
      ({ baseCoin, lotSizeFilter, priceFilter, quoteCoin, status, symbol }) => ({
        symbol,
        base: baseCoin,
        quote: quoteCoin,
        trading: status === "Trading",
        priceStep: priceFilter.tickSize,
        quantityStep: lotSizeFilter.basePrecision
      })
    ),
  timePath: "/v5/market/time",
  decodeTime: (body) => Option.getOrUndefined(Option.map(decodeTime(body), ({ time }) => time))
}

const decodeInstruments = Schema.decodeUnknownOption(
  Schema.Struct({
    result: Schema.Struct({
      list: Schema.Array(
        Schema.Struct({
          symbol: Schema.String,
          baseCoin: Schema.String,
          quoteCoin: Schema.String,
          status: Schema.String,
          priceFilter: Schema.Struct({ tickSize: Schema.optional(Schema.String) }),
          lotSizeFilter: Schema.Struct({ basePrecision: Schema.optional(Schema.String) })
        })
      )
    })
  })
)
const decodeTime = Schema.decodeUnknownOption(Schema.Struct({ time: Schema.Finite }))
