/**
 * What is said of a published price feed: where it stands against the fair value, how far it is behind, and whether liquidations may use it now.
 *
 * The verdict is an answer to a question and has no memory: an alert has hysteresis, this has none.
 */
import { Schema } from "effect"

/** `caution`: use it with a second source or wider margins. `unsafe`: liquidations by it would be at a wrong price. */
export const Verdict = Schema.Literals(["safe", "caution", "unsafe"])
export type Verdict = typeof Verdict.Type

/** Why a verdict is not `safe`. */
export const OracleReasonCode = Schema.Literals([
  "noAnswer",
  "notRead",
  "notPositive",
  "atMinimumAnswer",
  "atMaximumAnswer",
  "incompleteRound",
  "wentBackwards",
  "inFuture",
  "decimalsDiffer",
  "stale",
  "gap",
  "noFairValue",
  "fairValueUncertain"
])
export type OracleReasonCode = typeof OracleReasonCode.Type

export const OracleReason = Schema.Struct({
  code: OracleReasonCode,
  verdict: Verdict,
  /** A sentence for people. */
  words: Schema.String
})
export type OracleReason = typeof OracleReason.Type

const MaybeFinite = Schema.NullOr(Schema.Finite)

export const OracleAssessment = Schema.Struct({
  /** The feed's name in the configuration. */
  feed: Schema.String,
  coin: Schema.String,
  /** Unix ms. */
  time: Schema.Finite,
  verdict: Verdict,
  /** The gravest first; empty for `safe`. */
  reasons: Schema.Array(OracleReason),
  /** What the feed says, in the currency of the coin's peg; null before its first answer. */
  price: MaybeFinite,
  round: Schema.NullOr(Schema.String),
  updatedAt: MaybeFinite,
  ageMillis: MaybeFinite,
  /** The feed's promise: a round when the price has moved by `deviationBps`, and at least every `heartbeatSeconds`. */
  heartbeatSeconds: Schema.Finite,
  deviationBps: Schema.Finite,
  /** Solved from markets alone, without this feed or any other oracle; null where there is none. */
  fairValue: MaybeFinite,
  errorBps: MaybeFinite,
  /** The feed's price over the fair value less one. Below `noiseBps` the two cannot be told apart. */
  gapBps: MaybeFinite,
  noiseBps: MaybeFinite,
  /** How long ago the fair value last stood where the feed stands: 0 while the gap is within the noise; null where there is no fair value. */
  lagMillis: MaybeFinite,
  /** The fair value did not stand there as far back as it is remembered: `lagMillis` is a lower bound. */
  lagIsBound: Schema.Boolean,
  /** Who is right: `agree` within the noise; `market` where at least two venues stand at the fair value; `unknown` otherwise. */
  believed: Schema.Literals(["agree", "market", "unknown"]),
  /** Venues whose own price agrees with the fair value, and those that differ. */
  venues: Schema.Struct({ agree: Schema.Array(Schema.String), differ: Schema.Array(Schema.String) })
})
export type OracleAssessment = typeof OracleAssessment.Type
