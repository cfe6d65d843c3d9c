/**
 * What a mode decides before the engine starts: which coins and instruments, from which venues, on whose clock, told to whom.
 */
import type { Receiver } from "@evenkeel/alerting/receiver/Receiver"
import { coinbaseAdvanced, coinbaseExchange } from "@evenkeel/connectors/exchange/coinbase/CoinbaseExchange"
import type { Endpoints, Exchange } from "@evenkeel/connectors/exchange/Exchange"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { type Coin, coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { layerDatabase } from "@evenkeel/store/database/Database"
import type { EngineConfig } from "../config/EngineConfig.ts"

export interface EngineSetup {
  readonly coins: ReadonlyArray<Coin>
  readonly instruments: ReadonlyArray<Instrument>
  /** Venues that are connected to, and where. */
  readonly venues: ReadonlyArray<{ readonly exchange: Exchange; readonly endpoints: Endpoints }>
  /** The engine's time, Unix ms: the wall's when live, the simulated market's in a demo. */
  readonly clock: () => number
  /** Beside those of the configuration. */
  readonly receivers: ReadonlyArray<Receiver>
}

/** `venue:SYMBOL:BASE:QUOTE`; symbols hold no colon. */
export const parseInstrument = (text: string): Instrument => {
  const [venue = "", symbol = "", base = "", quote = ""] = text.split(":")
  return { venue, symbol, base, quote }
}

export const instrumentsOf = (config: EngineConfig): ReadonlyArray<Instrument> => config.instruments.map(parseInstrument)

/** The store's database as it is configured. */
export const databaseOf = (config: EngineConfig) => layerDatabase({ url: config.database.url, directory: `${config.data}/database` })

export const coinsOf = (config: EngineConfig): ReadonlyArray<Coin> =>
  config.coins.map((symbol) => coinOf(symbol) ?? { symbol, peg: "USD", anchor: 1 })

export const exchangeOf = (config: EngineConfig, venue: VenueId): Exchange =>
  venue === "coinbase" ? (config.coinbaseFeed === "advanced" ? coinbaseAdvanced : coinbaseExchange) : exchanges[venue]

/** The venues that the instruments name. */
export const venuesOf = (instruments: ReadonlyArray<Instrument>): ReadonlyArray<VenueId> =>
  venueIds.filter((venue) => instruments.some((instrument) => instrument.venue === venue))
