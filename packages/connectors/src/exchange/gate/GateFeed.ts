/**
 * Gate, v4 spot channels: order book updates every 100 ms merged with a 100-level snapshot, best bid and ask, trades.
 *
 * Limits: 50 messages a second and channel, 300 connections an address. https://www.gate.com/docs/developers/apiv4/ws/en/
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type Feed, symbolInQuery } from "../Exchange.ts"

const levels = 100

const request = (channel: string, payload: ReadonlyArray<string>) => JSON.stringify({ time: 0, channel, event: "subscribe", payload })
const symbols = (instruments: ReadonlyArray<Instrument>) => instruments.map(({ symbol }) => symbol)

export const gateFeed: Feed = {
  id: "gate",
  endpoints: { socket: "wss://api.gateio.ws", rest: "https://api.gateio.ws" },
  socketPath: () => "/ws/v4/",
  subscribe: (instruments) => [
    ...instruments.map(({ symbol }) => request("spot.order_book_update", [symbol, "100ms"])),
    request("spot.book_ticker", symbols(instruments)),
    request("spot.trades", symbols(instruments))
  ],
  verifiedBy: "ids",
  bestFrom: "feed",
  book: {
    path: (symbol) => `/api/v4/spot/order_book?currency_pair=${symbol}&limit=${levels}&with_id=true`,
    weight: 1,
    symbolOf: symbolInQuery(/\/spot\/order_book$/, "currency_pair")
  },
  resync: { _tag: "Snapshot" },
  ping: { every: "15 seconds", message: '{"time":0,"channel":"spot.ping"}' },
  isHeartbeat: (message) => message.length < 200 && Buffer.from(message.subarray(0, 160)).toString("latin1").includes('"spot.pong"'),
  silenceMax: "45 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 20,
  instrumentsPerConnection: 50,
  restPerMinute: 600
}
