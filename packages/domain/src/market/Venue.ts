/** Venues and chains that market data comes from, and the one source that all news feeds are. A venue's id is also its folder under `connectors/exchange`. */
import * as Schema from "effect/Schema"

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

export const chainIds: ReadonlyArray<ChainId> = ChainId.literals

/** News prices no coin: no instrument has this source. */
export const newsSource = "news" as const

export type SourceId = VenueId | ChainId | typeof newsSource

/** Journals hold these numbers: append only. The record type makes the compiler check that no source is missing. */
const wireNumbers: Readonly<Record<SourceId, number>> = {
  binance: 0,
  coinbase: 1,
  kraken: 2,
  okx: 3,
  bybit: 4,
  kucoin: 5,
  htx: 6,
  gate: 7,
  bitfinex: 8,
  bitstamp: 9,
  gemini: 10,
  cryptocom: 11,
  bitget: 12,
  mexc: 13,
  ethereum: 14,
  bsc: 15,
  polygon: 16,
  avalanche: 17,
  base: 18,
  arbitrum: 19,
  tron: 20,
  solana: 21,
  news: 22
}

/** All sources; a source's index is its wire number. */
export const sourceIds: ReadonlyArray<SourceId> = [...venueIds, ...chainIds, newsSource].sort((a, b) => wireNumbers[a] - wireNumbers[b])
