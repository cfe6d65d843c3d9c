import { assert, describe, it } from "@effect/vitest"
import { makeFramer, messageBytesMax, refuseCopy } from "./ClientMessages.ts"

const typed = (type: string, body = "", length = 4 + body.length): Buffer => {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`, "latin1")
  bytes.writeInt32BE(length, type.length)
  return bytes
}
const startup = typed("", "\0\x03\0\0user\0postgres\0\0")
const started = () => {
  const framer = makeFramer()
  framer(startup)
  return framer
}

describe("messages of a client", () => {
  it("are the same however their bytes are cut", () => {
    const messages = [startup, typed("Q", "select 1\0"), typed("S"), typed("P", "\0select 2\0\0\0"), typed("H")]
    const bytes = Buffer.concat(messages)
    for (let size = 1; size <= bytes.length; size++) {
      const framer = makeFramer()
      const found: Array<Buffer> = []
      for (let at = 0; at < bytes.length; at += size) {
        const framed = framer(bytes.subarray(at, at + size))
        assert.isFalse(framed.refused)
        found.push(...framed.messages)
        const end = found.reduce((total, { length }) => total + length, 0)
        assert.strictEqual(framed.unfinished, end < Math.min(at + size, bytes.length), `cut into ${size}`)
      }
      assert.deepStrictEqual(found.map(String), messages.map(String), `cut into ${size}`)
    }
  })

  it("are refused where Postgres would end the session, and where they are too large", () => {
    const refused = {
      "a length that ends before it begins": typed("Q", "", -1),
      "a length without itself": typed("Q", "", 3),
      "a message beyond the bound": typed("Q", "", messageBytesMax + 1),
      "a short message that is long": typed("S", "", 20_000),
      "an unknown type": typed("z"),
      "a password that nobody asked for": typed("p", "x\0")
    }
    for (const [what, bytes] of Object.entries(refused)) assert.isTrue(started()(bytes).refused, what)
    assert.isFalse(started()(typed("Q", "", messageBytesMax)).refused)
    const first = {
      "another protocol": Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      "an earlier version": typed("", "\0\x02\0\0user\0postgres\0\0"),
      "a request for encryption": typed("", "\x04\xd2\x16\x2f"),
      "a startup without an end": typed("", "\0\x03\0\0user\0postgres")
    }
    for (const [what, bytes] of Object.entries(first)) assert.isTrue(makeFramer()(bytes).refused, what)
  })

  it("end with a goodbye, and what was said before it counts", () => {
    const framed = started()(Buffer.concat([typed("Q", "select 1\0"), typed("X"), typed("Q", "select 2\0")]))
    assert.isTrue(framed.ended)
    assert.deepStrictEqual(framed.messages.map(String), [typed("Q", "select 1\0").toString()])
  })

  it("are followed by CopyFail where they can run a statement, and nowhere else", () => {
    const types = refuseCopy(["Q", "P", "B", "E", "S"].map((type) => typed(type))).map((message) => String.fromCharCode(message[0]!))
    assert.strictEqual(types.join(""), "QfPBEfS")
  })
})
