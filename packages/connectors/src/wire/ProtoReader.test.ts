import { assert, describe, it } from "@effect/vitest"
import { ProtoReader } from "./ProtoReader.ts"

/** 1: 300, 2: "12.5", 3: fixed64, 4: fixed32, 15: an id past 2^53. */
const message = Uint8Array.from(
  [
    [0x08, 0xac, 0x02],
    [0x12, 4, 0x31, 0x32, 0x2e, 0x35],
    [0x19, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x25, 1, 2, 3, 4],
    [0x7a, 16, ...new TextEncoder().encode("9007199254740993")]
  ].flat()
)

const fieldsOf = (bytes: Uint8Array, end = bytes.length) => {
  const reader = new ProtoReader()
  reader.open(bytes, 0, end)
  const fields: Array<number> = []
  while (reader.next(end)) fields.push(reader.field)
  return { fields, broken: reader.broken }
}

describe("ProtoReader", () => {
  it("reads every kind of field, and numbers that stand at the very end", () => {
    // Digits behind the end are somebody else's.
    const bytes = new Uint8Array(message.length + 8).fill(0x37)
    bytes.set(message)
    const reader = new ProtoReader()
    reader.open(bytes, 0, message.length)
    assert.isTrue(reader.next(message.length))
    assert.deepStrictEqual([reader.field, reader.value], [1, 300])
    assert.isTrue(reader.next(message.length) && reader.decimal())
    assert.strictEqual(reader.registers[0], 12.5)
    assert.isTrue(reader.next(message.length) && reader.next(message.length))
    assert.isTrue(reader.next(message.length) && reader.digits())
    assert.deepStrictEqual([...reader.registers.subarray(1)], [9_007_199, 254_740_993])
    assert.isFalse(reader.next(message.length))
    assert.isFalse(reader.broken)
  })

  it("is broken by every beginning that cuts a field, and by what is no field", () => {
    const whole = new Set([0, 3, 9, 18, 23, message.length])
    for (let end = 0; end <= message.length; end++) assert.strictEqual(fieldsOf(message, end).broken, !whole.has(end), String(end))
    assert.isTrue(fieldsOf(Uint8Array.of(0x0b)).broken)
    assert.isTrue(fieldsOf(new Uint8Array(12).fill(0xff)).broken)
    const reader = new ProtoReader()
    const text = Uint8Array.of(0x0a, 2, 0x31, 0x78)
    reader.open(text, 0, text.length)
    assert.isTrue(reader.next(text.length))
    assert.isFalse(reader.decimal())
    assert.isTrue(reader.broken)
  })
})
