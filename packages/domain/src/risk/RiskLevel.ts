/** How much a coin's holder should worry, and what a change of it says. */
import { Schema } from "effect"
import { CoinSymbol } from "../coin/Coin.ts"

export const RiskLevel = Schema.Literals(["normal", "watch", "warning", "critical"])
export type RiskLevel = typeof RiskLevel.Type

/** Levels in rising order; the index is the level's number on the wire. */
export const riskLevels: ReadonlyArray<RiskLevel> = RiskLevel.literals
export const severity = (level: RiskLevel): number => riskLevels.indexOf(level)

/**
 * What moved: a loss of peg, a rise above it (never called a loss), one venue away from the rest, or a return.
 */
export const ChangeKind = Schema.Literals(["break", "premium", "local", "recovery"])
export type ChangeKind = typeof ChangeKind.Type
export const changeKinds: ReadonlyArray<ChangeKind> = ChangeKind.literals

/** One feature or detector that drove a change, with its share of the whole, 0 to 1. */
export const Driver = Schema.Struct({ name: Schema.String, value: Schema.Finite, share: Schema.Finite })
export type Driver = typeof Driver.Type

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
  venues: Schema.Struct({ agree: Schema.Array(Schema.String), differ: Schema.Array(Schema.String) }),
  drivers: Schema.Array(Driver),
  /** Sentences for people, most important first. */
  reason: Schema.Array(Schema.String)
})
export type LevelChange = typeof LevelChange.Type
