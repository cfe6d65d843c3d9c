import { assert, describe, it } from "@effect/vitest"
import { decoding, tradesOf } from "../../../test/support/Decoding.ts"
import { makeKrakenDecoder } from "./KrakenDecoder.ts"

const timestamp = "2023-09-25T09:04:31.742599Z"
const time = Date.parse("2023-09-25T09:04:31Z") + 742.599
const ticker = (behind: string) =>
  `{"channel":"ticker","type":"update","data":[{"symbol":"USDC/USD","bid":0.9998,"bid_qty":740.0,"ask":0.9999,"ask_qty":740.0,"last":0.9999,"volume":99.1,"vwap":1.0,"low":0.9,"high":1.1,"change":-0.0,"change_pct":-0.17${behind}}]}`

describe("KrakenDecoder", () => {
  it("reads a ticker's time", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    assert.strictEqual(receive(ticker(`,"timestamp":"${timestamp}"`)), "market")
    assert.deepInclude(events[0], { kind: "quote", bid: 0.9998, ask: 0.9999 })
    assert.approximately((events[0] as { readonly time: number }).time, time, 0.001)
  })

  it("reads the time of a ticker in another form: fewer digits, other spacing, a snapshot", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    receive(ticker(',"timestamp":"2023-09-25T09:04:31.742Z"'))
    receive(ticker(`, "timestamp": "${timestamp}"`))
    receive(ticker(`,"timestamp":"${timestamp}"`).replace("update", "snapshot"))
    assert.deepStrictEqual(
      events.map((event) => Math.floor((event as { readonly time: number }).time)),
      [Math.floor(time), Math.floor(time), Math.floor(time)]
    )
  })

  it("takes a ticker without a time as it is", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    assert.strictEqual(receive(ticker("")), "market")
    assert.isNaN((events[0] as { readonly time: number }).time)
  })

  it("takes the trades that a subscription begins with for the past", () => {
    const { events, receive } = decoding(makeKrakenDecoder, "USDC/USD")
    const trade = `{"symbol":"USDC/USD","side":"sell","price":0.9998,"qty":40.0,"ord_type":"market","trade_id":466,"timestamp":"${timestamp}"}`
    receive(`{"channel":"trade","type":"snapshot","data":[${trade}]}`)
    receive(`{"channel":"trade","type":"update","data":[${trade}]}`)
    assert.deepStrictEqual(tradesOf(events), ["pastTrade 0.9998", "trade 0.9998"])
  })
})
