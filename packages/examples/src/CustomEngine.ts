/**
 * An engine of one's own in one file: the hot path with a simulated venue's frames, and a handler for what it says.
 *
 * No thread, no database, no server: the same detection, composed for a script, a notebook or a lambda.
 */
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"

/** Prices of USDC in dollars, one a minute, into an engine that watches one pair on one venue; what it said. */
export const watchPrices = (prices: ReadonlyArray<number>): ReadonlyArray<LevelChange> => {
  const said: Array<LevelChange> = []
  const engine = new LocalHotPath({
    coins: knownCoins.filter(({ symbol }) => symbol === "USDC"),
    instruments: [{ venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" }],
    venues: [{ id: "kraken", decoder: decoders.kraken }],
    barMillis: 60_000,
    scoreGapMillis: 1000
  })
  for (const [minute, price] of prices.entries()) {
    const received = (minute + 1) * 60_000
    // Venue's time, close, volume, taker's buys, high, low, duration.
    const payload = eventPayload(EventKind.candle, [received, price, 100_000, 50_000, price, price, 60_000])
    engine.feed({ source: FrameSource.event, venue: 0, instrument: 0, received, payload })
  }
  engine.hotPath.finish()
  engine.signals({ levelChange: (change) => said.push(change) })
  return said
}
