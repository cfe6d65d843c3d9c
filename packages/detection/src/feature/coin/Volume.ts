/**
 * How much is traded, and at which prices: an hour's rate against a week's, the volume-weighted price, and where the day's volume lies.
 * Sources: VWAP (Berkowitz, Logue and Noser 1988); volume profile (Steidlmayer, "Market Profile", 1984).
 */
import type { CoinBar, Family, FamilyDefinition } from "./CoinBar.ts"
import { day, hour, kept, minute, ratioLog, Total } from "./Decay.ts"

/** The profile's prices: this many steps of 2 bps around the usual place; farther ones go to the ends. */
const steps = 64
const stepBps = 2

class Volume implements Family {
  private readonly quarter = new Total(15 * minute)
  private readonly hour = new Total(hour)
  private readonly week = new Total(7 * day)
  private readonly value = new Total(4 * hour)
  private readonly weight = new Total(4 * hour)
  private readonly profile = new Float64Array(steps)
  private profileTotal = 0
  private since = Number.NaN

  update({ baselineBps, deviationBps, elapsed, time, volume }: CoinBar, out: Float64Array, at: number): void {
    if (Number.isNaN(volume) && Number.isNaN(this.since)) {
      out.fill(Number.NaN, at, at + 5)
      return
    }
    if (Number.isNaN(this.since)) this.since = time
    const quarter = this.quarter.update(volume, elapsed) / (15 * minute)
    const anHour = this.hour.update(volume, elapsed) / hour
    // Totals that began lately have not filled their span yet.
    const filled = 7 * day * (1 - kept(time - this.since + elapsed, 7 * day))
    const week = filled > 0 ? this.week.update(volume, elapsed) / filled : Number.NaN
    const value = this.value.update(volume * deviationBps, elapsed)
    const weight = this.weight.update(volume, elapsed)
    const keep = kept(elapsed, day)
    const step = Math.max(0, Math.min(steps - 1, Math.round((deviationBps - baselineBps) / stepBps) + steps / 2))
    for (let i = 0; i < steps; i++) this.profile[i]! *= keep
    this.profileTotal *= keep
    if (volume > 0) {
      this.profile[step]! += volume
      this.profileTotal += volume
    }
    let below = 0
    for (let i = 0; i < step; i++) below += this.profile[i]!
    out[at] = ratioLog(anHour, week)
    out[at + 1] = ratioLog(quarter, anHour)
    out[at + 2] = ratioLog(quarter, week)
    out[at + 3] = weight > 0 ? deviationBps - value / weight : Number.NaN
    out[at + 4] = this.profileTotal > 0 ? below / this.profileTotal : Number.NaN
  }
}

export const volume: FamilyDefinition = {
  names: ["volume_surge_1h", "volume_burst", "volume_surge_15m", "vwap_distance_bps", "profile_position"],
  outward: ["vwap_distance_bps"],
  make: () => new Volume()
}
