/** How much a coin's holder should worry, and the fact that it changed. */
import { Effect, type Option, Schema } from "effect"
import { CoinSymbol } from "../coin/Coin.ts"

/** `stale`: fresh data is missing, and the coin's risk is unknown. */
export const RiskLevel = Schema.Literals(["normal", "watch", "warning", "critical", "stale"])
export type RiskLevel = typeof RiskLevel.Type

/** By the level's number in signal records and state tables: append only. */
export const riskLevels: ReadonlyArray<RiskLevel> = RiskLevel.literals
export const levelNumber = (level: RiskLevel): number => riskLevels.indexOf(level)

/** Whose attention a level deserves. A coin that nobody can see deserves as much as one with a warning. */
const severities: Readonly<Record<RiskLevel, number>> = { normal: 0, watch: 1, warning: 2, critical: 3, stale: 2 }
export const severity = (level: RiskLevel): number => severities[level]

/**
 * What happened: a loss of peg, a rise above it (never called a loss), one venue away from the rest, a return, no fresh data any more, sources
 * that differ without a majority, or a move of a pair of which nobody can say which of its two coins made it.
 * The position is the number in signal records: append only.
 */
export const ChangeKind = Schema.Literals(["break", "premium", "local", "recovery", "stale", "disputed", "unattributed"])
export type ChangeKind = typeof ChangeKind.Type
export const changeKinds: ReadonlyArray<ChangeKind> = ChangeKind.literals

/** One feature or detector that drove a change, with its share of the whole, 0 to 1. */
export const Driver = Schema.Struct({ name: Schema.String, value: Schema.Finite, share: Schema.Finite })
export type Driver = typeof Driver.Type

/** What the detectors and the model saw at the bar of a change. Numbers alone: words are made where they are read. */
export const Evidence = Schema.Struct({
  /** The coin's usual deviation: the median of its trailing days. Null until there is one. */
  baselineBps: Schema.NullOr(Schema.Finite),
  /** Bars in a row beyond a distance from the peg; null when the last bar was within all of them. */
  beyond: Schema.NullOr(Schema.Struct({ bars: Schema.Int, bps: Schema.Finite })),
  /** The level was decided between two bars, by verified books and pools: on how many venues the coin stood far below its peg. */
  fast: Schema.NullOr(Schema.Struct({ venues: Schema.Int })).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  /** Heavy taker selling: net taker volume of two hours in standard deviations, and the volume as a multiple of the trailing week's. */
  flow: Schema.NullOr(Schema.Struct({ score: Schema.Finite, surge: Schema.Finite })),
  /** The coin that fell earlier and farther, and may be what this one is held or redeemed in. */
  carrier: Schema.NullOr(CoinSymbol),
  /** False when no pair connects the coin to its peg's currency: the split of a pair between its two coins is then unknown. */
  grounded: Schema.Boolean,
  /** Of a pair that is seen alone: the share of belief, 0 to 1, that it is this coin that moved, and not the other. Null where that is known. */
  share: Schema.NullOr(Schema.Finite).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  /** The probability of a break within each horizon; null where no model serves. */
  model: Schema.NullOr(
    Schema.Struct({
      version: Schema.Int,
      horizons: Schema.Array(Schema.Struct({ minutes: Schema.Int, probability: Schema.Finite }))
    })
  ),
  /** Each detector's share in the change, largest first. */
  drivers: Schema.Array(Driver)
})
export type Evidence = typeof Evidence.Type

/** What one venue, or the crossing of a bridge, says of a coin by itself, and how much those should worry who trade it there. */
export const VenueValue = Schema.Struct({
  venue: Schema.String,
  /** The venue's price against the peg, through the fair value of the pair's other coin, basis points. */
  deviationBps: Schema.Finite,
  level: RiskLevel,
  /** Where no venue says it but a crossing: the pairs in the peg's currency and in the coin that price it, as `BTC/USD` and `BTC/USDT`. */
  pairs: Schema.optionalKey(Schema.Tuple([Schema.String, Schema.String]))
})
export type VenueValue = typeof VenueValue.Type

/** A coin's risk level changed. The fact that alerts, orders and read models are made from. */
export const LevelChange = Schema.Struct({
  /** Close of the bar, or receipt of the frame, that caused it; Unix ms. */
  time: Schema.Finite,
  coin: CoinSymbol,
  level: RiskLevel,
  previous: RiskLevel,
  kind: ChangeKind,
  /** The coin's value in its peg's currency. */
  fairValue: Schema.Finite,
  /** Standard error of the fair value. */
  errorBps: Schema.Finite,
  /** Fair value against the peg, basis points, signed, rounded to 1e-6. */
  deviationBps: Schema.Finite,
  /** Venues whose own price agrees with the fair value, and those that do not. */
  venues: Schema.Struct({
    agree: Schema.Array(Schema.String),
    differ: Schema.Array(Schema.String),
    /** Each venue's own value, the farthest from the fair value first. Facts of older versions have none. */
    own: Schema.Array(VenueValue).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
  }),
  evidence: Evidence,
  /** True when the market was made up. Not there when it was a real one, or the fact is of an older version. */
  simulated: Schema.optionalKey(Schema.Boolean)
})
export type LevelChange = typeof LevelChange.Type

/** The family of level changes: of each coin, a stream. */
export const levelChangesFamily = "coin"

/** The family of facts that people append: of each coin, alerts that were closed by hand. */
export const operatorFamily = "operator"

/** Within a family, streams about made-up markets begin with this: the last fact about the real one stays the last one. */
export const simulatedStreams = "simulated/"

/** The same for every engine that sees this change, and for no other change. */
export const changeKeyOf = ({ coin, level, previous, time }: LevelChange): string => `${coin} ${time} ${previous} ${level}`

/** What the log says of a coin: the level of its last change, which the coin keeps while it is stale. */
export const StandingLevel = Schema.Struct({
  coin: CoinSymbol,
  level: RiskLevel,
  stale: Schema.Boolean,
  kind: ChangeKind,
  /** Unix ms, of the last change. */
  since: Schema.Finite
})
export type StandingLevel = typeof StandingLevel.Type

export const standingAfter = ({ coin, kind, level, previous, time }: LevelChange): StandingLevel => ({
  coin,
  level: level === "stale" ? previous : level,
  stale: level === "stale",
  kind,
  since: time
})

const StandingLevels = Schema.fromJsonString(Schema.Array(StandingLevel))

/** The payload of a `FrameSource.levels` frame. */
export const levelsPayload = (levels: ReadonlyArray<StandingLevel>): Uint8Array =>
  new TextEncoder().encode(Schema.encodeSync(StandingLevels)(levels))

/** Decodes a `levelsPayload`; none when it is malformed. The bytes may be in shared memory. */
export const decodeLevels = (payload: Uint8Array): Option.Option<ReadonlyArray<StandingLevel>> =>
  Schema.decodeUnknownOption(StandingLevels)(new TextDecoder().decode(payload.slice()))
