/**
 * Finds the pairs that venues list for the configured coins, and what changed since they were last read: new listings, delistings, and
 * renamings, which are one of each.
 */
import { type Coin, isCurrency } from "@evenkeel/domain/coin/Coin"
import { type Instrument, instrumentKey } from "@evenkeel/domain/market/Instrument"
import { Effect, Schema } from "effect"
import type { Exchange, Listing } from "../exchange/Exchange.ts"
import type { Rest, RestError } from "../transport/Rest.ts"

/** Pairs of the coins that are followed on one venue. Real venues list some dozens. */
export const pairsMax = 512

/** The venue's list came in a form that is not known. */
export class ListingsUnreadable extends Schema.TaggedError<ListingsUnreadable>()("ListingsUnreadable", { venue: Schema.String }) {
  override get message() {
    return `${this.venue} lists its pairs in an unknown form`
  }
}

/** True for a pair that prices one of the coins in its currency, or in another coin of the same peg. */
export const isPairOf = ({ base, quote }: Pick<Instrument, "base" | "quote">, coins: ReadonlyArray<Coin>): boolean => {
  const pegOf = (symbol: string) => coins.find((coin) => coin.symbol === symbol)?.peg
  const peg = pegOf(base)
  return peg !== undefined && base !== quote && (isCurrency(quote) ? quote === peg : pegOf(quote) === peg)
}

/**
 * The coins' pairs among the listings that trade. Of a list with more than `pairsMax` the first ones by name are taken, so that the same
 * list gives the same pairs in whatever order it comes.
 */
export const pairsOf = (venue: Exchange["id"], listings: ReadonlyArray<Listing>, coins: ReadonlyArray<Coin>): ReadonlyArray<Instrument> => {
  const found = new Map<string, Instrument>()
  for (const { base, quote, symbol, trading } of listings) {
    const instrument = { venue, symbol, base: base.toUpperCase(), quote: quote.toUpperCase() }
    if (trading && isPairOf(instrument, coins) && !found.has(symbol)) found.set(symbol, instrument)
  }
  const pairs = [...found.values()]
  return pairs.length > pairsMax ? pairs.sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).slice(0, pairsMax) : pairs
}

/** Asks a venue for its pairs of the coins. */
export const discoverPairs = (
  exchange: Exchange,
  rest: Rest,
  coins: ReadonlyArray<Coin>
): Effect.Effect<ReadonlyArray<Instrument>, RestError | ListingsUnreadable> =>
  Effect.gen(function* () {
    const listings = exchange.decodeListings(yield* rest.get(exchange.listingsPath))
    if (listings === undefined) return yield* new ListingsUnreadable({ venue: exchange.id })
    const pairs = pairsOf(exchange.id, listings, coins)
    if (pairs.length === pairsMax) yield* Effect.logWarning("a venue lists more pairs than are followed", { venue: exchange.id, pairsMax })
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
