import { assert, describe, it } from "@effect/vitest"
import { decoding, tradesOf } from "../../../test/support/Decoding.ts"
import { makeBitgetDecoder } from "./BitgetDecoder.ts"

const trades = (action: string, ...rows: ReadonlyArray<readonly [ts: number, price: string]>) =>
  JSON.stringify({
    action,
    arg: { instType: "SPOT", channel: "trade", instId: "USDCUSDT" },
    data: rows.map(([ts, price]) => ({ ts: String(ts), price, size: "10", side: "buy", tradeId: String(ts) })),
    ts: 9000
  })
const book = (action: string, seq: number, pseq: number) =>
  JSON.stringify({
    action,
    arg: { instType: "SPOT", channel: "books", instId: "USDCUSDT" },
    data: [{ asks: [["1.0001", "5"]], bids: [["0.9999", "5"]], ts: "1", seq, pseq }],
    ts: 1
  })

describe("BitgetDecoder", () => {
  it("gives the trades of one push oldest first", () => {
    const { events, receive } = decoding(makeBitgetDecoder, "USDCUSDT")
    receive(trades("update", [3000, "1.3"], [2000, "1.2"], [1000, "1.1"]))
    assert.deepStrictEqual(tradesOf(events), ["trade 1.1", "trade 1.2", "trade 1.3"])
  })

  it("takes the push that a subscription begins with for the past", () => {
    const { events, receive } = decoding(makeBitgetDecoder, "USDCUSDT")
    receive(trades("snapshot", [2000, "1.2"], [1000, "1.1"]))
    assert.deepStrictEqual(tradesOf(events), ["pastTrade 1.1", "pastTrade 1.2"])
  })

  it("finds a lost change of a book by its ids", () => {
    const { events, receive } = decoding(makeBitgetDecoder, "USDCUSDT")
    receive(book("snapshot", 10, 0))
    receive(book("update", 12, 10))
    assert.isFalse(events.some(({ kind }) => kind === "bookStale"))
    receive(book("update", 15, 14))
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "gap" })
  })
})
