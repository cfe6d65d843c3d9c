/**
 * What chartists read, on the deviation: RSI (Wilder 1978), MACD (Appel 1979), Bollinger bands (2002), all forgetting with time: the
 * classic 14, 12, 26 and 9 bars are taken as bars of a quarter of an hour.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { flat, Mean, minute } from "./Decay.ts"

const bar = 15 * minute

class Oscillator implements Family {
  private readonly up = new Mean(14 * bar)
  private readonly down = new Mean(14 * bar)
  private readonly fast = new Mean(12 * bar)
  private readonly slow = new Mean(26 * bar)
  private readonly signal = new Mean(9 * bar)
  private readonly middle = new Mean(20 * bar)
  private readonly squares = new Mean(20 * bar)
  private last = Number.NaN

  update({ deviationBps, elapsed }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.last
    this.last = deviationBps
    const up = this.up.update(Math.max(0, change), elapsed)
    const down = this.down.update(Math.max(0, -change), elapsed)
    const macd = this.fast.update(deviationBps, elapsed) - this.slow.update(deviationBps, elapsed)
    const middle = this.middle.update(deviationBps, elapsed)
    const spread = Math.sqrt(Math.max(0, this.squares.update(deviationBps * deviationBps, elapsed) - middle * middle))
    // From -50 to 50 around the middle, which is 50 in Wilder's count.
    out[at] = up + down > flat ? (100 * up) / (up + down) - 50 : Number.NaN
    out[at + 1] = macd
    out[at + 2] = macd - this.signal.update(macd, elapsed)
    out[at + 3] = spread > 1e-3 ? (deviationBps - middle) / (2 * spread) : Number.NaN
    out[at + 4] = 4 * spread
  }
}

export const oscillator: FamilyDefinition = {
  names: ["rsi", "macd_bps", "macd_histogram_bps", "bollinger_position", "band_width_bps"],
  outward: ["rsi", "macd_bps", "macd_histogram_bps", "bollinger_position"],
  make: () => new Oscillator()
}
