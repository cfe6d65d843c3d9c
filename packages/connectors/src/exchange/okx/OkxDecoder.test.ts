import { assert, describe, it } from "@effect/vitest"
import { decoding } from "../../../test/support/Decoding.ts"
import { makeOkxDecoder } from "./OkxDecoder.ts"

const book = (channel: string, action: string, seqId: number, prevSeqId: number) =>
  JSON.stringify({
    arg: { channel, instId: "USDC-USDT" },
    action,
    data: [{ asks: [["1.0001", "5", "0", "1"]], bids: [["0.9999", "5", "0", "1"]], ts: "1", checksum: 0, seqId, prevSeqId }]
  })

describe("OkxDecoder", () => {
  it.each(["books-l2-tbt", "books50-l2-tbt"])("decodes the tick-by-tick channel %s as a book", (channel) => {
    const { events, receive } = decoding(makeOkxDecoder, "USDC-USDT")
    assert.strictEqual(receive(book(channel, "snapshot", 10, -1)), "market")
    assert.strictEqual(receive(book(channel, "update", 15, 10)), "market")
    assert.deepStrictEqual(
      events.map(({ kind }) => kind),
      ["bookClear", "levels", "bookCommit", "levels", "bookCommit"]
    )
    receive(book(channel, "update", 20, 18))
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "gap" })
  })

  it("builds one book from one channel, though a connection carries several of a pair", () => {
    const { events, receive } = decoding(makeOkxDecoder, "USDC-USDT")
    receive(book("books", "snapshot", 10, -1))
    assert.strictEqual(receive(book("books50-l2-tbt", "snapshot", 900, -1)), "control")
    assert.strictEqual(receive(book("books50-l2-tbt", "update", 901, 900)), "control")
    receive(book("books", "update", 11, 10))
    assert.deepStrictEqual(
      events.map(({ kind }) => kind),
      ["bookClear", "levels", "bookCommit", "levels", "bookCommit"]
    )
  })

  it("may follow another channel on a new connection", () => {
    const { receive, reset } = decoding(makeOkxDecoder, "USDC-USDT")
    receive(book("books", "snapshot", 10, -1))
    reset()
    assert.strictEqual(receive(book("books-l2-tbt", "snapshot", 10, -1)), "market")
  })
})
