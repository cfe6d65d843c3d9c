/**
 * What the detectors say, as features: CUSUM (Page 1954), changepoint (Adams and MacKay 2007), bars in a row beyond 20 and 50 bps, and the
 * probability that a Brownian motion of the volatility at hand reaches 50 bps within an hour and within a day (first passage: the
 * reflection principle, P = 2 Φ(-d / σ√t)).
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, hour, Mean } from "./Decay.ts"

const breakBps = 50

class Detectors implements Family {
  readonly #variance = new Mean(4 * hour)
  readonly #slow = new Mean(day)
  #last = Number.NaN

  update({ breakBars, changepoint, cusum, deviationBps, elapsed, stressBars }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.#last
    this.#last = deviationBps
    const rate = elapsed > 0 ? (change * change * hour) / elapsed : Number.NaN
    out[at] = cusum
    out[at + 1] = changepoint
    out[at + 2] = Math.min(10, stressBars)
    out[at + 3] = Math.min(10, breakBars)
    out[at + 4] = passage(deviationBps, this.#variance.update(rate, elapsed))
    out[at + 5] = passage(deviationBps, 24 * this.#slow.update(rate, elapsed))
  }
}

/** The chance to reach 50 bps, with `variance` bps² until then; 1 beyond it. */
const passage = (deviationBps: number, variance: number): number => {
  const room = breakBps - Math.abs(deviationBps)
  if (room <= 0) return 1
  return variance > 0 ? 2 * normalTail(room / Math.sqrt(variance)) : Number.isNaN(variance) ? Number.NaN : 0
}

/** The standard normal's upper tail, to 7.5e-8. Abramowitz and Stegun 1964, 26.2.17. */
export const normalTail = (x: number): number => {
  const t = 1 / (1 + 0.2316419 * x)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * series
}

export const detectors: FamilyDefinition = {
  names: ["cusum", "changepoint", "stress_bars", "break_bars", "first_passage_1h", "first_passage_24h"],
  make: () => new Detectors()
}
