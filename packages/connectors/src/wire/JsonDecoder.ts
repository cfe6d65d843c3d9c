/**
 * What the decoders of JSON feeds share: reading the usual forms, and the two ways in which a book follows its venue's sequence.
 *
 * - Chained: the stream sends a snapshot and numbers what follows (`chainSnapshot`, `chainDelta`).
 * - Merged: deltas are held back until a REST snapshot shows where they begin (`mergeDelta`, `mergeSnapshot`).
 *
 * Either way a delta that does not continue the book makes it stale, and nothing is applied until it has been built anew.
 */
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, type MarketRecord, type MarketSink, type StaleReason } from "@evenkeel/domain/market/MarketRecord"
import type { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { byte } from "./ByteScanner.ts"
import { type Fields, JsonReader } from "./JsonReader.ts"
import { SequenceId } from "./SequenceId.ts"
import { noSymbol, WireDecoder } from "./WireDecoder.ts"

/** Deltas that wait for a snapshot; with more, the oldest are of no use any more: they are dropped, and the book is asked for again. */
const pendingMax = 1000
/** Bytes of the deltas that wait on one connection. Beyond it the book that holds the most drops its own and is asked for again. */
const pendingBytesMax = 8 << 20

/** Where a book stands. */
export interface BookPlace {
  live: boolean
  /** The id applied last. */
  readonly id: SequenceId
  /** Frames that wait for a REST snapshot. */
  pending: Array<Uint8Array>
  pendingBytes: number
}

export abstract class JsonDecoder extends WireDecoder {
  protected readonly json: JsonReader
  /** The ids of the message at hand: the first and last that it covers, and the one that it names as the one before. */
  protected readonly first = new SequenceId()
  protected readonly last = new SequenceId()
  protected readonly previous = new SequenceId()
  /** The most decimals that a level's price and quantity were printed with, for checksums over digits. */
  protected priceDecimals = 0
  protected quantityDecimals = 0
  /** True while held-back frames are decoded again. */
  protected replaying = false
  /** True while the trades at hand are from before the subscription: decoders set it for each message of trades. */
  protected past = false
  /** Where the elements of an array begin that is read from its end. */
  readonly #starts: Array<number> = []
  readonly #places = new Map<number, BookPlace>()
  /** Of all places together. */
  #pendingBytes = 0

  constructor(symbols: SymbolTable, record: MarketRecord, sink: MarketSink) {
    const json = new JsonReader()
    super(symbols, record, sink, json)
    this.json = json
  }

  /** Reads the message that begins at the cursor. The bytes are handed on for those that hold frames back. */
  protected abstract message(bytes: Uint8Array, start: number, end: number): FrameOutcome

  override decode(bytes: Uint8Array, start: number, end: number): FrameOutcome {
    this.json.open(bytes, start, end)
    return this.message(bytes, start, end)
  }

  override reset(): void {
    for (const place of this.#places.values()) {
      place.live = false
      this.#takePending(place)
    }
  }

  protected placeOf(instrument: number): BookPlace {
    const known = this.#places.get(instrument)
    if (known !== undefined) return known
    const place: BookPlace = { live: false, id: new SequenceId(), pending: [], pendingBytes: 0 }
    this.#places.set(instrument, place)
    return place
  }

  /** Every book of this connection that is whole becomes stale. */
  protected loseAll(reason: StaleReason): void {
    for (const [instrument, place] of this.#places) if (place.live) this.lose(instrument, place, reason)
  }

  /** Every book that this connection, or one before it, has had: one of them does not come. */
  protected loseKnown(reason: StaleReason): void {
    for (const [instrument, place] of this.#places) this.lose(instrument, place, reason)
  }

  protected lose(instrument: number, place: BookPlace, reason: StaleReason): void {
    place.live = false
    this.#takePending(place)
    this.emitStale(instrument, reason)
  }

  /** The frames that a place holds back, which it holds no longer. */
  #takePending(place: BookPlace): ReadonlyArray<Uint8Array> {
    const { pending } = place
    this.#pendingBytes -= place.pendingBytes
    place.pending = []
    place.pendingBytes = 0
    return pending
  }

  #holdBack(instrument: number, place: BookPlace, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const size = end - start
    if (place.pending.length >= pendingMax || size > pendingBytesMax) this.lose(instrument, place, "buffer-full")
    if (size > pendingBytesMax) return FrameOutcome.market
    while (this.#pendingBytes + size > pendingBytesMax) {
      const [largest, most] = [...this.#places].reduce((one, other) => (other[1].pendingBytes > one[1].pendingBytes ? other : one))
      this.lose(largest, most, "buffer-full")
    }
    place.pending.push(bytes.slice(start, end))
    place.pendingBytes += size
    this.#pendingBytes += size
    return FrameOutcome.market
  }

  /** The staged levels are the whole book, at id `last`. `numbered` is false where the venue gives no id. */
  protected chainSnapshot(instrument: number, numbered = true): FrameOutcome {
    const place = this.placeOf(instrument)
    place.live = true
    place.id.copy(this.last)
    this.emit(EventKind.bookClear, instrument)
    return this.#apply(instrument, numbered)
  }

  /** The staged levels lead to id `last`, if they continue the book. What was seen already is passed over. */
  protected chainDelta(instrument: number, continues: boolean, numbered = true): FrameOutcome {
    const place = this.placeOf(instrument)
    if (!place.live) return FrameOutcome.market
    if (!continues) {
      if (this.last.compare(place.id) > 0) this.lose(instrument, place, "gap")
      return FrameOutcome.market
    }
    place.id.copy(this.last)
    return this.#apply(instrument, numbered)
  }

  /**
   * The staged levels lead to id `last`, if they continue the book; they are held back while there is none. `reaches` says
   * whether they begin at or before the book's next id.
   */
  protected mergeDelta(instrument: number, reaches: boolean, bytes: Uint8Array, start: number, end: number): FrameOutcome {
    const place = this.placeOf(instrument)
    if (!place.live) return this.#holdBack(instrument, place, bytes, start, end)
    if (this.last.compare(place.id) <= 0) return FrameOutcome.market
    if (!reaches) {
      this.lose(instrument, place, "gap")
      return this.#holdBack(instrument, place, bytes, start, end)
    }
    place.id.copy(this.last)
    return this.#apply(instrument, true)
  }

  /** The staged levels are the whole book at id `last`; what was held back follows. */
  protected mergeSnapshot(instrument: number): FrameOutcome {
    const pending = this.#takePending(this.placeOf(instrument))
    this.setTime(Number.NaN)
    this.chainSnapshot(instrument)
    this.replaying = true
    for (const frame of pending) this.decode(frame, 0, frame.length)
    this.replaying = false
    return FrameOutcome.market
  }

  /** The staged levels are the whole book by REST, polled while the stream is away: no chain begins with it. */
  protected stagedBook(instrument: number): FrameOutcome {
    this.placeOf(instrument).live = false
    return this.emitBook(instrument)
  }

  /** True when `first` is at or before the id that the book expects next. */
  protected reaches(instrument: number): boolean {
    const { id } = this.placeOf(instrument)
    return this.first.compare(id) <= 0 || this.first.follows(id)
  }

  #apply(instrument: number, numbered: boolean): FrameOutcome {
    this.emitLevels(instrument)
    this.emitCommit(instrument, numbered ? this.last.high : Number.NaN, numbered ? this.last.low : Number.NaN)
    return FrameOutcome.market
  }

  /** Reads an array of objects at the cursor, one `read` for each; false from it for one that is not as it should be. */
  protected each(fields: Fields, instrument: number, read: (instrument: number) => boolean): FrameOutcome {
    const { json } = this
    if (!json.array()) return FrameOutcome.malformed
    while (json.more()) {
      if (!json.object(fields)) return FrameOutcome.malformed
      const behind = json.position
      if (!read.call(this, instrument)) return FrameOutcome.malformed
      json.position = behind
    }
    return FrameOutcome.market
  }

  /** The same from the array's end, for trades: several venues send the newest first. */
  protected eachFromEnd(fields: Fields, instrument: number, read: (instrument: number) => boolean): FrameOutcome {
    const { json } = this
    if (!json.array()) return FrameOutcome.malformed
    const starts = this.#starts
    starts.length = 0
    while (json.more()) {
      starts.push(json.position)
      if (!json.value()) return FrameOutcome.malformed
    }
    for (let at = starts.length - 1; at >= 0; at--) {
      json.position = starts[at]!
      if (!json.object(fields) || !read.call(this, instrument)) return FrameOutcome.malformed
    }
    return FrameOutcome.market
  }

  /** Moves to the array in a message's field, all of whose objects are of one instrument; undefined when it can be read. */
  protected arrayOf(instrument: number, message: Fields, index: number): FrameOutcome | undefined {
    if (instrument === noSymbol || !this.json.to(message, index)) return FrameOutcome.malformed
    return instrument < 0 ? FrameOutcome.unlisted : undefined
  }

  /** The instrument that a field names; -1 when unlisted, `noSymbol` when the field is no text. */
  protected symbolAt(fields: Fields, index: number): number {
    return this.json.to(fields, index) && this.json.skipByte(byte.quote) ? this.symbol() : noSymbol
  }

  /** Reads a decimal into `record.numbers[target]`. */
  protected numberAt(target: number, fields: Fields, index: number): boolean {
    if (!this.json.to(fields, index) || !this.json.decimal()) return false
    this.record.numbers[target] = this.json.registers[0]!
    return true
  }

  /** Reads a time; `perMilli` of its units make a millisecond. Unknown where the field is missing. */
  protected timeAt(fields: Fields, index: number, perMilli = 1): void {
    this.setTime(this.json.to(fields, index) && this.json.wholeOrDecimal() ? this.json.registers[0]! / perMilli : Number.NaN)
  }

  protected sequenceAt(target: SequenceId, fields: Fields, index: number): boolean {
    return this.json.to(fields, index) && this.json.sequence(target)
  }

  /** Stages both sides of a book or a change, and nothing else. */
  protected stage(fields: Fields, bids: number, asks: number): boolean {
    this.levels.clear()
    return this.levelsAt(0, fields, bids) && this.levelsAt(1, fields, asks)
  }

  /** Stages `[[price, quantity, …], …]`; a side that is missing or null has no levels. */
  protected levelsAt(side: 0 | 1, fields: Fields, index: number): boolean {
    return !this.json.to(fields, index) || this.json.bytes[this.json.position] === letterN || this.levelList(side)
  }

  /** Stages the list of levels at the cursor: in the form that most venues send, or else in any that JSON allows. */
  protected levelList(side: 0 | 1): boolean {
    const { json, levels } = this
    const from = json.position
    const { count } = levels
    if (this.#compactLevels(side)) return true
    json.position = from
    levels.count = count
    return this.#anyLevels(side)
  }

  /** `[["0.9998","120.5",…],…]`: quoted, and without white space. */
  #compactLevels(side: 0 | 1): boolean {
    const { json, levels } = this
    let { priceDecimals, quantityDecimals } = this
    if (!json.skipByte(openByte)) return false
    if (json.skipByte(closeByte)) return true
    do {
      if (!json.skipByte(openByte) || !json.quotedNumber()) return false
      const at = levels.add()
      if (at < 0) return false
      levels.data[at] = side
      levels.data[at + 1] = json.registers[0]!
      if (json.decimals > priceDecimals) priceDecimals = json.decimals
      if (!json.skipByte(commaByte) || !json.quotedNumber()) return false
      levels.data[at + 2] = json.registers[0]!
      if (json.decimals > quantityDecimals) quantityDecimals = json.decimals
      if (!json.skipByte(closeByte) && !json.rest()) return false
    } while (json.skipByte(commaByte))
    this.priceDecimals = priceDecimals
    this.quantityDecimals = quantityDecimals
    return json.skipByte(closeByte)
  }

  #anyLevels(side: 0 | 1): boolean {
    const { json, levels } = this
    if (!json.array()) return false
    while (json.more()) {
      if (!json.array() || !json.decimal()) return false
      const at = levels.add()
      if (at < 0) return false
      levels.data[at] = side
      levels.data[at + 1] = json.registers[0]!
      if (json.decimals > this.priceDecimals) this.priceDecimals = json.decimals
      if (!json.next(commaByte) || !json.decimal()) return false
      if (json.decimals > this.quantityDecimals) this.quantityDecimals = json.decimals
      levels.data[at + 2] = json.registers[0]!
      if (!json.rest()) return false
    }
    return true
  }

  /** Stages one level that is an object. */
  protected levelAt(side: 0 | 1, fields: Fields, price: number, quantity: number): boolean {
    const { json } = this
    if (!json.to(fields, price) || !json.decimal()) return false
    const at = json.registers[0]!
    return json.to(fields, quantity) && json.decimal() && this.levels.push(side, at, json.registers[0]!)
  }

  /** Hands over a quote of the best staged level on each side, NaN where a side has none. */
  protected quoteFromLevels(instrument: number): FrameOutcome {
    const { numbers } = this.record
    numbers[1] = numbers[2] = numbers[3] = numbers[4] = Number.NaN
    const { count, data } = this.levels
    for (let at = (count - 1) * 3; at >= 0; at -= 3) {
      const quantity = data[at + 2]!
      if (quantity === 0) continue
      const target = data[at] === 0 ? 1 : 3
      numbers[target] = data[at + 1]!
      numbers[target + 1] = quantity
    }
    return this.quote(instrument)
  }

  protected quote(instrument: number): FrameOutcome {
    this.emit(EventKind.quote, instrument)
    return FrameOutcome.market
  }

  /** `taker`: +1 bought, -1 sold, 0 unknown. */
  protected trade(instrument: number, taker: number): FrameOutcome {
    this.record.integers[2] = taker
    this.emit(this.past ? EventKind.pastTrade : EventKind.trade, instrument)
    return FrameOutcome.market
  }
}

// Numbers of this module, which the compiler folds; a property of another module's object it looks up each time.
const letterN = 0x6e
const openByte = 0x5b
const closeByte = 0x5d
const commaByte = 0x2c
