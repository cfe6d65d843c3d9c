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
/** `.` and `e` after the exclusive or that turns digits into their values. */
const pointDigit = dot ^ zero
const isExponent = (digit: number): boolean => digit === (0x65 ^ zero) || digit === (0x45 ^ zero)

/** 10^0 .. 10^22, all exact doubles. */
const powersOfTen = Float64Array.from({ length: 23 }, (_, power) => 10 ** power)
/** Any integer of so many digits is below 2^53. */
const exactDigits = 15
/**
 * What a number of a venue's may be: less than this from zero, with so many decimals at most, and no longer; others are refused. Venues do print
 * ids of 27 digits, and doubles with all of their 20 decimals.
 */
const magnitudeMax = 1e30
const decimalsMax = 40
const charactersMax = 64
/** Any integer of so many digits fits 32 bits. */
const halfDigits = 9

/** True for the text of a number that a venue may send: JSON's grammar (zeros may lead), and within the bounds above. */
export const isNumeral = (text: string): boolean =>
  text.length <= charactersMax && numeral.test(text) && Math.abs(Number(text)) < magnitudeMax
const numeral = new RegExp(`^-?\\d+(\\.\\d{1,${decimalsMax}})?([eE][-+]?\\d+)?$`)

/** Bytes that a protocol is known to send, compared four at a time. */
export interface Template {
  readonly length: number
  /** Little-endian words; the last one overlaps the one before where the length is no multiple of four. */
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

export class ByteScanner {
  bytes: Uint8Array = new Uint8Array(0)
  #view = new DataView(this.bytes.buffer)
  end = 0
  /** Where the next read begins: behind what was read last. */
  position = 0
  /** `[0]` the number read last. `[1]`, `[2]` the integer read last, as high * 1e9 + low. */
  readonly registers = new Float64Array(3)
  /** Digits after the decimal point of the number read last, as sent. */
  decimals = 0
  /** The date read last, as its bytes, and its day's first millisecond: venues send the same day all day. */
  readonly #day = new Int32Array(3)
  #dayStart = Number.NaN

  open(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.position = start
    this.end = end
  }

  /** Steps over exactly `template`; false, without moving, when something else stands there. */
  skip(template: Template): boolean {
    const position = this.position
    const length = template.length
    if (position + length > this.end) return false
    if (length < 4) {
      const { bytes } = template
      for (let i = 0; i < length; i++) if (this.bytes[position + i] !== bytes[i]) return false
    } else {
      const { words } = template
      const view = this.#view
      const last = words.length - 1
      for (let i = 0; i < last; i++) if (view.getInt32(position + (i << 2), true) !== words[i]) return false
      if (view.getInt32(position + length - 4, true) !== words[last]) return false
    }
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

  /**
   * Steps over a string's body up to and over its closing quote; returns the body's end, or -1 (escapes, no end). The first
   * `atLeast` bytes are taken for the body without a look.
   */
  string(atLeast = 0): number {
    const { bytes, end } = this
    const view = this.#view
    let at = this.position + atLeast
    // Four bytes at a time until one of them is a quote or a backslash (Mycroft's test for a zero byte).
    for (; at + 4 <= end; at += 4) {
      const word = view.getInt32(at, true)
      const quotes = word ^ 0x22222222
      const slashes = word ^ 0x5c5c5c5c
      if ((((quotes - 0x01010101) & ~quotes) | ((slashes - 0x01010101) & ~slashes)) & 0x80808080) break
    }
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        this.position = at + 1
        return at
      }
      if (byte === 0x5c) return -1
    }
    return -1
  }

  /**
   * Reads a decimal into `registers[0]`: digits, a point, digits. False when there is none.
   *
   * The end is looked at once, after the digits: where they go past it, they are read again up to it.
   */
  number(): boolean {
    const { bytes } = this
    const start = this.position
    const first = bytes[start] === minus ? start + 1 : start
    let at = first
    // Both halves in 32-bit integers, which are several times as quick as doubles; longer halves are read again, exactly.
    let whole = 0
    let digit = bytes[at]! ^ zero
    while (digit <= 9) {
      whole = (Math.imul(whole, 10) + digit) | 0
      digit = bytes[++at]! ^ zero
    }
    const wholeDigits = at - first
    if (wholeDigits === 0) return false
    let fraction = 0
    let scale = 0
    if (digit === pointDigit) {
      const point = at
      digit = bytes[++at]! ^ zero
      while (digit <= 9) {
        fraction = (Math.imul(fraction, 10) + digit) | 0
        digit = bytes[++at]! ^ zero
      }
      scale = at - point - 1
      if (scale === 0) return false
    }
    if (at > this.end || wholeDigits > halfDigits || scale > halfDigits || wholeDigits + scale > exactDigits || isExponent(digit))
      return this.#exactly(start)
    let value = whole
    // Quantities are mostly padded with zeros: no division for those.
    if (fraction !== 0) {
      const unit = powersOfTen[scale]!
      value = (whole * unit + fraction) / unit
    }
    this.registers[0] = first === start ? value : -value
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
    if (at - start > charactersMax) return false
    let text = ""
    for (let i = start; i < at; i++) text += String.fromCharCode(this.bytes[i]!)
    if (!isNumeral(text)) return false
    this.registers[0] = Number(text)
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
    const { bytes } = this
    const start = this.position
    let at = start
    while ((bytes[at]! ^ zero) <= 9) at++
    // What lies behind the end may be digits too, of something else.
    if (at > this.end) at = this.end
    const digits = at - start
    if (digits <= 0 || digits > 24) return false
    const split = digits > halfDigits ? at - halfDigits : start
    let low = 0
    for (let i = split; i < at; i++) low = (Math.imul(low, 10) + (bytes[i]! ^ zero)) | 0
    let high = 0
    for (let i = start; i < split; i++) high = (Math.imul(high, 10) + (bytes[i]! ^ zero)) | 0
    this.registers[1] = split - start <= halfDigits ? high : this.#long(start, split)
    this.registers[2] = low
    this.position = at
    return true
  }

  /** Up to 15 digits as a double. */
  #long(from: number, to: number): number {
    let value = 0
    for (let i = from; i < to; i++) value = value * 10 + (this.bytes[i]! ^ zero)
    return value
  }

  /** Steps over an unsigned integer without reading it. */
  skipInteger(): boolean {
    const { bytes } = this
    let at = this.position
    while ((bytes[at]! ^ zero) <= 9) at++
    if (at === this.position || at > this.end) return false
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
    const view = this.#view
    const day = this.#day
    const word0 = view.getInt32(at, true)
    const word1 = view.getInt32(at + 4, true)
    const word2 = view.getInt16(at + 8, true)
    if (word0 !== day[0] || word1 !== day[1] || word2 !== day[2]) {
      this.#dayStart = this.#daysSinceEpoch(at) * 86_400_000
      day[0] = word0
      day[1] = word1
      day[2] = word2
    }
    const seconds = this.#digits(at + 11, 2) * 3600 + this.#digits(at + 14, 2) * 60 + this.#digits(at + 17, 2)
    let next = at + 19
    let fraction = 0
    if (bytes[next] === dot) {
      let unit = 100
      let digit = bytes[++next]! ^ zero
      while (digit <= 9) {
        fraction += digit * unit
        unit *= 0.1
        digit = bytes[++next]! ^ zero
      }
    }
    if (next >= this.end || bytes[next] !== 0x5a) return false
    this.registers[0] = this.#dayStart + seconds * 1000 + fraction
    this.position = next + 1
    return true
  }

  #daysSinceEpoch(at: number): number {
    const year = this.#digits(at, 4)
    const month = this.#digits(at + 5, 2)
    const shifted = month <= 2 ? year - 1 : year
    const era = Math.floor(shifted / 400)
    const yearOfEra = shifted - era * 400
    const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + this.#digits(at + 8, 2) - 1
    return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
  }

  #digits(at: number, count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 10 + (this.bytes[at + i]! - zero)
    return value
  }
}

/** A template, for `skip`. */
export const template = (text: string): Template => {
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(bytes.buffer)
  const words = Int32Array.from({ length: Math.ceil(bytes.length / 4) }, (_, word) =>
    bytes.length < 4 ? 0 : view.getInt32(Math.min(word * 4, bytes.length - 4), true)
  )
  return { length: bytes.length, words, bytes }
}

export const byte = { quote, comma, open: 0x5b, close: 0x5d, brace: 0x7b, unbrace: 0x7d, true: 0x74, false: 0x66 } as const
