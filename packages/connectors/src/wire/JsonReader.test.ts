import { assert, describe, it } from "@effect/vitest"
import { Fields, JsonReader, quoted } from "./JsonReader.ts"
import { SequenceId } from "./SequenceId.ts"

const Wanted = { topic: 0, data: 1, ts: 2, b: 3, a: 4 } as const
const wanted = new Fields(Wanted)

/** Opens the text amid other bytes, as frames lie in a ring. */
const open = (text: string | Uint8Array): JsonReader => {
  const reader = new JsonReader()
  const body = typeof text === "string" ? new TextEncoder().encode(text) : text
  const bytes = new Uint8Array(body.length + 16).fill(0x31)
  bytes.set(body, 8)
  reader.open(bytes, 8, 8 + body.length)
  return reader
}

/** A seeded value, as text and as what it means. */
const makeValues = (seed: number) => {
  let state = seed
  const random = (n: number) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % n
  const gap = () => ["", "", "", " ", "\n\t", "  "][random(6)]!
  const text = () => JSON.stringify(["", "plain", 'qu"ote', "back\\slash", "{[", "]}", "ünïcode", "a,b:c"][random(8)])
  const value = (depth: number): string => {
    switch (random(depth > 3 ? 5 : 7)) {
      case 0:
        return text()
      case 1:
        return String(random(1_000_000))
      case 2:
        return `-${random(100)}.${random(1000)}e-${random(9)}`
      case 3:
        return ["true", "false", "null"][random(3)]!
      case 4:
        return `"${random(1000)}.${random(1000)}"`
      case 5:
        return `[${gap()}${Array.from({ length: random(4) }, () => value(depth + 1)).join(`${gap()},${gap()}`)}${gap()}]`
      default:
        return object(depth + 1)
    }
  }
  const object = (depth: number): string => {
    const keys = ["topic", "data", "ts", "b", "a", "tops", "x", ""]
    const members = Array.from(
      { length: random(6) },
      () => `${gap()}${JSON.stringify(keys[random(8)])}${gap()}:${gap()}${value(depth)}${gap()}`
    )
    return `{${members.join(",")}${members.length === 0 ? gap() : ""}}`
  }
  return { object: () => gap() + object(0) + gap() }
}

describe("JsonReader", () => {
  it("finds what JSON.parse finds, in any order and spacing, the last of a doubled key", () => {
    const { object } = makeValues(11)
    for (let round = 0; round < 3000; round++) {
      const text = object()
      const parsed = JSON.parse(text) as Record<string, unknown>
      const reader = open(text)
      assert.isTrue(reader.object(wanted) && reader.ended(), text)
      for (const [key, index] of Object.entries(Wanted)) {
        assert.strictEqual(wanted.has(index), key in parsed, `${key} in ${text}`)
        if (!wanted.has(index)) continue
        reader.to(wanted, index)
        const from = reader.position
        assert.isTrue(reader.value(), text)
        assert.deepStrictEqual(JSON.parse(Buffer.from(reader.bytes.subarray(from, reader.position)).toString()), parsed[key])
      }
    }
  })

  it("refuses every beginning of a message, and never reads past its end", () => {
    const { object } = makeValues(5)
    for (let round = 0; round < 300; round++) {
      const bytes = new TextEncoder().encode(object().trim())
      for (let length = 0; length < bytes.length; length++) {
        const reader = open(bytes.subarray(0, length))
        assert.isFalse(reader.object(wanted) && reader.ended(), Buffer.from(bytes.subarray(0, length)).toString())
        assert.isAtMost(reader.position, reader.end)
      }
    }
  })

  it("steps over a million nested arrays in a loop, and refuses those that do not end", () => {
    const depth = 1_000_000
    assert.isTrue(open("[".repeat(depth) + "]".repeat(depth)).value())
    assert.isFalse(open("[".repeat(depth)).value())
  })

  it("reads numbers bare and quoted, ids past 2^53, and times", () => {
    const reader = open('{"topic":"12.50","data": 9007199254740993,"ts":1700000000123.25,"b":-1,"a":"1700000000123"}')
    assert.isTrue(reader.object(wanted))
    reader.to(wanted, Wanted.topic)
    assert.isTrue(reader.decimal())
    assert.deepStrictEqual([reader.registers[0], reader.decimals], [12.5, 2])
    const id = new SequenceId()
    reader.to(wanted, Wanted.data)
    assert.isTrue(reader.sequence(id))
    assert.deepStrictEqual([id.high, id.low], [9_007_199, 254_740_993])
    reader.to(wanted, Wanted.ts)
    assert.isTrue(reader.wholeOrDecimal())
    assert.strictEqual(reader.registers[0], 1_700_000_000_123.25)
    reader.to(wanted, Wanted.b)
    assert.isTrue(reader.sequence(id))
    assert.isBelow(id.high, 0)
    reader.to(wanted, Wanted.a)
    assert.isTrue(reader.wholeOrDecimal())
    assert.strictEqual(reader.registers[0], 1_700_000_000_123)
    assert.isTrue(reader.is(wanted, Wanted.topic, quoted("12.50")))
    assert.isFalse(reader.is(wanted, Wanted.topic, quoted("12.5")))
  })

  it("orders ids that no double holds", () => {
    const [a, b] = [new SequenceId(), new SequenceId()]
    a.set(9_007_199, 999_999_999)
    b.set(9_007_200, 0)
    assert.isTrue(b.follows(a))
    assert.isBelow(a.compare(b), 0)
    assert.isFalse(a.follows(b))
    assert.isTrue(a.clone().equals(a))
  })
})
