/**
 * An engine of one's own in one file: the hot path with a simulated venue's frames, and a handler for what it says.
 *
 * No thread, no database, no server: the same detection, composed for a script, a notebook or a lambda.
 */
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { LocalHotPath } from "@evenkeel/app/replay/Replayer"
import { eventPayloadBytes } from "@evenkeel/detection/hotpath/HotPath"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { frameHeaderBytes, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"

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
  const buffer = new ArrayBuffer(frameHeaderBytes + eventPayloadBytes)
  const view = {
    bytes: new Uint8Array(buffer),
    int32: new Int32Array(buffer),
    float64: new Float64Array(buffer),
    uint16: new Uint16Array(buffer)
  }
  view.bytes[frameOffsets.source] = FrameSource.event
  view.int32[frameOffsets.payloadBytes >> 2] = eventPayloadBytes
  for (const [minute, price] of prices.entries()) {
    view.float64[frameOffsets.received >> 3] = (minute + 1) * 60_000
    // Event kind, venue's time, close, volume, taker's buys, high, low, duration.
    view.float64.set([EventKind.candle, (minute + 1) * 60_000, price, 100_000, 50_000, price, price, 60_000], frameHeaderBytes >> 3)
    engine.hotPath.process(view, 0)
  }
  engine.hotPath.finish()
  engine.signals({ levelChange: (change) => said.push(change) })
  return said
}
