/**
 * A market event in the hot path: one reused block of numbers that a decoder fills and a sink reads.
 *
 * V8 allocates doubles that are passed to a function which is not inlined. So a decoder writes its numbers here and calls
 * `MarketSink.accept()` without arguments.
 *
 * ```text
 * integers  Int32Array    [0] kind  [1] instrument  [2] side or reason  [3] count of levels
 * numbers   Float64Array  [0] venue time, Unix ms, NaN when unknown   [1..6] by kind:
 *             quote        bid, bidQuantity, ask, askQuantity
 *             trade        price, quantity                       side: +1 taker bought, -1 sold, 0 unknown
 *             pastTrade    as trade
 *             candle       close, volume, buyVolume, high, low, duration in ms
 *             oracle       price, deviation in bps, heartbeat in ms    the price moves by less without a round; NaN: nothing is promised
 *             pool         price, imbalance, sellDepth, buyDepth, average price     depths: base units that move the price by 1%
 *             supply       supply, minted, burned                                   in coins; minted and burned since the last reading
 *             gas          price of a unit of gas, in the chain's native unit
 *             bookCommit   sequence / 1e9, sequence % 1e9        (ids exceed 2^53)
 * levels    Float64Array  [side (0 bid, 1 ask), price, quantity] * count
 * ```
 */
export const EventKind = {
  quote: 1,
  trade: 2,
  /** Empties the book; a snapshot follows. */
  bookClear: 3,
  /** Sets `count` levels; a quantity of 0 removes its level. */
  bookLevels: 4,
  /** The events so far make a consistent book. */
  bookCommit: 5,
  /** The book is no longer valid; `side` holds the code of a `StaleReason`. */
  bookStale: 6,
  candle: 7,
  oracle: 8,
  /** Cuts the book to `count` levels a side, for venues that send a bounded depth. */
  bookTruncate: 9,
  /** The state of an on-chain pool. */
  pool: 10,
  supply: 11,
  gas: 12,
  /** Revokes the last value of the source: its block is no longer part of the chain (a reorganisation). */
  withdrawn: 13,
  /** A trade from before the subscription, which venues send first: recordings show it, and no price or flow comes of it. */
  pastTrade: 14
} as const
export type EventKind = (typeof EventKind)[keyof typeof EventKind]

/** Why a book is stale. The order is wire format: append only. */
export const staleReasons = [
  "none",
  "gap",
  "checksum",
  "crossed",
  "disconnected",
  "buffer-full",
  "lost-frame",
  "malformed",
  "late"
] as const
export type StaleReason = (typeof staleReasons)[number]
export const staleReasonCode = (reason: StaleReason): number => staleReasons.indexOf(reason)

/** Levels that one `bookLevels` event can hold; a longer message is split. */
export const levelsPerEvent = 512

/** The kind, then the 8 numbers of a record. */
const eventPayloadNumbers = 9

/** Size of the payload of a `FrameSource.event` frame. */
export const eventPayloadBytes = eventPayloadNumbers * Float64Array.BYTES_PER_ELEMENT

/** The payload of a `FrameSource.event` frame: `numbers` as laid out above, at most 8; those left out are NaN. */
export const eventPayload = (kind: EventKind, numbers: ReadonlyArray<number>): Uint8Array => {
  const payload = new Float64Array(eventPayloadNumbers).fill(Number.NaN)
  payload[0] = kind
  payload.set(numbers, 1)
  return new Uint8Array(payload.buffer)
}

export class MarketRecord {
  readonly integers = new Int32Array(4)
  readonly numbers = new Float64Array(8)
  readonly levels = new Float64Array(3 * levelsPerEvent)
}

/** Reads a book without copying it; side 0 is the bids, `depth` 0 the best level. */
export interface LevelReader {
  readonly count: (side: 0 | 1) => number
  readonly price: (side: 0 | 1, depth: number) => number
  readonly quantity: (side: 0 | 1, depth: number) => number
}

export interface MarketSink {
  /** Handles the event in the record. */
  readonly accept: () => void
  /** The instrument's book after the events so far; for venues that send a checksum of it. */
  readonly book: (instrument: number) => LevelReader
}
