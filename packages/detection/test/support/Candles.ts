/** A seeded market of candles: two coins, three pairs, volumes with taker sides, and a coin that leans, breaks and comes back. */
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { Random } from "@evenkeel/learning/data/Random"
import type { HotPathOptions } from "../../src/hotpath/HotPath.ts"
import type { LocalFrame } from "../../src/host/LocalHotPath.ts"

export const minute = 60_000
/** On the grid of minutes. */
export const startsAt = 1_700_000_040_000

export const candleMarket: HotPathOptions = {
  coins: [coinOf("USDC")!, coinOf("USDT")!],
  instruments: [
    { venue: "kraken", symbol: "USDC/USD", base: "USDC", quote: "USD" },
    { venue: "kraken", symbol: "USDT/USD", base: "USDT", quote: "USD" },
    { venue: "binance", symbol: "USDCUSDT", base: "USDC", quote: "USDT" }
  ],
  venues: [
    { id: "kraken", decoder: undefined },
    { id: "binance", decoder: undefined }
  ],
  barMillis: minute,
  scoreGapMillis: 0
}

export const candle = (instrument: number, time: number, close: number, volume = 100_000, bought = 50_000): LocalFrame => ({
  source: FrameSource.event,
  venue: instrument === 2 ? 1 : 0,
  instrument,
  received: time,
  payload: eventPayload(EventKind.candle, [time, close, volume, bought, close, close, minute])
})

export const tick = (time: number): LocalFrame => ({ source: FrameSource.clock, venue: 0, received: time, payload: new Uint8Array(0) })

/** `minutes` of it; USDC is sold from `breaksAt` on, and breaks four hours later. */
export const candles = (minutes: number, breaksAt: number, seed = 1): ReadonlyArray<LocalFrame> => {
  const random = new Random(seed)
  const noise = () => (random.uniform() - 0.5) * 2e-4
  return Array.from({ length: minutes }, (_, n) => {
    const time = startsAt + (n + 1) * minute
    const sold = n >= breaksAt
    const lost = Math.max(0, Math.min(0.02, (n - breaksAt - 240) * 2e-4))
    const usdc = 1 - lost + noise() - (sold ? 4e-4 : 0)
    const usdt = 1 + noise()
    const volume = 100_000 * (1 + random.uniform()) * (sold ? 15 : 1)
    const bought = volume * (sold ? 0.1 : 0.5 + (random.uniform() - 0.5) * 0.2)
    return [
      candle(0, time, usdc, volume, bought),
      candle(1, time, usdt, 100_000 * (1 + random.uniform())),
      candle(2, time, usdc / usdt, volume, bought)
    ]
  }).flat()
}
