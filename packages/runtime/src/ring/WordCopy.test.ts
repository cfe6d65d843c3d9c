import { assert, describe, it } from "@effect/vitest"
import { WordCopy } from "./WordCopy.ts"

describe("WordCopy", () => {
  it("copies every length from every alignment, and nothing beside it", () => {
    const source = Uint8Array.from({ length: 300 }, (_, index) => (index * 7 + 1) & 255)
    const memory = new SharedArrayBuffer(512)
    const bytes = new Uint8Array(memory)
    const copier = new WordCopy()
    for (let from = 0; from < 8; from++) {
      for (let length = 0; length < 70; length++) {
        bytes.fill(0)
        const part = source.subarray(from, from + length)
        copier.copy(part, bytes, new Int32Array(memory), 64)
        assert.deepStrictEqual(bytes.slice(64, 64 + length), part.slice())
        assert.strictEqual(bytes[63]! + bytes[64 + length]!, 0)
      }
    }
    copier.copy(Buffer.from("another buffer"), bytes, new Int32Array(memory), 0)
    assert.strictEqual(Buffer.from(bytes.slice(0, 14)).toString(), "another buffer")
  })
})
