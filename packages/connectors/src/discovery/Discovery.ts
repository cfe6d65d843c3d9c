/**
 * Finds the pairs that venues list for the configured coins and bridges, and what changed since they were last read: new listings, delistings, and
 * renamings, which are one of each.
 */
import { type Coin, isCurrency } from "@evenkeel/domain/coin/Coin"
import { type Instrument, instrumentKey } from "@evenkeel/domain/market/Instrument"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect, Schema } from "effect"
import type { Exchange, Listing } from "../exchange/Exchange.ts"
import type { Rest, RestError } from "../transport/Rest.ts"

/** Pairs that are followed on one venue; more are left out, and said. Real venues list some dozens. */
export const pairsMax = 512

/** The venue's list came in a form that is not known. */
export class ListingsUnreadable extends Schema.TaggedError<ListingsUnreadable>()("ListingsUnreadable", { venue: Schema.String }) {
  override get message() {
    return `${this.venue} lists its pairs in an unknown form`
  }
}

/** Whose pairs are followed. */
export interface Followed {
  readonly coins: ReadonlyArray<Coin>
  /** Assets that are followed where they are priced in one of the coins, or in the currency of one. */
  readonly bridges?: ReadonlyArray<string>
}

/** True for a pair that prices one of the coins in its currency, or in another coin of the same peg; or a bridge in either. */
export const isPairOf = ({ base, quote }: Pick<Instrument, "base" | "quote">, { bridges = [], coins }: Followed): boolean => {
  const pegOf = (symbol: string) => coins.find((coin) => coin.symbol === symbol)?.peg
  const peg = pegOf(base)
  if (peg === undefined && bridges.includes(base)) return coins.some((coin) => coin.symbol === quote || coin.peg === quote)
  return peg !== undefined && base !== quote && (isCurrency(quote) ? quote === peg : pegOf(quote) === peg)
}

/**
 * The pairs to follow among the listings that trade, and how many of them are left out because there are more than `pairsMax`.
 *
 * No list tells what a pair trades, so the choice is by what is configured: every pair of coins under its first name before any under a
 * second one, those of the coins that are configured first before others and before bridges. The same list gives the same pairs in whatever order it comes.
 */
export const pairsOf = (
  venue: Exchange["id"],
  listings: ReadonlyArray<Listing>,
  followed: Followed
): { readonly pairs: ReadonlyArray<Instrument>; readonly leftOut: number } => {
  const found = new Map<string, Instrument>()
  for (const { base, quote, symbol, trading } of listings) {
    const instrument = { venue, symbol, base: base.toUpperCase(), quote: quote.toUpperCase() }
    if (trading && isPairOf(instrument, followed) && !found.has(symbol)) found.set(symbol, instrument)
  }
  if (found.size <= pairsMax) return { pairs: [...found.values()], leftOut: 0 }
  const { bridges = [], coins } = followed
  const order = [...coins.map(({ symbol }) => symbol), ...bridges]
  const named = new Map<string, number>()
  const ranked = [...found.values()]
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
    .map((instrument) => {
      const pair = `${instrument.base}/${instrument.quote}`
      const names = named.get(pair) ?? 0
      named.set(pair, names + 1)
      return { instrument, names, coin: order.indexOf(instrument.base) }
    })
    .sort((a, b) => a.names - b.names || a.coin - b.coin)
  return { pairs: ranked.slice(0, pairsMax).map(({ instrument }) => instrument), leftOut: found.size - pairsMax }
}

/** Asks a venue for the pairs to follow. What is left out is logged, and stands in the health registry. */
export const discoverPairs = (
  exchange: Exchange,
  rest: Rest,
  followed: Followed
): Effect.Effect<ReadonlyArray<Instrument>, RestError | ListingsUnreadable, HealthRegistry> =>
  Effect.gen(function* () {
    const health = yield* HealthRegistry
    const listings = exchange.decodeListings(yield* rest.get(exchange.listingsPath))
    if (listings === undefined) return yield* new ListingsUnreadable({ venue: exchange.id })
    const { leftOut, pairs } = pairsOf(exchange.id, listings, followed)
    const detail =
      leftOut === 0
        ? `pairs followed: ${pairs.length}`
        : `pairs followed: ${pairs.length}, left out: ${leftOut}; second names of a pair first, then pairs of the coins configured last`
    yield* health.report(`pairs:${exchange.id}`, leftOut === 0 ? "running" : "degraded", detail)
    if (leftOut > 0) yield* Effect.logWarning("a venue lists more pairs than are followed", { venue: exchange.id, pairsMax, leftOut })
    return pairs
  })

/**
 * The pairs that a venue lists now and did not before, and those that it listed before and does not now. A list without any pair is taken
 * for a mistake of the venue.
 */
export const compareListings = (
  known: ReadonlyArray<Instrument>,
  now: ReadonlyArray<Instrument>
): { readonly listed: ReadonlyArray<Instrument>; readonly delisted: ReadonlyArray<Instrument> } => {
  if (now.length === 0) return { listed: [], delisted: [] }
  const before = new Set(known.map(instrumentKey))
  const after = new Set(now.map(instrumentKey))
  return {
    listed: now.filter((instrument) => !before.has(instrumentKey(instrument))),
    delisted: known.filter((instrument) => !after.has(instrumentKey(instrument)))
  }
}
