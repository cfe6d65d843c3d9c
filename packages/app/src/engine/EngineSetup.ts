/**
 * What a mode decides before the engine starts: which coins and instruments, from which venues, on whose clock, told to whom.
 */
import type { Receiver } from "@evenkeel/alerting/receiver/Receiver"
import { sourceInstrument } from "@evenkeel/connectors/chain/ChainSource"
import type { Endpoints, Exchange } from "@evenkeel/connectors/exchange/Exchange"
import { coinbaseExchange, exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { type Coin, coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { layerDatabase } from "@evenkeel/store/database/Database"
import type { EngineConfig } from "../config/EngineConfig.ts"

export interface EngineSetup {
  readonly coins: ReadonlyArray<Coin>
  /** The first ones; a position is an instrument's number. */
  readonly instruments: ReadonlyArray<Instrument>
  /** Where new listings are looked for while running. */
  readonly discovered: ReadonlyArray<VenueId>
  /** Venues that are connected to, and where. */
  readonly venues: ReadonlyArray<{ readonly exchange: Exchange; readonly endpoints: Endpoints }>
  /** The engine's time, Unix ms: the wall's when live, the simulated market's in a demo. */
  readonly clock: () => number
  /** Beside those of the configuration. */
  readonly receivers: ReadonlyArray<Receiver>
}

/** `venue:SYMBOL:BASE:QUOTE`; a symbol may hold colons. */
export const parseInstrument = (text: string): Instrument => {
  const parts = text.split(":")
  return { venue: parts[0] ?? "", symbol: parts.slice(1, -2).join(":"), base: parts.at(-2) ?? "", quote: parts.at(-1) ?? "" }
}

export const instrumentsOf = (config: EngineConfig): ReadonlyArray<Instrument> => config.instruments.map(parseInstrument)

/** The store's database as it is configured. */
export const databaseOf = (config: EngineConfig) => layerDatabase({ url: config.database.url, directory: `${config.data}/database` })

export const coinsOf = (config: EngineConfig): ReadonlyArray<Coin> =>
  config.coins.map((text) => {
    const [symbol = "", peg, rate] = text.split(":")
    const known = coinOf(symbol) ?? { symbol, peg: "USD", anchor: 1 }
    return { ...known, ...(peg === "EUR" || peg === "USD" ? { peg } : {}), ...(rate === "rate" ? { rateBearing: true } : {}) }
  })

export const exchangeOf = (config: EngineConfig, venue: VenueId): Exchange =>
  venue === "coinbase" && config.coinbaseFeed !== "advanced" ? coinbaseExchange : exchanges[venue]

/** A venue and where it is reached. */
export const venueOf = (config: EngineConfig, venue: VenueId): EngineSetup["venues"][number] => {
  const exchange = exchangeOf(config, venue)
  const named = config.endpoints.find((endpoint) => endpoint.venue === venue)
  return { exchange, endpoints: named ?? exchange.endpoints }
}

/** What is watched on the configured chains, as instruments. */
export const chainInstruments = (config: EngineConfig): ReadonlyArray<Instrument> =>
  config.chains.flatMap(({ chain, sources }) => sources.map((source) => sourceInstrument(chain, source)))

/** The venues that the instruments name. */
export const venuesOf = (instruments: ReadonlyArray<Instrument>): ReadonlyArray<VenueId> =>
  venueIds.filter((venue) => instruments.some((instrument) => instrument.venue === venue))
