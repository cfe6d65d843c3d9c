/**
 * Binance spot: combined streams of book ticker, trades and 100 ms depth deltas; books merged with REST snapshots.
 *
 * Limits: 5 messages a second to the server, 1024 streams a connection, 6000 weight a minute; the server pings every 20 s and
 * closes each connection after 24 h. https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
import { type Feed, symbolInQuery } from "../Exchange.ts"

/** Levels a side of a snapshot; 1000 costs a weight of 50. */
const snapshotLevels = 1000

const streams = ["depth@100ms", "bookTicker", "aggTrade"]

export const binanceFeed: Feed = {
  id: "binance",
  endpoints: { socket: "wss://data-stream.binance.vision", rest: "https://data-api.binance.vision" },
  socketPath: (instruments) =>
    `/stream?streams=${instruments.flatMap(({ symbol }) => streams.map((stream) => `${symbol.toLowerCase()}@${stream}`)).join("/")}`,
  // The path subscribes.
  subscribe: () => [],
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/api/v3/depth?symbol=${symbol}&limit=${snapshotLevels}`,
    weight: 50,
    symbolOf: symbolInQuery(/\/depth$/, "symbol")
  },
  resync: { _tag: "Snapshot" },
  ping: undefined,
  // Quiet pairs send nothing for minutes; the server's pings, every 20 s, count as signs of life.
  silenceMax: "60 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 5,
  instrumentsPerConnection: 100,
  restPerMinute: 3000
}
