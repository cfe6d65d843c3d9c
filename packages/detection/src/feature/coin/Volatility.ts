/**
 * How much the deviation moves: mean squared change an hour over three spans, and the shape of changes.
 * Sources: RiskMetrics 1996 (exponential variance); skewness and kurtosis as moments of changes in units of their own deviation.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, flat, hour, Mean, minute, ratioLog } from "./Decay.ts"

const scoreMax = 20

class Volatility implements Family {
  private readonly fast = new Mean(15 * minute)
  private readonly middle = new Mean(hour)
  private readonly slow = new Mean(day)
  private readonly third = new Mean(day)
  private readonly fourth = new Mean(day)
  private readonly jump = new Mean(day)
  private last = Number.NaN
  private lastSize = Number.NaN

  update({ deviationBps, elapsed }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.last
    this.last = deviationBps
    const hours = elapsed / hour
    const rate = elapsed > 0 ? (change * change) / hours : Number.NaN
    const slowBefore = this.slow.value
    const fast = Math.sqrt(this.fast.update(rate, elapsed))
    const middle = Math.sqrt(this.middle.update(rate, elapsed))
    const slow = Math.sqrt(this.slow.update(rate, elapsed))
    const usual = Math.sqrt(slowBefore * hours)
    const score = usual > flat ? Math.max(-scoreMax, Math.min(scoreMax, change / usual)) : Number.NaN
    // Bipower variation leaves jumps out (Barndorff-Nielsen and Shephard 2004): pi/2 times neighbouring sizes.
    const size = elapsed > 0 ? Math.abs(change) / Math.sqrt(hours) : Number.NaN
    const bipower = this.jump.update((Math.PI / 2) * size * this.lastSize, elapsed)
    this.lastSize = size
    out[at] = fast
    out[at + 1] = middle
    out[at + 2] = slow
    out[at + 3] = ratioLog(fast, slow)
    out[at + 4] = this.third.update(score * score * score, elapsed)
    out[at + 5] = this.fourth.update(score * score * (score * score), elapsed)
    out[at + 6] = slow > flat ? 1 - Math.min(1, bipower / (slow * slow)) : Number.NaN
  }
}

export const volatility: FamilyDefinition = {
  names: ["volatility_15m", "volatility_1h", "volatility_24h", "volatility_ratio", "skewness", "kurtosis", "jump_share"],
  outward: ["skewness"],
  make: () => new Volatility()
}
