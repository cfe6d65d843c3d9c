/**
 * What the hot path says to the rest of the engine: one fixed record in the signals ring.
 *
 * ```text
 * byte   0  i32 kind      4  i32 coin        8  i32 level      12  i32 previous level
 *       16  i32 change    20  i32 instrument 24  i32 reason  28  i32 fast
 *       32  f64 fields, see `signalFields`
 *      232  16 bytes trace id   248  8 bytes span id   256  u8 sampled
 *      264  up to 112 bytes: the head of a frame that could not be used; i32 at 260 says how many
 *      376  i32 number of venues that follow, each with its own value of the coin:
 *      384  f64 deviation from the peg, bps, by venue
 *      512  i32 number of the venue, its level in the eight bits above the lowest eight, and above them 1 where it differs from the fair value, by venue
 * ```
 */
export const signalBytes = 576
/** A crossing stands among venues under the number of its bridge and this: see `Crossings`. */
export const crossingVenue = 128
/** Venues whose own values a level change tells; those farthest from the fair value come first, and more are left out. */
export const signalVenuesMax = 16
/** Bytes of a refused frame that are shown to people. */
export const sampleBytesMax = 112
export const signalOffsets = {
  trace: 232,
  sampled: 256,
  sampleLength: 260,
  sample: 264,
  venueCount: 376,
  venueDeviations: 384,
  venues: 512
} as const

/** Int32 index within the record. */
export const signalIntegers = {
  kind: 0,
  coin: 1,
  level: 2,
  previous: 3,
  change: 4,
  instrument: 5,
  reason: 6,
  /** Of a level change that the fast lane decided: the number of venues beyond; 0 where bars decided. */
  fast: 7,
  /** Of a pair that was listed, in the places of `coin` and `level`. */
  base: 1,
  quote: 2
} as const

export const SignalKind = {
  /** The row of `coin` in the state table is new. Dropped, and counted, when there is no room. */
  score: 1,
  /** A coin's level changed. Never dropped. */
  levelChange: 2,
  /** A book must be built anew: `instrument`, `reason` (a `StaleReason`). Never dropped. */
  resync: 3,
  /** A sampled frame was handled: `started`, `scored`, trace. */
  trace: 4,
  /** A frame could not be used: `reason` is its `FrameOutcome`, with the frame's head. */
  refusal: 5,
  /** A free place was given to a pair: `instrument`, and in `base` and `quote` the numbers of its coins, -1 where none is watched. Never dropped. */
  listed: 6
} as const
export type SignalKind = (typeof SignalKind)[keyof typeof SignalKind]

/** Float64 index within the record. */
export const signalFields = {
  time: 4,
  /** Of the frame behind it, in nanoseconds of the Nanoclock: published, taken up, and handled. */
  published: 5,
  started: 6,
  scored: 7,
  fairValue: 8,
  errorBps: 9,
  deviationBps: 10,
  baselineBps: 11,
  score: 12,
  cusum: 13,
  changepoint: 14,
  stressBars: 15,
  breakBars: 16,
  /** Venues whose own price agrees with the fair value, and those that differ, as bits. */
  agree: 17,
  differ: 18,
  /** 1 when pairs connect the coin to its currency. */
  grounded: 19,
  /** Of a learned model: its version (0: none serves) and the probability of a break within 5 m, 30 m, 1 h, 4 h and 24 h. */
  modelVersion: 20,
  probabilities: 21,
  /** Net taker volume of two hours in standard deviations, and its surge over the usual; NaN where no run is seen. */
  flow: 26,
  surge: 27,
  /** Share of belief in this reading of a pair that is seen alone; NaN where the split between its coins is known. */
  share: 28
} as const
/** How far ahead a model looks, in the order of its probabilities here and in the state table. */
export const horizonsMinutes = [5, 30, 60, 240, 1440] as const
export const horizonCount = horizonsMinutes.length

/** Rows of the state table: one a coin, then one an instrument. */
export const stateFields = 32
export const coinState = {
  time: 0,
  fairValue: 1,
  errorBps: 2,
  deviationBps: 3,
  level: 4,
  change: 5,
  score: 6,
  cusum: 7,
  changepoint: 8,
  baselineBps: 9,
  agree: 10,
  differ: 11,
  grounded: 12,
  since: 13,
  modelVersion: 14,
  /** Five probabilities, then five times low and high. */
  probabilities: 15,
  intervals: 20,
  /** As in `signalFields`. */
  share: 30
} as const
export const instrumentState = {
  received: 0,
  venueTime: 1,
  bid: 2,
  bidQuantity: 3,
  ask: 4,
  askQuantity: 5,
  lastPrice: 6,
  events: 7,
  /** 0 no book, 1 good, 2 stale. */
  book: 8,
  staleReason: 9,
  /** The last price's distance from the fair values, as they were solved last, and its standard error. */
  residualBps: 10,
  errorBps: 11,
  bidLevels: 12,
  askLevels: 13,
  commits: 14,
  /** Of on-chain sources: a pool's state and its price averaged over time, a token's supply and what changed it since the last reading. */
  imbalance: 15,
  sellDepth: 16,
  buyDepth: 17,
  averagePrice: 18,
  supply: 19,
  minted: 20,
  burned: 21,
  /** The base coin by this instrument's price alone: deviation from the peg, bps, and severity of its level, see `VenueRisk`. */
  ownDeviationBps: 22,
  ownLevel: 23
} as const
