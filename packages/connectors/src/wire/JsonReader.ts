/**
 * Reads JSON of any key order and spacing straight from bytes: no text, no objects, nothing lost.
 *
 * An object is read once for where its wanted values start (`object` fills a `Fields`), and the values are then read where they
 * stand. Numbers may be bare or quoted: venues do both. Nesting is stepped over in a loop, so depth costs nothing.
 */
import { byte, ByteScanner, type Template, template } from "./ByteScanner.ts"
import type { SequenceId } from "./SequenceId.ts"

/** The keys that a decoder wants from one kind of object, and where their values start in the object read last. */
export class Fields {
  /** Offset of each key's value, by the key's position; -1 when the object lacks it. */
  readonly at: Int32Array
  readonly #keys: ReadonlyArray<Uint8Array>
  readonly #slots = new Int8Array(64)
  readonly #spread: number

  /** Names by position: `new Fields({ topic: 0, data: 1 })`. */
  constructor(positions: Readonly<Record<string, number>>) {
    this.#keys = Object.keys(positions).map((key) => new TextEncoder().encode(key))
    this.at = new Int32Array(this.#keys.length)
    // The first multiplier under which no two keys share a slot.
    let spread = 1
    const collides = () => {
      this.#slots.fill(-1)
      return this.#keys.some((key, index) => {
        const slot = slotOf(key, 0, key.length, spread)
        if (this.#slots[slot] !== -1) return true
        this.#slots[slot] = index
        return false
      })
    }
    while (collides()) {
      spread++
      if (spread > 10_000) throw new Error(`keys that cannot be told apart: ${Object.keys(positions).join(", ")}`)
    }
    this.#spread = spread
  }

  /** The position of the key `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const index = this.#slots[slotOf(bytes, start, end, this.#spread)]!
    if (index < 0) return -1
    const key = this.#keys[index]!
    if (key.length !== end - start) return -1
    for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return -1
    return index
  }

  has(index: number): boolean {
    return this.at[index]! >= 0
  }
}

/** From five of a key's bytes and its length: enough to tell the keys of one object apart. */
const slotOf = (bytes: Uint8Array, start: number, end: number, spread: number): number => {
  const length = end - start
  if (length === 0) return 0
  const second = length > 1 ? bytes[start + 1]! : 0
  const ends = bytes[start]! | (second << 8) | (bytes[end - 1]! << 16) | (bytes[(start + end) >> 1]! << 24)
  const inner = bytes[start + ((length * 3) >> 3)]! * 0x85ebca6b
  return Math.imul(Math.imul(ends ^ length ^ inner, 0x9e3779b1) ^ ends, spread * 2 + 1) >>> 26
}

/** `"text"`, for `is`. */
export const quoted = (text: string): Template => template(`"${text}"`)

/** `"text…`: strings that begin so. */
export const beginning = (text: string): Template => template(`"${text}`)

/** What a byte means while a value is stepped over. */
const plain = 0
const quote = 1
const opening = 2
const closing = 3
const kinds = new Uint8Array(256)
kinds[byte.quote] = quote
kinds[byte.open] = kinds[byte.brace] = opening
kinds[byte.close] = kinds[byte.unbrace] = closing
/** Bytes of numbers and of `true`, `false`, `null`. */
const scalars = new Uint8Array(256)
for (const letter of "0123456789+-.eEtrufalsn") scalars[letter.charCodeAt(0)] = 1

// Numbers of this module, which the compiler folds; a property of another module's object it looks up each time.
const quoteByte = 0x22
const commaByte = 0x2c
const openByte = 0x5b
const closeByte = 0x5d
const braceByte = 0x7b
const unbraceByte = 0x7d
const minus = 0x2d
const point = 0x2e
const backslash = 0x5c
const colon = 0x3a
const space = 0x20

export class JsonReader extends ByteScanner {
  /** Steps over white space. */
  space(): void {
    const { bytes, end } = this
    let at = this.position
    while (at < end && bytes[at]! <= space) at++
    this.position = at
  }

  /** Steps over one byte and the white space before it. */
  next(expected: number): boolean {
    if (this.skipByte(expected)) return true
    this.space()
    return this.skipByte(expected)
  }

  /** Reads the object at the cursor: where each wanted value starts. The cursor ends up behind the object. */
  object(fields: Fields): boolean {
    const { at } = fields
    for (let i = 0; i < at.length; i++) at[i] = -1
    if (!this.next(braceByte)) return false
    if (this.next(unbraceByte)) return true
    do {
      if (!this.next(quoteByte)) return false
      const start = this.position
      if (!this.#restOfString()) return false
      const end = this.position - 1
      if (!this.next(colon)) return false
      this.space()
      const index = fields.find(this.bytes, start, end)
      // Of a doubled key the last counts, as with JSON.parse.
      if (index >= 0) at[index] = this.position
      if (!this.value()) return false
    } while (this.next(commaByte))
    return this.next(unbraceByte)
  }

  /** Moves to a value of an object that was read; false when it was not there. */
  to(fields: Fields, index: number): boolean {
    const at = fields.at[index]!
    if (at < 0) return false
    this.position = at
    return true
  }

  /** True when the value is, or begins with, the template; the cursor is then behind it. */
  is(fields: Fields, index: number, template: Template): boolean {
    return this.to(fields, index) && this.skip(template)
  }

  /** True when the value begins with one of the templates. */
  isAny(fields: Fields, index: number, templates: ReadonlyArray<Template>): boolean {
    for (let i = 0; i < templates.length; i++) if (this.is(fields, index, templates[i]!)) return true
    return false
  }

  /** Enters the array at the cursor. */
  array(): boolean {
    return this.next(openByte)
  }

  /** Between elements: true when another follows. */
  more(): boolean {
    // The usual case, without white space.
    if (this.skipByte(commaByte)) {
      if (this.bytes[this.position]! <= space) this.space()
      return this.position < this.end
    }
    if (this.next(closeByte)) return false
    if (this.position >= this.end) return false
    this.next(commaByte)
    this.space()
    return true
  }

  /** Steps over the array's remaining elements and its end. */
  rest(): boolean {
    if (this.skipByte(closeByte)) return true
    while (this.next(commaByte)) if (!this.value()) return false
    return this.next(closeByte)
  }

  /** Reads a decimal, bare or quoted, into `registers[0]`. */
  decimal(): boolean {
    if (this.skipByte(quoteByte)) return this.number() && this.skipByte(quoteByte)
    if (this.bytes[this.position]! <= space) {
      this.space()
      return this.decimal()
    }
    return this.number()
  }

  /** The same for numbers that are long and mostly whole: times. */
  wholeOrDecimal(): boolean {
    this.space()
    this.skipByte(quoteByte)
    const start = this.position
    if (!this.integer()) return false
    const next = this.bytes[this.position]
    if (next === point) {
      this.position = start
      return this.number()
    }
    this.registers[0] = this.registers[1]! * 1e9 + this.registers[2]!
    return true
  }

  /** Reads an unsigned integer, bare or quoted, into `target`. A minus sign makes it -1, whatever follows. */
  sequence(target: SequenceId): boolean {
    this.space()
    this.skipByte(quoteByte)
    if (this.skipByte(minus)) {
      target.set(-1, 0)
      return this.skipInteger()
    }
    if (!this.integer()) return false
    target.set(this.registers[1]!, this.registers[2]!)
    return true
  }

  /** Nothing but white space is left. */
  ended(): boolean {
    this.space()
    return this.position === this.end
  }

  /** Steps over any value. */
  value(): boolean {
    const { bytes, end } = this
    let at = this.position
    while (at < end && bytes[at]! <= space) at++
    let depth = 0
    let step = kinds[bytes[at]!]!
    if (step === plain) return this.#scalar(at)
    while (at < end) {
      step = kinds[bytes[at++]!]!
      if (step === plain) continue
      if (step === quote) {
        for (; at < end && bytes[at] !== quoteByte; at++) if (bytes[at] === backslash) at++
        // Without its quote the string has no end.
        if (++at > end) return false
      } else depth += step === opening ? 1 : -1
      if (depth === 0) {
        this.position = at
        return true
      }
    }
    return false
  }

  /** A number, `true`, `false` or `null`: everything up to what ends a value. */
  #scalar(start: number): boolean {
    const { bytes, end } = this
    let at = start
    while (at < end && scalars[bytes[at]!] === 1) at++
    this.position = at
    const next = bytes[at]
    return at > start && (at === end || next === commaByte || kinds[next!] === closing || next! <= space)
  }

  /** To behind the closing quote, escapes and all. */
  #restOfString(): boolean {
    const { bytes, end } = this
    let at = this.position
    for (; at < end; at++) {
      const current = bytes[at]!
      if (current === quoteByte) {
        this.position = at + 1
        return true
      }
      if (current === backslash) at++
    }
    return false
  }
}
