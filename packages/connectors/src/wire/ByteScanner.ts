/**
 * Reads JSON's scalars straight from bytes, into registers instead of return values: a double that is returned by a call
 * which is not inlined would be boxed.
 *
 * Decoders use it to recognise the key order that a venue is known to send; every method answers -1 or false when the bytes
 * are not what was expected, and the decoder then falls back to `JSON.parse`.
 *
 * A decimal is its digits as an integer up to 2^53, divided by a power of ten: correctly rounded, because both are exact
 * (Clinger, "How to read floating point numbers accurately", 1990). Longer numbers and exponents go through `Number`.
 */
const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const dot = 0x2e
const zero = 0x30
const nine = 0x39

/** 10^0 .. 10^22, all exact doubles. */
const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => 10 ** power)
/** 2^53 / 10: a mantissa below it may take one more digit. */
const mantissaMax = 900719925474098

export class ByteScanner {
  bytes: Uint8Array = new Uint8Array(0)
  end = 0
  /** Just past what was read last. */
  position = 0
  /** `[0]` the number read last. `[1]`, `[2]` the integer read last, as high * 1e9 + low. */
  readonly registers = new Float64Array(3)
  /** Digits after the decimal point of the number read last, as sent. */
  decimals = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** Steps over exactly `template`; false, without moving, when something else stands there. */
  skip(template: Uint8Array): boolean {
    const { bytes, position } = this
    const length = template.length
    if (position + length > this.end) return false
    for (let i = 0; i < length; i++) if (bytes[position + i] !== template[i]) return false
    this.position = position + length
    return true
  }

  /** Steps over one byte if it is `byte`. */
  skipByte(byte: number): boolean {
    if (this.position < this.end && this.bytes[this.position] === byte) {
      this.position++
      return true
    }
    return false
  }

  /** Steps over a string's body up to and over its closing quote; returns the body's end, or -1 (escapes, no end). */
  string(): number {
    const { bytes, end } = this
    for (let at = this.position; at < end; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        this.position = at + 1
        return at
      }
      if (byte === 0x5c || byte < 0x20) return -1
    }
    return -1
  }

  /** Reads a decimal into `registers[0]`: digits, a point, digits. False when there is none. */
  number(): boolean {
    const { bytes, end } = this
    const start = this.position
    let at = start
    const negative = bytes[at] === minus
    if (negative) at++
    let mantissa = 0
    let digits = 0
    let scale = 0
    let point = -1
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte >= zero && byte <= nine) {
        if (mantissa > mantissaMax) return this.#exactly(start)
        mantissa = mantissa * 10 + (byte - zero)
        digits++
      } else if (byte === dot && point < 0) point = digits
      else break
    }
    if (digits === 0 || point === 0 || point === digits) return false
    if (at < end && (bytes[at]! | 0x20) === 0x65) return this.#exactly(start)
    scale = point < 0 ? 0 : digits - point
    if (scale > 22) return this.#exactly(start)
    const value = mantissa / powersOfTen[scale]!
    this.registers[0] = negative ? -value : value
    this.decimals = scale
    this.position = at
    return true
  }

  /** Any other number that JSON allows. */
  #exactly(start: number): boolean {
    let at = start
    let point = -1
    let exponent = -1
    for (; at < this.end; at++) {
      const byte = this.bytes[at]!
      if (byte === dot) point = at
      else if ((byte | 0x20) === 0x65) exponent = at
      else if (!((byte >= zero && byte <= nine) || byte === minus || byte === 0x2b)) break
    }
    let text = ""
    for (let i = start; i < at; i++) text += String.fromCharCode(this.bytes[i]!)
    const value = Number(text)
    if (!/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text) || !Number.isFinite(value)) return false
    this.registers[0] = value
    this.decimals = point < 0 ? 0 : (exponent < 0 ? at : exponent) - point - 1
    this.position = at
    return true
  }

  /** Reads `"` decimal `"`. */
  quotedNumber(): boolean {
    return this.skipByte(quote) && this.number() && this.skipByte(quote)
  }

  /** Reads an unsigned integer of any length below 10^24 into `registers[1..2]`, exactly. */
  integer(): boolean {
    const { bytes, end } = this
    const start = this.position
    let at = start
    while (at < end && bytes[at]! >= zero && bytes[at]! <= nine) at++
    const digits = at - start
    if (digits === 0 || digits > 24) return false
    let high = 0
    let low = 0
    const split = at - 9
    for (let i = start; i < at; i++) {
      if (i < split) high = high * 10 + (bytes[i]! - zero)
      else low = low * 10 + (bytes[i]! - zero)
    }
    this.registers[1] = high
    this.registers[2] = low
    this.position = at
    return true
  }

  /**
   * Reads an ISO 8601 UTC time (`2021-04-17T16:43:37.075687Z`, quotes not included) into `registers[0]` as Unix ms, with
   * the fraction that was sent. Days from civil: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
   */
  isoTime(): boolean {
    const { bytes, position: at } = this
    if (at + 20 > this.end || bytes[at + 4] !== minus || bytes[at + 10] !== 0x54 || bytes[at + 16] !== 0x3a) return false
    const year = this.#digits(at, 4)
    const month = this.#digits(at + 5, 2)
    const day = this.#digits(at + 8, 2)
    const seconds = this.#digits(at + 11, 2) * 3600 + this.#digits(at + 14, 2) * 60 + this.#digits(at + 17, 2)
    let next = at + 19
    let fraction = 0
    if (bytes[next] === dot) {
      let unit = 100
      for (next++; next < this.end && bytes[next]! >= zero && bytes[next]! <= nine; next++) {
        fraction += (bytes[next]! - zero) * unit
        unit /= 10
      }
    }
    if (bytes[next] !== 0x5a) return false
    const shifted = month <= 2 ? year - 1 : year
    const era = Math.floor(shifted / 400)
    const yearOfEra = shifted - era * 400
    const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
    const days = era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
    this.registers[0] = (days * 86400 + seconds) * 1000 + fraction
    this.position = next + 1
    return true
  }

  #digits(at: number, count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 10 + (this.bytes[at + i]! - zero)
    return value
  }
}

/** Bytes of a template, for `skip`. */
export const template = (text: string): Uint8Array => new TextEncoder().encode(text)

export const byte = { quote, comma, open: 0x5b, close: 0x5d, brace: 0x7b, unbrace: 0x7d } as const
