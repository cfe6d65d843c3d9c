/**
 * Reads a journal's frames into market events, one by one, with the venues' decoders: for statistics and exports.
 */
import { decoderOf } from "@evenkeel/connectors/exchange/Decoders"
import { OrderBook } from "@evenkeel/detection/book/OrderBook"
import { type FrameDecoder, FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { decodeListed, type Instrument } from "@evenkeel/domain/market/Instrument"
import { MarketRecord, type MarketSink } from "@evenkeel/domain/market/MarketRecord"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { type Block, framesOf, type JournalManifest } from "@evenkeel/store/journal/JournalFormat"
import { Option } from "effect"

/** One frame as it lies in a block. */
export interface JournalFrame {
  readonly source: number
  readonly venue: number
  readonly connection: number
  readonly instrument: number
  readonly received: number
  readonly payload: Uint8Array
}

/** The frames of a block, in order. Stops where the bytes are not a frame. */
export function* framesIn(block: Block): Generator<JournalFrame> {
  const bytes = framesOf(block)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + frameOffsets.payload <= bytes.length;) {
    const length = view.getInt32(at, true)
    const payloadBytes = view.getInt32(at + frameOffsets.payloadBytes, true)
    if (length < frameOffsets.payload || payloadBytes < 0 || at + length > bytes.length || frameOffsets.payload + payloadBytes > length)
      return
    yield {
      source: bytes[at + frameOffsets.source]!,
      venue: bytes[at + frameOffsets.venue]!,
      connection: view.getUint16(at + frameOffsets.connection, true),
      instrument: view.getInt32(at + frameOffsets.instrument, true),
      received: view.getFloat64(at + frameOffsets.received, true),
      payload: bytes.subarray(at + frameOffsets.payload, at + frameOffsets.payload + payloadBytes)
    }
    at += length
  }
}

/** Called with each market event and the time at which its frame was received; the record is valid during the call alone. */
export type OnRecord = (record: MarketRecord, instrument: Instrument, received: number) => void

export class JournalDecoding implements MarketSink {
  readonly #manifest: JournalManifest
  readonly #instruments: Array<Instrument>
  readonly #record = new MarketRecord()
  readonly #books = new Map<number, OrderBook>()
  readonly #tables: ReadonlyArray<SymbolTable>
  readonly #decoders = new Map<number, FrameDecoder>()
  readonly #onRecord: OnRecord
  #received = Number.NaN

  constructor(manifest: JournalManifest, onRecord: OnRecord) {
    this.#manifest = manifest
    this.#instruments = [...manifest.instruments]
    this.#onRecord = onRecord
    this.#tables = manifest.venues.map(
      (venue) =>
        new SymbolTable(
          manifest.instruments.flatMap((instrument, number) => (instrument.venue === venue ? [[instrument.symbol, number] as const] : []))
        )
    )
  }

  feed(frame: JournalFrame): FrameOutcome {
    const { connection, instrument, payload, received, source, venue } = frame
    this.#received = received
    switch (source) {
      case FrameSource.socket:
        return this.#decoderOf(venue, connection)?.decode(payload, 0, payload.length) ?? FrameOutcome.unknown
      case FrameSource.snapshot:
        return this.#decoderOf(venue, connection)?.snapshot(instrument, payload, 0, payload.length) ?? FrameOutcome.unknown
      case FrameSource.event:
        return this.#event(instrument, payload)
      case FrameSource.listed: {
        const listed = decodeListed(payload)
        if (Option.isNone(listed)) return FrameOutcome.malformed
        this.#instruments[instrument] = listed.value
        this.#tables[venue]?.add(listed.value.symbol, instrument)
        return FrameOutcome.control
      }
      case FrameSource.connected:
      case FrameSource.disconnected:
      case FrameSource.lost:
        this.#decoders.get((venue << 16) | connection)?.reset()
        return FrameOutcome.control
      default:
        return FrameOutcome.control
    }
  }

  #event(instrument: number, payload: Uint8Array): FrameOutcome {
    const [kind = 0, ...numbers] = new Float64Array(payload.slice().buffer)
    this.#record.integers[0] = kind
    this.#record.integers[1] = instrument
    this.#record.numbers.set(numbers.slice(0, this.#record.numbers.length))
    this.accept()
    return FrameOutcome.market
  }

  #decoderOf(venue: number, connection: number): FrameDecoder | undefined {
    const key = (venue << 16) | connection
    const known = this.#decoders.get(key)
    const table = this.#tables[venue]
    if (known !== undefined || table === undefined) return known
    const decoder = decoderOf(this.#manifest.venues[venue] ?? "")?.(table, this.#record, this)
    if (decoder !== undefined) this.#decoders.set(key, decoder)
    return decoder
  }

  book(instrument: number): OrderBook {
    const known = this.#books.get(instrument)
    if (known !== undefined) return known
    const book = new OrderBook()
    this.#books.set(instrument, book)
    return book
  }

  accept(): void {
    const instrument = this.#record.integers[1]!
    this.book(instrument).apply(this.#record)
    const named = this.#instruments[instrument]
    if (named !== undefined) this.#onRecord(this.#record, named, this.#received)
  }
}
