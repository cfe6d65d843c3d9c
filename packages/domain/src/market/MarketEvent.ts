/**
 * Market events in one format for all venues, with prices and quantities as exact decimal text.
 *
 * Commands print this form. The hot path has the same events as numbers in a `MarketRecord`, which allocates nothing.
 */
import { Schema } from "effect"

const Decimal = Schema.String
/** Price and quantity. */
const Level = Schema.Tuple([Decimal, Decimal])
const at = {
  venue: Schema.String,
  symbol: Schema.String,
  /** The venue's time, Unix ms; null when it sends none. */
  time: Schema.NullOr(Schema.Finite)
}

export const Quote = Schema.TaggedStruct("Quote", { ...at, bid: Decimal, bidQuantity: Decimal, ask: Decimal, askQuantity: Decimal })
export type Quote = typeof Quote.Type

const trade = {
  ...at,
  price: Decimal,
  quantity: Decimal,
  /** Side of the taker. */
  side: Schema.Literals(["buy", "sell", "unknown"])
}

export const Trade = Schema.TaggedStruct("Trade", trade)
export type Trade = typeof Trade.Type

/** A trade from before the subscription. */
export const PastTrade = Schema.TaggedStruct("PastTrade", trade)
export type PastTrade = typeof PastTrade.Type

export const BookDelta = Schema.TaggedStruct("BookDelta", {
  ...at,
  /** True: the levels replace the book. False: they update it, and a quantity of `0` removes a level. */
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
