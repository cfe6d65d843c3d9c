/**
 * The interface between the hot path and the decoders that turn a venue's frames into market events.
 *
 * A decoder's only state is what its protocol needs between frames (sequence numbers, deltas that wait for a snapshot), so the same frames
 * in the same order give the same events, live or replayed from a journal.
 */
import type { MarketRecord, MarketSink } from "./MarketRecord.ts"
import type { SymbolTable } from "./SymbolTable.ts"

/** The result of decoding a frame. The numbers are wire format: append only. */
export const FrameOutcome = {
  /** Market data; zero or more events went to the sink. */
  market: 0,
  /** A known message without events: an acknowledgement, a heartbeat, an unused ticker. */
  control: 1,
  /** Well formed, but of a kind unknown to this decoder. */
  unknown: 2,
  /** Violates the protocol: truncated, wrong types, not JSON. */
  malformed: 3,
  /** An error message of the venue, for example a refused subscription; it is passed on to the connector. */
  refused: 4,
  /** Market data of an instrument that was not subscribed. */
  unlisted: 5
} as const
export type FrameOutcome = (typeof FrameOutcome)[keyof typeof FrameOutcome]

/** What a frame carries. The numbers are wire format: append only. */
export const FrameSource = {
  /** A message of the venue's socket. */
  socket: 0,
  /** The response body of a REST depth request, for the instrument of the record. */
  snapshot: 1,
  /** A connection was opened: its books are stale until they are rebuilt. */
  connected: 2,
  /** A connection was lost: its books are stale. */
  disconnected: 3,
  /** A clock tick, without payload. */
  clock: 4,
  /** An event that is already numbers (a candle of a file, an oracle's round): see `eventPayload`. */
  event: 5,
  /** A frame of this instrument was lost before it could be decoded. */
  lost: 6,
  /** A pair was listed while running; it has the instrument number of the record from now on. Payload: see `listedPayload`. */
  listed: 7,
  /** The instrument of the record is no longer traded. */
  delisted: 8,
  /** The levels that the log has, for a hot path that has just started. Payload: see `levelsPayload`. */
  levels: 9,
  /** What a news feed said of coins. Payload: see `newsPayload`. */
  news: 10
} as const
export type FrameSource = (typeof FrameSource)[keyof typeof FrameSource]

export interface FrameDecoder {
  /** Decodes `bytes[start, end)`; events go to the sink in order. Does not throw. */
  readonly decode: (bytes: Uint8Array, start: number, end: number) => FrameOutcome
  /** Merges the REST snapshot `bytes[start, end)` into the book of `instrument`. */
  readonly snapshot: (instrument: number, bytes: Uint8Array, start: number, end: number) => FrameOutcome
  /** Forgets sequence numbers and pending deltas, for a new connection. */
  readonly reset: () => void
}

export type FrameDecoderFactory = (symbols: SymbolTable, record: MarketRecord, sink: MarketSink) => FrameDecoder
