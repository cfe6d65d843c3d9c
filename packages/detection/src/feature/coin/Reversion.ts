/**
 * Does the coin come back: the half-life of an Ornstein-Uhlenbeck process (Uhlenbeck and Ornstein 1930) from the regression of changes
 * on distances, the autocorrelation of changes, the variance ratio (Lo and MacKinlay 1988) and the Hurst exponent that it implies.
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, flat, hour, Mean, Pair } from "./Decay.ts"

const bars = 8
const halfLifeMaxHours = 240

class Reversion implements Family {
  private readonly changes = new Pair(day)
  private readonly pull = new Pair(day)
  private readonly one = new Mean(day)
  private readonly many = new Mean(day)
  private readonly ring = new Float64Array(bars).fill(Number.NaN)
  private readonly step = new Mean(day)
  private at = 0
  private last = Number.NaN
  private lastChange = Number.NaN

  update({ deviationBps, elapsed }: CoinBar, out: Float64Array, at: number): void {
    const change = deviationBps - this.last
    this.changes.update(this.lastChange, change, elapsed)
    this.pull.update(this.last, change, elapsed)
    const step = this.step.update(elapsed > 0 ? elapsed : Number.NaN, elapsed)
    const one = this.one.update(change * change, elapsed)
    const before = this.ring[this.at]!
    const many = this.many.update((deviationBps - before) ** 2, elapsed)
    this.ring[this.at] = deviationBps
    this.at = (this.at + 1) % bars
    this.last = deviationBps
    this.lastChange = change
    const back = -this.pull.beta
    const hours = step / hour
    out[at] = back > 0 && back < 1 ? Math.min(halfLifeMaxHours, (Math.LN2 * hours) / -Math.log1p(-back)) : Number.NaN
    out[at + 1] = this.changes.correlation
    out[at + 2] = one > flat ? many / (bars * one) : Number.NaN
    out[at + 3] = one > flat && many > flat ? Math.max(0, Math.min(1, (0.5 * Math.log(many / one)) / Math.log(bars))) : Number.NaN
  }
}

export const reversion: FamilyDefinition = {
  names: ["half_life_hours", "autocorrelation", "variance_ratio", "hurst"],
  outward: [],
  make: () => new Reversion()
}
