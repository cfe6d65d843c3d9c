/**
 * What every venue's decoder starts from: the instruments, the record, the sink, a scanner and staged levels.
 */
import { type FrameDecoder, FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import type { MarketRecord, MarketSink, StaleReason } from "@evenkeel/domain/market/MarketRecord"
import { EventKind, staleReasonCode } from "@evenkeel/domain/market/MarketRecord"
import type { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { byte, ByteScanner } from "./ByteScanner.ts"
import { LevelBuffer } from "./LevelBuffer.ts"

/** There is no symbol where one should stand. */
export const noSymbol = -2

/** A fast path's way of saying: these bytes are not in the form that I know, look again slowly. */
export const notThisForm = -1

export interface PolledBook {
  readonly bids: ReadonlyArray<readonly [price: string, quantity: string, ...rest: ReadonlyArray<unknown>]>
  readonly asks: ReadonlyArray<readonly [price: string, quantity: string, ...rest: ReadonlyArray<unknown>]>
}

export abstract class WireDecoder implements FrameDecoder {
  protected readonly symbols: SymbolTable
  protected readonly record: MarketRecord
  protected readonly sink: MarketSink
  protected readonly scanner: ByteScanner
  protected readonly levels = new LevelBuffer()

  constructor(symbols: SymbolTable, record: MarketRecord, sink: MarketSink, scanner = new ByteScanner()) {
    this.symbols = symbols
    this.record = record
    this.sink = sink
    this.scanner = scanner
  }

  abstract decode(bytes: Uint8Array, start: number, end: number): FrameOutcome
  abstract snapshot(instrument: number, bytes: Uint8Array, start: number, end: number): FrameOutcome
  abstract reset(): void

  /** Reads a symbol up to its closing quote: the instrument, -1 when unlisted, `noSymbol` when there is none. */
  protected symbol(): number {
    const from = this.scanner.position
    const to = this.scanner.string()
    return to < 0 ? noSymbol : this.symbols.find(this.scanner.bytes, from, to)
  }

  /** Reads a decimal and its closing quote into `record.numbers[index]`. */
  protected quotedTo(index: number): boolean {
    if (!this.scanner.number() || !this.scanner.skipByte(byte.quote)) return false
    this.record.numbers[index] = this.scanner.registers[0]!
    return true
  }

  protected setTime(time: number): void {
    this.record.numbers[0] = time
  }

  /** Hands over an event whose numbers have been written. */
  protected emit(kind: number, instrument: number): void {
    this.record.integers[0] = kind
    this.record.integers[1] = instrument
    this.sink.accept()
  }

  protected emitLevels(instrument: number): void {
    this.levels.emit(this.record, this.sink, instrument)
  }

  /** The book is whole again; the sequence is NaN where the venue has none. */
  protected emitCommit(instrument: number, high: number, low: number): void {
    this.record.numbers[1] = high
    this.record.numbers[2] = low
    this.emit(EventKind.bookCommit, instrument)
  }

  /** Hands over a whole book that was polled by REST, as `[price, quantity, …]` texts. */
  protected polledBook(instrument: number, book: PolledBook): FrameOutcome {
    this.levels.clear()
    for (const [price, quantity] of book.bids) this.levels.push(0, Number(price), Number(quantity))
    for (const [price, quantity] of book.asks) this.levels.push(1, Number(price), Number(quantity))
    return this.emitBook(instrument)
  }

  /** The staged levels are the whole book, at no time and no id that is known. */
  protected emitBook(instrument: number): FrameOutcome {
    this.setTime(Number.NaN)
    this.emit(EventKind.bookClear, instrument)
    this.emitLevels(instrument)
    this.emitCommit(instrument, Number.NaN, Number.NaN)
    return FrameOutcome.market
  }

  protected emitStale(instrument: number, reason: StaleReason): void {
    this.record.integers[2] = staleReasonCode(reason)
    this.emit(EventKind.bookStale, instrument)
  }
}
