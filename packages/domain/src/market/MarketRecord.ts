/**
 * The hot path's form of a market event: one reused block of numbers that a decoder fills and a sink reads.
 *
 * Doubles that cross a call which is not inlined are boxed, and boxing is garbage. So a decoder writes its
 * numbers here and calls `MarketSink.accept()` without arguments.
 *
 * ```text
 * integers  Int32Array    [0] kind  [1] instrument  [2] side or reason  [3] count of levels
 * numbers   Float64Array  [0] venue time, Unix ms, NaN when unknown   [1..6] by kind:
 *             quote        bid, bidQuantity, ask, askQuantity
 *             trade        price, quantity                       side: +1 taker bought, -1 sold, 0 unknown
 *             pastTrade    as trade
 *             candle       close, volume, buyVolume, high, low, duration in ms
 *             oracle       price
 *             pool         price, imbalance, sellDepth, buyDepth, average price     depths: base within 1%, whole units
 *             supply       supply, minted, burned                                   whole units, since the reading before
 *             gas          price of a unit of gas, in the chain's own unit
 *             bookCommit   sequence / 1e9, sequence % 1e9        (ids exceed 2^53)
 * levels    Float64Array  [side (0 bid, 1 ask), price, quantity] * count
 * ```
 */
export const EventKind = {
  quote: 1,
  trade: 2,
  /** The book is emptied: a snapshot follows. */
  bookClear: 3,
  /** `count` levels to set; a quantity of 0 removes. */
  bookLevels: 4,
  /** The levels so far make one consistent book. */
  bookCommit: 5,
  /** The book can no longer be trusted; `side` holds a `StaleReason`. */
  bookStale: 6,
  candle: 7,
  oracle: 8,
  /** Every book keeps `count` levels a side (venues that send a bounded depth). */
  bookTruncate: 9,
  /** The state of an on-chain pool. */
  pool: 10,
  supply: 11,
  gas: 12,
  /** What the source said last is not true: its block is no longer part of the chain. */
  withdrawn: 13,
  /** A trade from before the subscription, which venues send first: recordings show it, and no price or flow comes of it. */
  pastTrade: 14
} as const
export type EventKind = (typeof EventKind)[keyof typeof EventKind]

/** Why a book cannot be trusted. Order is wire format: append only. */
export const staleReasons = ["none", "gap", "checksum", "crossed", "disconnected", "buffer-full", "lost-frame", "malformed"] as const
export type StaleReason = (typeof staleReasons)[number]
export const staleReasonCode = (reason: StaleReason): number => staleReasons.indexOf(reason)

/** Levels in one `bookLevels` event; a longer message is sent in several. */
export const levelsPerEvent = 512

/** Bytes of an event that comes as numbers: its kind, then `numbers`. */
export const eventPayloadBytes = 8 * 9

/** The payload of a `FrameSource.event` frame. */
export const eventPayload = (kind: EventKind, numbers: ReadonlyArray<number>): Uint8Array => {
  const payload = new Float64Array(eventPayloadBytes / 8).fill(Number.NaN)
  payload[0] = kind
  payload.set(numbers, 1)
  return new Uint8Array(payload.buffer)
}

export class MarketRecord {
  readonly integers = new Int32Array(4)
  readonly numbers = new Float64Array(8)
  readonly levels = new Float64Array(3 * levelsPerEvent)
}

/** Reads one book without copying it; `depth` 0 is the best level. */
export interface LevelReader {
  readonly count: (side: 0 | 1) => number
  readonly price: (side: 0 | 1, depth: number) => number
  readonly quantity: (side: 0 | 1, depth: number) => number
}

export interface MarketSink {
  /** Handles the event that stands in the record. */
  readonly accept: () => void
  /** The book of an instrument as the events so far made it; for venues whose checksum covers it. */
  readonly book: (instrument: number) => LevelReader
}
