import { assert, describe, it } from "@effect/vitest"
import { decoding, tradesOf } from "../../../test/support/Decoding.ts"
import { makeCryptocomDecoder } from "./CryptocomDecoder.ts"

const push = (...trades: ReadonlyArray<readonly [time: number, price: string]>) =>
  JSON.stringify({
    id: -1,
    method: "subscribe",
    code: 0,
    result: {
      instrument_name: "USDC_USD",
      subscription: "trade.USDC_USD",
      channel: "trade",
      data: trades.map(([t, p]) => ({ d: String(t), t, p, q: "10", s: "BUY", i: "USDC_USD" }))
    }
  })

describe("CryptocomDecoder", () => {
  it("takes the first push of trades after a subscription for the past, and gives it oldest first", () => {
    const { events, receive } = decoding(makeCryptocomDecoder, "USDC_USD")
    receive(push([3000, "1.3"], [2000, "1.2"], [1000, "1.1"]))
    assert.deepStrictEqual(tradesOf(events), ["pastTrade 1.1", "pastTrade 1.2", "pastTrade 1.3"])
  })

  it("gives the trades of a later push as live, oldest first", () => {
    const { events, receive } = decoding(makeCryptocomDecoder, "USDC_USD")
    receive(push())
    receive(push([4001, "1.5"], [4000, "1.4"]))
    assert.deepStrictEqual(tradesOf(events), ["trade 1.4", "trade 1.5"])
  })

  it("expects history again on a new connection", () => {
    const { events, receive, reset } = decoding(makeCryptocomDecoder, "USDC_USD")
    receive(push([1000, "1.1"]))
    receive(push([2000, "1.2"]))
    reset()
    receive(push([2000, "1.2"], [1000, "1.1"]))
    assert.deepStrictEqual(tradesOf(events), ["pastTrade 1.1", "trade 1.2", "pastTrade 1.1", "pastTrade 1.2"])
  })
})
