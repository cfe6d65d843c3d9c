/**
 * Reads Protocol Buffers' wire format straight from bytes: the fields of one message, one at a time.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { ByteScanner } from "./ByteScanner.ts"

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

export class ProtoReader extends ByteScanner {
  /** The number of the field read last. */
  field = 0
  /** Where its bytes lie, for texts and messages inside. */
  start = 0
  stop = 0
  /** Its value, for numbers. */
  value = 0
  /** Set once something is not as the format allows. */
  broken = false

  override open(bytes: Uint8Array, start: number, end: number): void {
    super.open(bytes, start, end)
    this.broken = false
  }

  /** Reads the next field that begins before `end`; false at the end, or when broken. */
  next(end: number): boolean {
    if (this.broken || this.position >= end) return false
    const tag = this.#varint(end)
    this.field = tag >>> 3
    switch (tag & 7) {
      case wireType.varint:
        this.value = this.#varint(end)
        return !this.broken
      case wireType.fixed64:
        return this.#span(8, end)
      case wireType.fixed32:
        return this.#span(4, end)
      case wireType.bytes:
        return this.#span(this.#varint(end), end)
      default:
        return this.#fail()
    }
  }

  /** Reads the field's text as a decimal into `registers[0]`. */
  decimal(): boolean {
    const { end, position } = this
    this.position = this.start
    this.end = this.stop
    const read = this.number() && this.position === this.stop
    this.position = position
    this.end = end
    return read || this.#fail()
  }

  /** Reads the field's text as an unsigned integer into `registers[1..2]`. */
  digits(): boolean {
    const { end, position } = this
    this.position = this.start
    this.end = this.stop
    const read = this.integer() && this.position === this.stop
    this.position = position
    this.end = end
    return read || this.#fail()
  }

  #span(length: number, end: number): boolean {
    this.start = this.position
    this.stop = this.position + length
    if (this.stop > end) return this.#fail()
    this.position = this.stop
    return !this.broken
  }

  /** Up to 2^53; what is larger comes rounded. */
  #varint(end: number): number {
    let value = 0
    let unit = 1
    for (let length = 0; length < 10 && this.position < end; length++) {
      const byte = this.bytes[this.position++]!
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
      unit *= 128
    }
    this.#fail()
    return 0
  }

  #fail(): false {
    this.broken = true
    return false
  }
}
