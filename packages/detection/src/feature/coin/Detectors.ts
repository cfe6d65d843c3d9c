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
  private readonly variance = new Mean(4 * hour)
  private readonly slow = new Mean(day)
  private readonly mean = new Mean(hour)
  private last = Number.NaN

  update({ breakBars, changepoint, cusum, deviationBps, elapsed, stressBars }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.last
    this.last = deviationBps
    const rate = elapsed > 0 ? (change * change * hour) / elapsed : Number.NaN
    out[at] = cusum
    out[at + 1] = changepoint
    out[at + 2] = Math.min(10, stressBars)
    out[at + 3] = Math.min(10, breakBars)
    const variance = this.variance.update(rate, elapsed)
    const before = this.mean.value
    this.mean.update(deviationBps, elapsed)
    const side = deviationBps < 0 ? -1 : 1
    const drift = Number.isNaN(before) ? 0 : (side * (deviationBps - before) * hour) / Math.max(hour, elapsed)
    const room = breakBps - Math.abs(deviationBps)
    writePassage(out, at + 4, room, variance)
    writePassage(out, at + 5, room, 24 * this.slow.update(rate, elapsed))
    writePassageOdds(out, at + 6, room, variance, drift, 1)
    writePassageOdds(out, at + 7, room, variance, 0.5 * drift, 4)
  }
}

// These write their results: a double that a function returns is boxed where the function is not inlined.

/** The chance to cross `room` bps, with `variance` bps² until then; 1 beyond it. */
const writePassage = (out: Float64Array, at: number, room: number, variance: number): void => {
  out[at] = room <= 0 ? 1 : variance > 0 ? 2 * normalTail(room / Math.sqrt(variance)) : Number.isNaN(variance) ? Number.NaN : 0
}

const oddsMax = 25

/** Log odds to cross `room` bps within `hours`, at `variance` bps² and a drift of `drift` bps an hour; bounded. */
const writePassageOdds = (out: Float64Array, at: number, room: number, variance: number, drift: number, hours: number): void => {
  if (room <= 0 || Number.isNaN(variance)) {
    out[at] = room <= 0 ? oddsMax : Number.NaN
    return
  }
  const spread = Math.sqrt(Math.max(varianceMin, variance) * hours)
  const carried = drift * hours
  // The second term's exponent and tail are taken together: apart, one overflows where the other vanishes.
  const far = (room + carried) / spread
  const reflected = Math.exp(Math.min(0, (2 * carried * room) / (spread * spread) - 0.5 * far * far))
  const tail = normalTail(far) / Math.exp(-0.5 * far * far)
  const probability = normalTail((room - carried) / spread) + (Number.isFinite(tail) ? reflected * tail : 0)
  out[at] = Math.max(-oddsMax, Math.min(oddsMax, Math.log(probability / Math.max(1e-11, 1 - probability))))
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
