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

/** Every venue with a connector. */
export const venueIds: ReadonlyArray<VenueId> = VenueId.literals

export const ChainId = Schema.Literals(["ethereum", "bsc", "polygon", "avalanche", "base", "arbitrum", "tron", "solana"])
export type ChainId = typeof ChainId.Type

/** Every chain with a connector. */
export const chainIds: ReadonlyArray<ChainId> = ChainId.literals

/** Everywhere that market data comes from, in the order of their wire numbers: append only, journals hold these. */
export const sourceIds: ReadonlyArray<VenueId | ChainId> = [
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
  "mexc",
  ...chainIds
]
