/**
 * A hash table from the bytes of a venue's symbol to the instrument's number; a lookup allocates no string.
 *
 * Open addressing with linear probing; every hit is compared byte by byte, so a hash collision cannot give a wrong instrument.
 */
export class SymbolTable {
  /** Symbols by instrument number; holes where a number belongs to another venue. */
  readonly symbols: Array<string | undefined> = []
  #slots = new Int32Array(64).fill(-1)
  readonly #encoded: Array<Uint8Array | undefined> = []
  #size = 0
  readonly #whenMissing: ((symbol: string) => number) | undefined

  /** `whenMissing` gives a number to a symbol that is not in the table, or -1 to refuse it; for tools that read whole captures. */
  constructor(entries: Iterable<readonly [symbol: string, instrument: number]>, whenMissing?: (symbol: string) => number) {
    for (const [symbol, instrument] of entries) this.#insert(symbol, instrument)
    this.#whenMissing = whenMissing
  }

  /** Adds an instrument. A symbol that is in the table already now leads to `instrument`. */
  add(symbol: string, instrument: number): void {
    const bytes = encoder.encode(symbol)
    const mask = this.#slots.length - 1
    for (let slot = hash(bytes, 0, bytes.length) & mask; this.#slots[slot] !== -1; slot = (slot + 1) & mask) {
      if (this.symbols[this.#slots[slot]!] !== symbol) continue
      this.#slots[slot] = instrument
      this.symbols[instrument] = symbol
      this.#encoded[instrument] = bytes
      return
    }
    this.#insert(symbol, instrument)
  }

  /** Takes an instrument's symbol out. Its slot stays for those that were placed behind it. */
  remove(instrument: number): void {
    this.symbols[instrument] = this.#encoded[instrument] = undefined
  }

  /** The instrument whose symbol is `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash(bytes, start, end) & mask; ; slot = (slot + 1) & mask) {
      const instrument = this.#slots[slot]!
      if (instrument === -1) return this.#whenMissing === undefined ? -1 : this.#adopt(bytes, start, end)
      const symbol = this.#encoded[instrument]
      if (symbol !== undefined && symbol.length === end - start && sameBytes(symbol, bytes, start)) return instrument
    }
  }

  /** As `find`, for a string; allocates, so not for the hot path. */
  findText(symbol: string): number {
    const bytes = encoder.encode(symbol)
    return this.find(bytes, 0, bytes.length)
  }

  #adopt(bytes: Uint8Array, start: number, end: number): number {
    const symbol = decoder.decode(bytes.subarray(start, end))
    const instrument = this.#whenMissing!(symbol)
    if (instrument >= 0) this.#insert(symbol, instrument)
    return instrument
  }

  #insert(symbol: string, instrument: number): void {
    if (++this.#size * 2 > this.#slots.length) {
      // Slots of symbols that were taken out are gone with the old table.
      this.#size = this.#encoded.reduce((count, bytes) => (bytes === undefined ? count : count + 1), 1)
      this.#slots = new Int32Array(this.#slots.length * (this.#size * 4 > this.#slots.length ? 2 : 1)).fill(-1)
      this.#encoded.forEach((bytes, other) => bytes !== undefined && this.#place(bytes, other))
    }
    const bytes = encoder.encode(symbol)
    this.symbols[instrument] = symbol
    this.#encoded[instrument] = bytes
    this.#place(bytes, instrument)
  }

  #place(bytes: Uint8Array, instrument: number): void {
    const mask = this.#slots.length - 1
    let slot = hash(bytes, 0, bytes.length) & mask
    while (this.#slots[slot] !== -1) slot = (slot + 1) & mask
    this.#slots[slot] = instrument
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Mixes the first and last four bytes and the length, in constant time for symbols of four bytes or more. */
const hash = (bytes: Uint8Array, start: number, end: number): number => {
  const length = end - start
  if (length < 4) {
    let value = length
    for (let i = start; i < end; i++) value = Math.imul(value, 31) + bytes[i]!
    return value >>> 0
  }
  const head = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24)
  const tail = bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16) | (bytes[end - 1]! << 24)
  const mixed = Math.imul(head ^ Math.imul(tail, 0x85ebca6b) ^ length, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

const sameBytes = (symbol: Uint8Array, bytes: Uint8Array, start: number): boolean => {
  for (let i = 0; i < symbol.length; i++) if (symbol[i] !== bytes[start + i]) return false
  return true
}
