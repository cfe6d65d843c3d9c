/** Made-up prices and rounds: USDC on two venues and USDT on one, minute by minute. */
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"

export const minute = 60_000
/** On the grid of minutes. */
export const startsAt = 1_700_000_040_000
export const afterMinutes = (minutes: number): number => startsAt + minutes * minute

/** `usdc(m)` is what USDC is worth at minute `m`, where a bar closes every `step` minutes. */
export const madePrices = (minutes: number, usdc: (minute: number) => number, step = 1): ReadonlyArray<PriceFile> => {
  const rows = Math.floor(minutes / step)
  const file = (venue: string, base: string, quote: string, price: (minute: number) => number): PriceFile => ({
    file: `${venue}-${base}-${quote}-1m.csv`,
    instrument: { venue, symbol: `${base}-${quote}`, base, quote },
    stepMillis: step * minute,
    regular: true,
    sha256: "",
    rows,
    badRows: 0,
    times: Float64Array.from({ length: rows }, (_, row) => afterMinutes((row + 1) * step)),
    prices: Float64Array.from({ length: rows }, (_, row) => price((row + 1) * step) + 1e-5 * (row % 2)),
    volumes: new Float64Array(rows).fill(1_000_000),
    buyVolumes: new Float64Array(rows).fill(500_000)
  })
  return [file("kraken", "USDC", "USD", usdc), file("coinbase", "USDT", "USD", () => 1), file("binance", "USDC", "USDT", usdc)]
}
