import { assert, describe, it } from "@effect/vitest"
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { decoding, tradesOf } from "../../../test/support/Decoding.ts"
import { makeBinanceDecoder } from "./BinanceDecoder.ts"

const spot = (U: number | string, u: number | string) =>
  `{"stream":"usdcusdt@depth@100ms","data":{"e":"depthUpdate","E":1633998512068,"s":"USDCUSDT","U":${U},"u":${u},"b":[["0.9999","5"]],"a":[]}}`
const futures = (U: number, u: number, pu: number) =>
  `{"stream":"usdcusdt@depth","data":{"e":"depthUpdate","E":1633998512068,"T":1,"s":"USDCUSDT","U":${U},"u":${u},"pu":${pu},"b":[["0.9999","5"]],"a":[]}}`
const snapshot = (id: number | string) => `{"lastUpdateId":${id},"bids":[["0.9998","1"]],"asks":[["1.0001","1"]]}`
const kinds = (events: ReadonlyArray<{ readonly kind: string }>) => events.map(({ kind }) => kind)

describe("BinanceDecoder", () => {
  it("holds deltas back until a snapshot, drops those that it covers and applies the rest", () => {
    const { events, merge, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    for (const delta of [spot(1, 5), spot(6, 9), spot(10, 12)]) receive(delta)
    assert.isEmpty(events)
    merge("USDCUSDT", snapshot(7))
    assert.deepStrictEqual(kinds(events), ["bookClear", "levels", "bookCommit", "levels", "bookCommit", "levels", "bookCommit"])
  })

  it("weighs the deltas that it holds back: beyond 8 MB the book that holds the most begins again, and others keep theirs", () => {
    const { events, merge, receive } = decoding(makeBinanceDecoder, "USDCUSDT", "DAIUSDT")
    receive(spot(1, 5).replace("USDCUSDT", "DAIUSDT"))
    const levels = '["0.9999","5"],'.repeat(4096)
    const heavy = (id: number) => spot(id, id).replace('"b":[', `"b":[${levels}`)
    const megabytes = heavy(1).length / (1 << 20)
    let id = 1
    while (id * megabytes <= 7.9) receive(heavy(id++))
    assert.isEmpty(events)
    while (id * megabytes <= 8.1) receive(heavy(id++))
    assert.deepStrictEqual(events, [{ kind: "bookStale", symbol: "USDCUSDT", reason: "buffer-full" }])
    while (id * megabytes <= 63) receive(heavy(id++))
    assert.strictEqual(events.length, 7)
    events.length = 0
    merge("DAIUSDT", snapshot(1))
    assert.deepStrictEqual(kinds(events), ["bookClear", "levels", "bookCommit", "levels", "bookCommit"])
    merge("USDCUSDT", snapshot(id - 2))
    assert.strictEqual(events.at(-1)!.kind, "bookCommit")
  })

  it("holds back no delta that is larger than all that may be held", () => {
    const { events, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    receive(spot(6, 6).replace('"b":[', `${" ".repeat(9 << 20)}"b":[`))
    assert.deepStrictEqual(kinds(events), ["bookStale"])
  })

  it("finds a gap between deltas of the spot market, and begins again with the next snapshot", () => {
    const { events, merge, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    merge("USDCUSDT", snapshot(7))
    receive(spot(9, 12))
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "gap" })
    merge("USDCUSDT", snapshot(10))
    assert.strictEqual(events.at(-1)!.kind, "bookCommit")
    receive(spot(13, 14))
    assert.strictEqual(events.at(-1)!.kind, "bookCommit")
  })

  it("continues a book of futures by the id that a delta comes after", () => {
    const { events, merge, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    merge("USDCUSDT", snapshot(100))
    receive(futures(97, 105, 95))
    receive(futures(111, 120, 105))
    assert.strictEqual(events.at(-1)!.kind, "bookCommit")
    receive(futures(131, 140, 125))
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "gap" })
  })

  it("follows ids beyond 2^53", () => {
    const { events, merge, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    merge("USDCUSDT", snapshot("90071992547409999"))
    receive(spot("90071992547410000", "90071992547410001"))
    assert.strictEqual(events.at(-1)!.kind, "bookCommit")
    receive(spot("90071992547410003", "90071992547410004"))
    assert.strictEqual(events.at(-1)!.kind, "bookStale")
  })

  it("reads the same from messages in another key order and spacing", () => {
    const { events, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    const data = { m: true, T: 5, q: "2", p: "0.99", s: "USDCUSDT", e: "trade" }
    receive(JSON.stringify({ data, stream: "usdcusdt@trade" }, undefined, 2))
    receive(JSON.stringify(data))
    assert.deepStrictEqual(tradesOf(events), ["trade 0.99", "trade 0.99"])
    assert.deepInclude(events[0], { time: 5, quantity: 2, taker: -1 })
    receive(JSON.stringify({ A: "1", a: "1.01", B: "2", b: "0.99", s: "USDCUSDT", u: 4 }))
    assert.deepInclude(events.at(-1), { kind: "quote", bid: 0.99, ask: 1.01 })
  })

  it.each<readonly [string, keyof typeof FrameOutcome]>([
    ['{"result":null,"id":1}', "control"],
    ['{"error":{"code":2,"msg":"Invalid request"},"id":1}', "refused"],
    ['{"code":-1121,"msg":"Invalid symbol."}', "refused"],
    ['{"stream":"usdcusdt@kline_1m","data":{"e":"kline","s":"USDCUSDT","k":{}}}', "control"],
    ['{"stream":"usdcusdt@depth20","data":{"lastUpdateId":1,"bids":[],"asks":[]}}', "control"],
    ['{"e":"somethingNew","s":"USDCUSDT"}', "unknown"],
    ['{"surprise":{"party":[1,2,{"three":"four"}]}}', "unknown"],
    ['{"e":"trade","s":"USDCUSDT","p":"1","q":"x","T":1,"m":true}', "malformed"],
    [spot(1, 2).slice(0, -3), "malformed"],
    [spot(1, 2).replace("USDCUSDT", "BTCUSDT"), "unlisted"]
  ])("takes %s for %s", (frame, outcome) => {
    const { events, receive } = decoding(makeBinanceDecoder, "USDCUSDT")
    assert.strictEqual(receive(frame), outcome)
    assert.isEmpty(events)
  })
})
