/**
 * A whole simulated market and the hot path in one thread, on no clock but the scenario's: every venue's own messages, decoded, judged,
 * as fast as they can be made, the same each time.
 */
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { type Session, stepMarket } from "@evenkeel/connectors/simulated/dialect/Dialect"
import { dialects } from "@evenkeel/connectors/simulated/dialect/Dialects"
import { SimulatedInstrument } from "@evenkeel/connectors/simulated/Market"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { configDefaults } from "../../src/config/EngineConfig.ts"
import { parseInstrument, venuesOf } from "../../src/engine/EngineSetup.ts"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"

export const instruments = configDefaults.instruments.map(parseInstrument)

/** Plays `minutes` of a scenario in steps of `stepMillis` and returns every level change. */
export const playScenario = (scenario: Scenario, minutes: number, seed = 1, stepMillis = 10_000): ReadonlyArray<LevelChange> => {
  const coins = ["USDT", "USDC", "DAI", "FDUSD", "UST"].flatMap((symbol) => coinOf(symbol) ?? [])
  const pairs = [...instruments, { venue: "binance", symbol: "USTUSDT", base: "UST", quote: "USDT" }]
  const local = new LocalHotPath({
    coins,
    instruments: pairs,
    venues: decodedSources,
    barMillis: 60_000,
    scoreGapMillis: Number.POSITIVE_INFINITY
  })
  const changes: Array<LevelChange> = []
  let now = scenario.startsAt

  const feed = (source: FrameSource, venue: VenueId, instrument: number, message: string | Uint8Array) => {
    const payload = typeof message === "string" ? new TextEncoder().encode(message) : message
    local.feed({ source, venue: venueIds.indexOf(venue), instrument, received: now, payload })
    local.signals({ levelChange: (change) => changes.push(change) })
  }

  const venues = venuesOf(pairs).map((venue) => {
    const own = pairs.filter((pair) => pair.venue === venue)
    const market = {
      instruments: new Map(own.map((pair, index) => [pair.symbol, new SimulatedInstrument(pair, scenario, seed * 100 + index)] as const)),
      now: () => now,
      badChecksums: false
    }
    for (const instrument of market.instruments.values()) instrument.step(now)
    const session: Session = {
      topics: new Set(),
      sequence: 0,
      counters: new Map(),
      send: (message) => feed(FrameSource.socket, venue, -1, message),
      close: () => {}
    }
    const exchange = exchanges[venue]
    feed(FrameSource.connected, venue, -1, "")
    dialects[venue].opened(session, exchange.socketPath(own), market)
    for (const message of exchange.subscribe(own)) dialects[venue].received(session, message, market)
    if (exchange.resync._tag === "Snapshot") {
      for (const pair of own) {
        const body = dialects[venue].get(new URL(exchange.book.path(pair.symbol), "http://venue"), market)
        feed(FrameSource.snapshot, venue, pairs.indexOf(pair), typeof body === "string" ? body : JSON.stringify(body))
      }
    }
    return { dialect: dialects[venue], market, session }
  })
  const end = scenario.startsAt + Math.min(minutes * 60_000, scenario.durationMillis)
  for (now += stepMillis; now < end; now += stepMillis) {
    for (const { dialect, market, session } of venues) stepMarket(dialect, market, [session])
  }
  return changes
}
