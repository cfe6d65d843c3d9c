/**
 * Counts traded bars in a row beyond a level, on one side: one far price is a wick, three are a break.
 *
 * Two are enough for bars of 15 minutes and more. A bar without a trade confirms nothing and breaks nothing, but a hole longer
 * than 15 minutes or three bars starts the count anew.
 */
const quarterHour = 15 * 60_000

export const barsToConfirm = (barMillis: number): number => (barMillis >= quarterHour ? 2 : 3)

export class Confirmation {
  private bars = 0
  private sign = 0
  private last = Number.NEGATIVE_INFINITY
  /** Close of the first bar of the run; NaN when there is none. */
  since = Number.NaN

  /** Takes a traded bar's deviation; returns how many bars beyond the level the run counts by now. */
  update(time: number, deviationBps: number, levelBps: number, barMillis: number): number {
    const sign = Math.sign(deviationBps)
    const beyond = Math.abs(deviationBps) > levelBps
    const continues = beyond && sign === this.sign && time - this.last <= Math.max(quarterHour, 3 * barMillis)
    if (!beyond) this.bars = 0
    else if (continues) this.bars++
    else {
      this.bars = 1
      this.since = time
    }
    if (!beyond) this.since = Number.NaN
    this.sign = beyond ? sign : 0
    this.last = time
    return this.bars
  }
}
