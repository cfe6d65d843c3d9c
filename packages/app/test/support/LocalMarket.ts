/**
 * A whole simulated market and the hot path in one thread, on no clock but the scenario's: every venue's own messages, decoded, judged,
 * as fast as they can be made, the same each time.
 */
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { dialects } from "@evenkeel/connectors/simulated/dialect/Dialects"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { venueIds } from "@evenkeel/domain/market/Venue"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { configDefaults } from "../../src/config/EngineConfig.ts"
import { parseInstrument, venuesOf } from "../../src/engine/EngineSetup.ts"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { localVenue } from "./LocalVenue.ts"

export const instruments = configDefaults.instruments.map(parseInstrument)

/**
 * Plays `minutes` of a scenario in steps of `stepMillis` and returns every level change. `models` is where a model is published that predicts at each
 * bar's close, and `onStep` is called after each step.
 */
export const playScenario = (
  scenario: Scenario,
  minutes: number,
  seed = 1,
  stepMillis = 10_000,
  { models, onStep }: { readonly models?: KernelMemory; readonly onStep?: (local: LocalHotPath) => void } = {}
): ReadonlyArray<LevelChange> => {
  const coins = ["USDT", "USDC", "DAI", "FDUSD", "UST"].flatMap((symbol) => coinOf(symbol) ?? [])
  const pairs = [...instruments, { venue: "binance", symbol: "USTUSDT", base: "UST", quote: "USDT" }]
  const local = new LocalHotPath(
    { coins, instruments: pairs, venues: decodedSources, barMillis: 60_000, scoreGapMillis: Number.POSITIVE_INFINITY },
    models
  )
  const changes: Array<LevelChange> = []
  let now = scenario.startsAt

  const venues = venuesOf(pairs).map((venue) => {
    const own = pairs.filter((pair) => pair.venue === venue)
    const simulated = localVenue({
      exchange: exchanges[venue],
      dialect: dialects[venue],
      instruments: own,
      scenario,
      seed: seed * 100,
      now: () => now,
      feed: (source, position, payload) => {
        const instrument = position < 0 ? position : pairs.indexOf(own[position]!)
        local.feed({ source, venue: venueIds.indexOf(venue), instrument, received: now, payload })
        local.signals({ levelChange: (change) => changes.push(change) })
      }
    })
    simulated.connect()
    return simulated
  })
  const end = scenario.startsAt + Math.min(minutes * 60_000, scenario.durationMillis)
  for (now += stepMillis; now < end; now += stepMillis) {
    for (const venue of venues) venue.step()
    onStep?.(local)
  }
  return changes
}
