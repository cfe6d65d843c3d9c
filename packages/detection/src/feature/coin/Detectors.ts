/**
 * What the detectors say, as features: CUSUM (Page 1954), changepoint (Adams and MacKay 2007), bars in a row beyond 20 and 50 bps, and the
 * probability that a Brownian motion of the volatility at hand reaches 50 bps within an hour and within a day (first passage: the
 * reflection principle, P = 2 Φ(-d / σ√t)); and log odds of the same with the drift of the last hour, within one hour and four
 * (P = Φ((μt - d) / σ√t) + exp(2μd / σ²) Φ((-d - μt) / σ√t); Cox and Miller, "The Theory of Stochastic Processes", 1965).
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, hour, Mean } from "./Decay.ts"

const breakBps = 50
/** A coin that has not moved lately may still move. */
const varianceMin = 0.25

class Detectors implements Family {
  readonly #variance = new Mean(4 * hour)
  readonly #slow = new Mean(day)
  readonly #mean = new Mean(hour)
  #last = Number.NaN

  update({ breakBars, changepoint, cusum, deviationBps, elapsed, stressBars }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.#last
    this.#last = deviationBps
    const rate = elapsed > 0 ? (change * change * hour) / elapsed : Number.NaN
    out[at] = cusum
    out[at + 1] = changepoint
    out[at + 2] = Math.min(10, stressBars)
    out[at + 3] = Math.min(10, breakBars)
    const variance = this.#variance.update(rate, elapsed)
    const before = this.#mean.value
    this.#mean.update(deviationBps, elapsed)
    const side = deviationBps < 0 ? -1 : 1
    const drift = Number.isNaN(before) ? 0 : (side * (deviationBps - before) * hour) / Math.max(hour, elapsed)
    const room = breakBps - Math.abs(deviationBps)
    out[at + 4] = passage(room, variance)
    out[at + 5] = passage(room, 24 * this.#slow.update(rate, elapsed))
    out[at + 6] = passageOdds(room, variance, drift, 1)
    out[at + 7] = passageOdds(room, variance, 0.5 * drift, 4)
  }
}

/** The chance to cross `room` bps, with `variance` bps² until then; 1 beyond it. */
const passage = (room: number, variance: number): number => {
  if (room <= 0) return 1
  return variance > 0 ? 2 * normalTail(room / Math.sqrt(variance)) : Number.isNaN(variance) ? Number.NaN : 0
}

const oddsMax = 25

/** Log odds to cross `room` bps within `hours`, at `variance` bps² and a drift of `drift` bps an hour; bounded. */
const passageOdds = (room: number, variance: number, drift: number, hours: number): number => {
  if (room <= 0) return oddsMax
  if (Number.isNaN(variance)) return Number.NaN
  const spread = Math.sqrt(Math.max(varianceMin, variance) * hours)
  const carried = drift * hours
  // The second term's exponent and tail are taken together: apart, one overflows where the other vanishes.
  const reflected = Math.exp(Math.min(0, (2 * carried * room) / (spread * spread) - 0.5 * ((room + carried) / spread) ** 2))
  const tail = normalTail((room + carried) / spread) / Math.exp(-0.5 * ((room + carried) / spread) ** 2)
  const probability = normalTail((room - carried) / spread) + (Number.isFinite(tail) ? reflected * tail : 0)
  return Math.max(-oddsMax, Math.min(oddsMax, Math.log(probability / Math.max(1e-11, 1 - probability))))
}

/** The standard normal's upper tail, to 7.5e-8. Abramowitz and Stegun 1964, 26.2.17. */
export const normalTail = (x: number): number => {
  if (x < 0) return 1 - normalTail(-x)
  const t = 1 / (1 + 0.2316419 * x)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * series
}

export const detectors: FamilyDefinition = {
  names: [
    "cusum",
    "changepoint",
    "stress_bars",
    "break_bars",
    "first_passage_1h",
    "first_passage_24h",
    "drifting_passage_1h",
    "drifting_passage_4h"
  ],
  outward: ["cusum"],
  make: () => new Detectors()
}
