/**
 * A whole simulated market and the hot path in one thread, on no clock but the scenario's: every venue's own messages, decoded, judged,
 * as fast as they can be made, the same each time.
 */
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { dialects } from "@evenkeel/connectors/simulated/dialect/Dialects"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { configDefaults } from "../../src/config/EngineConfig.ts"
import { parseInstrument, venuesOf } from "../../src/engine/EngineSetup.ts"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { localVenue } from "./LocalVenue.ts"

export const instruments = configDefaults.instruments.map(parseInstrument)

/** A venue's connection: what it carries, and what happens there. */
export interface LocalConnection {
  readonly venue: VenueId
  readonly pairs: ReadonlyArray<Instrument>
  readonly scenario: Scenario
}

export interface LocalMarketOptions {
  readonly coins: ReadonlyArray<string>
  readonly bridges?: ReadonlyArray<string>
  readonly connections: ReadonlyArray<LocalConnection>
  readonly minutes: number
  readonly seed?: number
  readonly stepMillis?: number
  /** Where a model is published that predicts at each bar's close. */
  readonly models?: KernelMemory
  /** Called after each step. */
  readonly onStep?: (local: LocalHotPath) => void
}

/** Plays `minutes` of what happens, in steps of `stepMillis`, and returns every level change and the hot path as it is then. */
export const playMarket = ({
  bridges = [],
  coins,
  connections,
  minutes,
  models,
  onStep,
  seed = 1,
  stepMillis = 10_000
}: LocalMarketOptions) => {
  const pairs = connections.flatMap((connection) => connection.pairs)
  const local = new LocalHotPath(
    {
      coins: coins.flatMap((symbol) => coinOf(symbol) ?? []),
      bridges,
      instruments: pairs,
      venues: decodedSources,
      barMillis: 60_000,
      scoreGapMillis: Number.POSITIVE_INFINITY
    },
    models
  )
  const changes: Array<LevelChange> = []
  const first = connections[0]!.scenario
  let now = first.startsAt

  const venues = connections.map(({ pairs: own, scenario, venue }, connection) => {
    const simulated = localVenue({
      exchange: exchanges[venue],
      dialect: dialects[venue],
      instruments: own,
      scenario,
      seed: seed * 100,
      now: () => now,
      feed: (source, position, payload) => {
        const instrument = position < 0 ? position : pairs.indexOf(own[position]!)
        local.feed({ source, venue: venueIds.indexOf(venue), connection, instrument, received: now, payload })
        local.signals({ levelChange: (change) => changes.push(change) })
      }
    })
    simulated.connect()
    return simulated
  })
  const end = first.startsAt + Math.min(minutes * 60_000, first.durationMillis)
  for (now += stepMillis; now < end; now += stepMillis) {
    for (const venue of venues) venue.step()
    onStep?.(local)
  }
  return { changes, local }
}

/** Plays `minutes` of a scenario in steps of `stepMillis` and returns every level change. */
export const playScenario = (
  scenario: Scenario,
  minutes: number,
  seed = 1,
  stepMillis = 10_000,
  over: Pick<LocalMarketOptions, "models" | "onStep"> = {}
): ReadonlyArray<LevelChange> => {
  const pairs = [...instruments, { venue: "binance", symbol: "USTUSDT", base: "UST", quote: "USDT" }]
  const connections = venuesOf(pairs).map((venue) => ({ venue, scenario, pairs: pairs.filter((pair) => pair.venue === venue) }))
  return playMarket({ coins: ["USDT", "USDC", "DAI", "FDUSD", "UST"], connections, minutes, seed, stepMillis, ...over }).changes
}
