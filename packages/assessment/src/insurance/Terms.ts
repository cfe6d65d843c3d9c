/**
 * The terms of a parametric cover: which value must lie how far below which mark, for how long, by whose readings, within which period.
 *
 * They hold what covers on the market state: Etherisc's trigger and recovery price and its cap on the loss (docs.etherisc.com/learn/depeg-purchase), Nexus
 * Mutual's so many consecutive days below a mark and its deductible, Risk Harbor's time-weighted average of the last hour. Who is insured, for how
 * much, and what a claim needs besides, is the contract's and not ours.
 */
import { CoinSymbol } from "@evenkeel/domain/coin/Coin"
import { DateTime, Effect, Option, Schema } from "effect"
import { createHash } from "node:crypto"

const between = (minimum: number, maximum: number) => Schema.Finite.check(Schema.isBetween({ minimum, maximum }))
const integer = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** As ISO 8601 in UTC: `2026-11-01T00:00:00Z`. */
const Instant = Schema.String.check(
  Schema.makeFilter((text: string) => /^\d{4}-\d\d-\d\dT.*Z$/.test(text) && Option.isSome(DateTime.make(text)), {
    expected: "a time in UTC such as 2026-11-01T00:00:00Z"
  })
)

/** A longer average would have to keep too many readings at hand. */
export const averageMinutesMax = 1440
const coverDaysMax = 732
export const termsMax = 20

/** A price is below 1, so that a minute without a reading can count as one at the peg. */
const Price = between(0.01, 0.999999)
const Bps = between(0.01, 9900)

const fields = Schema.Struct({
  /** Facts about the terms are kept under it: other terms need another name. */
  name: Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9-]{0,39}$/)),
  coin: CoinSymbol,
  /** The mark, as a price in the peg's currency or as a distance below the peg in basis points: one of the two. */
  price: Schema.optionalKey(Price),
  bps: Schema.optionalKey(Bps),
  /** `continuous`: below the mark in each minute. `average`: the mean of the last `minutes` is. */
  condition: Schema.Literals(["continuous", "average"]),
  /** How long, at most 30 days; an average at most one. */
  minutes: integer(1, 43_200),
  /** Of `continuous`: once below the mark, a minute counts until the value is back here. The mark itself where it is left out. */
  recoveryPrice: Schema.optionalKey(Price),
  recoveryBps: Schema.optionalKey(Bps),
  /** `all`: the fair value, which is solved from every source. Venues by name: the median of their own values. */
  sources: Schema.Union([
    Schema.Literal("all"),
    Schema.Array(Schema.String.check(Schema.isPattern(/^[a-z0-9-]{1,40}$/))).check(Schema.isMinLength(1), Schema.isMaxLength(20))
  ]),
  /** A reading counts with so many venues that agree with the fair value, or so many of those named. */
  minSources: integer(1, 20),
  /** A fair value whose standard error is larger does not count. */
  errorBpsMax: Schema.optionalKey(between(0.1, 5000)),
  /** Of `continuous`: more minutes in a row without a reading that counts, and the time begins anew. They never count. */
  gapMinutesMax: integer(0, 1440).pipe(Schema.withDecodingDefaultKey(Effect.succeed(5))),
  /** The cover's period: minutes that lie wholly within it count. */
  from: Instant,
  until: Instant,
  /** Of the loss at the trigger: what the holder bears, and the most that is paid, in basis points of the peg. */
  deductibleBps: between(0, 10_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  limitBps: between(0, 10_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(10_000)))
})

type Fields = typeof fields.Type

export const Terms = fields.check(
  Schema.makeFilter(({ bps, price }: Fields) => (bps === undefined) !== (price === undefined), {
    expected: "a mark: `price` or `bps`, and not both"
  }),
  Schema.makeFilter(
    (terms: Fields) =>
      (terms.recoveryPrice === undefined || (terms.price !== undefined && terms.recoveryPrice >= terms.price)) &&
      (terms.recoveryBps === undefined || (terms.bps !== undefined && terms.recoveryBps <= terms.bps)),
    { expected: "a recovery in the mark's unit and not below it" }
  ),
  Schema.makeFilter(({ condition, minutes }: Fields) => condition === "continuous" || minutes <= averageMinutesMax, {
    expected: `an average of at most ${averageMinutesMax} minutes`
  }),
  Schema.makeFilter(
    (terms: Fields) => {
      const { from, until } = periodOf(terms)
      return until > from && until - from <= coverDaysMax * 86_400_000
    },
    { expected: `an end after the beginning, at most ${coverDaysMax} days later` }
  ),
  Schema.makeFilter(({ minSources, sources }: Fields) => sources === "all" || minSources <= new Set(sources).size, {
    expected: "no more `minSources` than there are `sources`"
  })
)
export type Terms = typeof Terms.Type

/** Several covers, no two of one name. */
export const TermsList = Schema.Array(Terms).check(
  Schema.isMaxLength(termsMax),
  Schema.makeFilter((terms: ReadonlyArray<Terms>) => new Set(terms.map(({ name }) => name)).size === terms.length, {
    expected: "no two terms of one name"
  })
)

const millisOf = (text: string): number => Option.match(DateTime.make(text), { onNone: () => Number.NaN, onSome: DateTime.toEpochMillis })

/** Unix ms. */
export const periodOf = ({ from, until }: Pick<Terms, "from" | "until">) => ({ from: millisOf(from), until: millisOf(until) })

const sortedJson = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sortedJson)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sortedJson(inner)])
        )
      : value

/** SHA-256 of the terms, whatever the order in which they are written. */
export const digestOfTerms = (terms: Terms): string =>
  createHash("sha256")
    .update(JSON.stringify(sortedJson(terms)))
    .digest("hex")

const familyPrefix = "insurance-"

/** No cover's name has a dot, so that no real cover's family begins so. */
const simulatedPrefix = `${familyPrefix}simulated.`

/**
 * Facts about a cover have a family, and so a hash chain and a seal, of their own: they can be proved without showing any other fact. What a made-up market
 * says of a cover has another family than what real ones say of it.
 */
export const insuranceFamily = (name: string, simulated: boolean): string => `${simulated ? simulatedPrefix : familyPrefix}${name}`
export const insuranceStream = (name: string, simulated: boolean): string => `${insuranceFamily(name, simulated)}/facts`
export const isInsuranceFamily = (family: string): boolean => family.startsWith(familyPrefix)
export const isSimulatedFamily = (family: string): boolean => family.startsWith(simulatedPrefix)
/** The cover's name out of its family. */
export const coverOfFamily = (family: string): string => family.slice((isSimulatedFamily(family) ? simulatedPrefix : familyPrefix).length)

/** In one sentence. */
export const describeTerms = (terms: Terms): string => {
  const mark = terms.price === undefined ? `more than ${terms.bps} bps below its peg` : `below ${terms.price}`
  const recovery = terms.recoveryPrice ?? (terms.recoveryBps === undefined ? undefined : `${terms.recoveryBps} bps below its peg`)
  const how =
    terms.condition === "average"
      ? `on average over ${terms.minutes} minutes`
      : `for ${terms.minutes} minutes${recovery === undefined ? "" : ` without being back at ${recovery}`}`
  const whose = terms.sources === "all" ? "the fair value of all sources" : `the median of ${terms.sources.join(", ")}`
  return `${terms.coin} ${mark} ${how}, by ${whose} (at least ${terms.minSources}), from ${terms.from} until ${terms.until}`
}
