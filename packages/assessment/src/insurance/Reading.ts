/** What the engine saw of a coin in one minute, and what that says under given terms. */
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import type { Terms } from "./Terms.ts"

export const venuesMax = 64

/** A reading as it stands in the log: the last state of a minute. */
export const Reading = Schema.Struct({
  coin: CoinSymbol,
  /** The end of the minute, Unix ms. */
  time: Schema.Finite,
  /** In the peg's currency, with its standard error and its distance from the peg; basis points. */
  fairValue: Schema.Finite.check(Schema.isGreaterThan(0)),
  errorBps: Schema.Finite,
  deviationBps: Schema.Finite,
  /** The coin's level then. At `stale` nobody could see the coin. */
  level: RiskLevel,
  /** Whether a pair reached the peg's currency. */
  grounded: Schema.Boolean,
  /** How many venues agreed with the fair value. */
  agree: Schema.Int,
  /** What each venue said by itself, as a distance from the peg. */
  own: Schema.Array(Schema.Struct({ venue: Schema.String, deviationBps: Schema.Finite })).check(Schema.isMaxLength(venuesMax))
})
export type Reading = typeof Reading.Type

/** Why a reading does not count. */
export type Unsound = "stale" | "ungrounded" | "too few sources" | "too uncertain"

/** `bps`: distance from the peg, or of the price from 1 where the mark is a price. */
export type Sound = { readonly bps: number; readonly price: number }

const bpsOfPrice = (price: number): number => (price - 1) * 1e4

/** Where the mark and the recovery lie on the scale of `Sound.bps`. */
export const marksOf = (terms: Terms): { readonly mark: number; readonly recovery: number } => {
  const mark = terms.price === undefined ? -terms.bps! : bpsOfPrice(terms.price)
  const recovery =
    terms.recoveryPrice === undefined ? (terms.recoveryBps === undefined ? mark : -terms.recoveryBps) : bpsOfPrice(terms.recoveryPrice)
  return { mark, recovery }
}

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** What the reading says, or why it does not count. */
export const judge = (terms: Terms, reading: Reading): Sound | Unsound => {
  if (reading.level === "stale") return "stale"
  if (!reading.grounded) return "ungrounded"
  const { sources } = terms
  const named = sources === "all" ? [] : reading.own.filter(({ venue }) => sources.includes(venue))
  if ((sources === "all" ? reading.agree : new Set(named.map(({ venue }) => venue)).size) < terms.minSources) return "too few sources"
  if (terms.errorBpsMax !== undefined && !(reading.errorBps <= terms.errorBpsMax)) return "too uncertain"
  const parity = reading.fairValue / (1 + reading.deviationBps / 1e4)
  const deviationBps = sources === "all" ? reading.deviationBps : median(named.map((each) => each.deviationBps))
  const price = sources === "all" ? reading.fairValue : parity * (1 + deviationBps / 1e4)
  return { price, bps: terms.price === undefined ? deviationBps : bpsOfPrice(price) }
}
