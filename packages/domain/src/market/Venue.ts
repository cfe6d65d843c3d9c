/** The places where coins trade. A venue's id is also its folder under `connectors/exchange`. */
import { Schema } from "effect"

export const VenueId = Schema.Literals([
  "binance",
  "coinbase",
  "kraken",
  "okx",
  "bybit",
  "kucoin",
  "htx",
  "gate",
  "bitfinex",
  "bitstamp",
  "gemini",
  "cryptocom",
  "bitget",
  "mexc"
])
export type VenueId = typeof VenueId.Type

/** Every venue with a connector, in the order of their wire numbers: append only, journals hold these. */
export const venueIds: ReadonlyArray<VenueId> = VenueId.literals
