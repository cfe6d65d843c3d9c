/**
 * Turns one venue's bytes into market events. The hot path knows decoders by this port alone.
 *
 * A decoder holds what its protocol needs between frames (sequence numbers, deltas that wait for a snapshot) and
 * nothing else: the same frames in the same order give the same events, live or from a journal.
 */
import type { MarketRecord, MarketSink } from "./MarketRecord.ts"
import type { SymbolTable } from "./SymbolTable.ts"

/** What a decoder made of a frame. Order is wire format: append only. */
export const FrameOutcome = {
  /** Market data; zero or more events were handed to the sink. */
  market: 0,
  /** Acknowledgements, heartbeats, tickers that are not used: known and without events. */
  control: 1,
  /** Well formed, but of a kind that this decoder does not know. */
  unknown: 2,
  /** Not what the protocol allows: truncated, wrong types, not JSON. */
  malformed: 3,
  /** The venue refused something (an error message): the connector is told. */
  refused: 4,
  /** Market data of an instrument that nobody asked for. */
  unlisted: 5
} as const
export type FrameOutcome = (typeof FrameOutcome)[keyof typeof FrameOutcome]

/** Where a frame came from. */
export const FrameSource = {
  socket: 0,
  /** The body of a REST depth request, for the instrument of the record. */
  snapshot: 1,
  /** A connection began: every book that it carried is stale until it is built anew. */
  connected: 2,
  disconnected: 3,
  /** No bytes: time passes. */
  clock: 4,
  /** A normalised event, as numbers (candle files, oracle rounds). */
  event: 5,
  /** A frame of this instrument was lost before it could be decoded. */
  lost: 6,
  /** A pair was listed while running: the instrument of the record is it from now on. Payload: JSON of `Instrument`. */
  listed: 7,
  /** The instrument of the record is not traded any more. */
  delisted: 8
} as const
export type FrameSource = (typeof FrameSource)[keyof typeof FrameSource]

export interface FrameDecoder {
  /** Decodes `bytes[start, end)`; events go to the sink in order. */
  readonly decode: (bytes: Uint8Array, start: number, end: number) => FrameOutcome
  /** Merges a REST snapshot of one instrument. */
  readonly snapshot: (instrument: number, bytes: Uint8Array, start: number, end: number) => FrameOutcome
  /** Forgets sequences and pending deltas: the connection starts anew. */
  readonly reset: () => void
}

export type FrameDecoderFactory = (symbols: SymbolTable, record: MarketRecord, sink: MarketSink) => FrameDecoder
