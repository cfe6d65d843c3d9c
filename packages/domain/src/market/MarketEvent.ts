/**
 * What a venue said, in one language for all venues. Prices and quantities are exact decimals as text.
 *
 * This is the form at rest and on screens. Inside the hot path the same events travel as numbers in a
 * `MarketRecord`, where nothing is allocated.
 */
import { Schema } from "effect"

const Decimal = Schema.String
const Level = Schema.Tuple([Decimal, Decimal])
const at = {
  venue: Schema.String,
  symbol: Schema.String,
  /** Venue's time, Unix ms; null when it gives none. */ time: Schema.NullOr(Schema.Finite)
}

export const Quote = Schema.TaggedStruct("Quote", { ...at, bid: Decimal, bidQuantity: Decimal, ask: Decimal, askQuantity: Decimal })
export type Quote = typeof Quote.Type

const trade = {
  ...at,
  price: Decimal,
  quantity: Decimal,
  /** The taker's side. */
  side: Schema.Literals(["buy", "sell", "unknown"])
}

export const Trade = Schema.TaggedStruct("Trade", trade)
export type Trade = typeof Trade.Type

/** A trade from before the subscription. */
export const PastTrade = Schema.TaggedStruct("PastTrade", trade)
export type PastTrade = typeof PastTrade.Type

export const BookDelta = Schema.TaggedStruct("BookDelta", {
  ...at,
  /** A snapshot replaces the book; otherwise a quantity of `0` removes its level. */
  snapshot: Schema.Boolean,
  sequence: Schema.NullOr(Schema.String),
  bids: Schema.Array(Level),
  asks: Schema.Array(Level)
})
export type BookDelta = typeof BookDelta.Type

export const BookStale = Schema.TaggedStruct("BookStale", { ...at, reason: Schema.String })
export type BookStale = typeof BookStale.Type

export const MarketEvent = Schema.Union([Quote, Trade, PastTrade, BookDelta, BookStale])
export type MarketEvent = typeof MarketEvent.Type
