import { assert, describe, it } from "@effect/vitest"
import { decoding, tradesOf } from "../../../test/support/Decoding.ts"
import { makeHtxDecoder } from "./HtxDecoder.ts"

const channel = "market.usdcusdt.trade.detail"
const acknowledged = (ts: number) => JSON.stringify({ id: "1", status: "ok", subbed: channel, ts })
const push = (...trades: ReadonlyArray<readonly [ts: number, price: number]>) =>
  JSON.stringify({
    ch: channel,
    ts: trades[0]![0] + 3,
    tick: { id: 1, ts: trades[0]![0], data: trades.map(([ts, price]) => ({ id: 1, ts, tradeId: 1, amount: 10, price, direction: "buy" })) }
  })

describe("HtxDecoder", () => {
  it("takes a trade that is no newer than its subscription's acknowledgement for the past", () => {
    const { events, receive } = decoding(makeHtxDecoder, "usdcusdt")
    assert.strictEqual(receive(acknowledged(1_618_678_070_657)), "control")
    receive(push([1_618_678_048_496, 0.99]))
    receive(push([1_618_678_070_657, 1]))
    receive(push([1_618_678_071_458, 1.01]))
    assert.deepStrictEqual(tradesOf(events), ["pastTrade 0.99", "pastTrade 1", "trade 1.01"])
  })

  it("gives the trades of one push oldest first", () => {
    const { events, receive } = decoding(makeHtxDecoder, "usdcusdt")
    receive(push([2000, 1.3], [2000, 1.2], [1999, 1.1]))
    assert.deepStrictEqual(tradesOf(events), ["trade 1.1", "trade 1.2", "trade 1.3"])
  })

  it("forgets an acknowledgement with its connection", () => {
    const { events, receive, reset } = decoding(makeHtxDecoder, "usdcusdt")
    receive(acknowledged(5000))
    reset()
    receive(push([4000, 1.1]))
    assert.deepStrictEqual(tradesOf(events), ["trade 1.1"])
  })

  it("leaves acknowledgements of other channels and of pairs that are not carried alone", () => {
    const { receive } = decoding(makeHtxDecoder, "usdcusdt")
    assert.strictEqual(receive('{"id":"1","status":"ok","subbed":"market.usdcusdt.bbo","ts":5000}'), "control")
    assert.strictEqual(receive('{"id":"1","status":"ok","subbed":"market.btcusdt.trade.detail","ts":5000}'), "control")
    assert.strictEqual(receive('{"id":"1","status":"ok","subbed":7,"ts":5000}'), "control")
  })
})
