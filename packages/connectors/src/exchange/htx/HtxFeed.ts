/**
 * HTX, public market feed in gzip: whole 150-level books every second, best bid and ask tick by tick, trades.
 *
 * Limits: 100 messages a second; the venue sends its own pings every 5 s, as JSON, and closes a connection that leaves two unanswered.
 * https://www.htx.com/en-us/opend/newApiPages/?id=7ec3fbae-7773-11ed-9966-0242ac110003
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { gunzipSync } from "node:zlib"
import { type Feed, symbolInQuery } from "../Exchange.ts"

/** A frame that unpacks to more bytes than this is refused. */
const messageBytesMax = 8 << 20
const topics = ["depth.step0", "bbo", "trade.detail"]

const request = (verb: "sub" | "unsub", names: ReadonlyArray<string>, instruments: ReadonlyArray<Instrument>) =>
  instruments.flatMap(({ symbol }) =>
    names.map((name) => JSON.stringify({ [verb]: `market.${symbol}.${name}`, id: `${verb}-${symbol}-${name}` }))
  )

export const htxFeed: Feed = {
  id: "htx",
  endpoints: { socket: "wss://api.huobi.pro", rest: "https://api.huobi.pro" },
  socketPath: () => "/ws",
  unpack: (frame) => gunzipSync(frame, { maxOutputLength: messageBytesMax }),
  reply: (message) => {
    // `{"ping":1618678073643}`
    if (message.length > 40 || message[2] !== 0x70 || message[3] !== 0x69) return undefined
    return Buffer.from(message).toString("latin1").replace("ping", "pong")
  },
  isHeartbeat: (message) => message.length < 96,
  subscribe: (instruments) => request("sub", topics, instruments),
  verifiedBy: "whole books",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/market/depth?symbol=${symbol}&type=step0`,
    weight: 1,
    symbolOf: symbolInQuery(/\/market\/depth$/, "symbol")
  },
  resync: {
    _tag: "Resubscribe",
    wholeConnection: false,
    messages: (instruments) => [...request("unsub", ["depth.step0"], instruments), ...request("sub", ["depth.step0"], instruments)]
  },
  ping: undefined,
  silenceMax: "20 seconds",
  quietMax: "30 seconds",
  messagesPerSecond: 50,
  instrumentsPerConnection: 50,
  restPerMinute: 600
}
