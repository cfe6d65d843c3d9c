/**
 * Where a coin usually stands, and how much it usually strays: a running median and mean absolute deviation.
 *
 * The median walks towards each new value at a fixed pace (a stochastic-approximation median): an excursion moves it by the
 * hour, not by its size, so a crash does not become the new normal while a coin that has stood at 0.997 for days does.
 */

/** Pace of the median. */
const paceBpsPerHour = 1
/** The first value is believed up to this far from the peg: an engine started in a crisis must still see it. */
const startMaxBps = 45
/** Bars during which the median still looks for its place. */
const warmUpBars = 30
const warmUpStepBps = 1
const scaleFactor = 0.01
const scaleStartBps = 2
const scaleMinBps = 0.7
/** Mean absolute deviation of a normal variable to its standard deviation: sqrt(pi / 2). */
const normalFactor = 1.2533

export class Baseline {
  private bars = 0
  private last = Number.NaN
  private scale = scaleStartBps
  medianBps = Number.NaN
  private readonly startMaxBps: number

  /** A rate-bearing coin may stand anywhere at the start: its bound is infinite. */
  constructor(bound = startMaxBps) {
    this.startMaxBps = bound
  }

  /** Takes a traded bar in; while `frozen` (an alarm stands) nothing is learned. */
  update(time: number, deviationBps: number, frozen: boolean): void {
    if (this.bars === 0) this.medianBps = Math.max(-this.startMaxBps, Math.min(this.startMaxBps, deviationBps))
    const hours = Number.isNaN(this.last) ? 0 : Math.min(1, Math.max(0, time - this.last) / 3_600_000)
    this.last = time
    if (frozen) return
    const away = deviationBps - this.medianBps
    const step = this.bars++ < warmUpBars ? warmUpStepBps : paceBpsPerHour * hours
    this.medianBps += Math.abs(away) <= step ? away : Math.sign(away) * step
    this.scale = Math.max(scaleMinBps, this.scale + scaleFactor * (Math.min(Math.abs(away), 4 * this.scale) - this.scale))
  }

  /** Makes where the coin stands its usual place. */
  rebase(deviationBps: number): void {
    this.medianBps = deviationBps
  }

  /** Standard deviation around the median, bps. */
  get scaleBps(): number {
    return this.scale * normalFactor
  }

  /** Distance from the usual, in standard deviations, signed. */
  score(deviationBps: number): number {
    return (deviationBps - this.medianBps) / this.scaleBps
  }
}
