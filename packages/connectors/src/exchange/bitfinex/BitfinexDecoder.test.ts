import { assert, describe, it } from "@effect/vitest"
import { decoding } from "../../../test/support/Decoding.ts"
import { makeBitfinexDecoder } from "./BitfinexDecoder.ts"

const subscribed = '{"event":"subscribed","channel":"book","chanId":7,"symbol":"tUDCUSD","prec":"P0"}'
const kinds = (events: ReadonlyArray<{ readonly kind: string }>) => events.map(({ kind }) => kind)
/** The decoder's books are empty here, and 0 is the checksum of an empty book. */
const checksum = (value: number, number: number) => `[7,"cs",${value},${number}]`

const begun = (conf: string) => {
  const decoded = decoding(makeBitfinexDecoder, "tUDCUSD")
  for (const frame of [conf, subscribed, "[7,[[0.9998,1,5],[1.0001,1,-5]],1]"]) decoded.receive(frame)
  decoded.events.length = 0
  return decoded
}

describe("BitfinexDecoder", () => {
  it("makes one book of levels that come one by one, once their checksum has come", () => {
    const { events, receive } = begun('{"event":"conf","status":"OK"}')
    receive("[7,[1.0005,1,5],2]")
    receive("[7,[1.0001,0,-1],3]")
    assert.deepStrictEqual(kinds(events), ["levels", "levels"])
    receive(checksum(0, 4))
    assert.deepStrictEqual(kinds(events), ["levels", "levels", "bookCommit"])
  })

  it("gives up a book whose checksum is wrong", () => {
    const { events, receive } = begun('{"event":"conf","status":"OK","flags":196608}')
    receive("[7,[1.0005,1,5],2]")
    receive(checksum(1, 3))
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "checksum" })
    receive("[7,[1.0006,1,5],4]")
    assert.strictEqual(events.at(-1)!.kind, "bookStale")
  })

  it.each(['{"event":"conf","status":"OK","flags":65536}', '{"event":"conf","status":"FAILED","flags":131072}'])(
    "makes a book of each level where no checksums come: %s",
    (conf) => {
      const { events, receive } = begun(conf)
      receive("[7,[1.0005,1,5],2]")
      assert.deepStrictEqual(kinds(events), ["levels", "bookCommit"])
    }
  )

  it("asks for the books anew when the acknowledgement of a channel does not come", () => {
    const { events, receive } = begun('{"event":"conf","status":"OK"}')
    for (let number = 2; number < 258; number++) receive(`[9,[1.0005,1,5],${number}]`)
    assert.deepStrictEqual(events, [])
    receive("[9,[1.0005,1,5],258]")
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "buffer-full" })
  })

  it("knows by a channel's heartbeat that its acknowledgement was lost", () => {
    const { events, receive } = begun('{"event":"conf","status":"OK"}')
    receive('[7,"hb",2]')
    receive("[9,[1.0005,1,5],3]")
    assert.deepStrictEqual(events, [])
    receive('[9,"hb",4]')
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "buffer-full" })
  })

  it("takes a message number that is left out for a loss of every book", () => {
    const { events, receive } = begun('{"event":"conf","status":"OK"}')
    receive("[7,[1.0005,1,5],3]")
    assert.deepInclude(events.at(-1), { kind: "bookStale", reason: "gap" })
  })
})
