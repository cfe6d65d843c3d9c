/**
 * Where a value has stood in the last days: its median, and the median distance from it, over a window in hours, whatever the bars' length.
 *
 * One value in five minutes is kept at most, so that bars of a minute and of a quarter of an hour lead to the same. Nothing freezes it: after
 * half of the window another place has become the usual one. Read the figures before `update`, and they do not know the value at hand.
 */
import { insertInto, removeFrom } from "./Ascending.ts"

const keptEvery = 5 * 60_000

export class TrailingMedian {
  /** NaN before the first value. */
  median = Number.NaN
  /** Median of the distances from the median (of an even number the larger of the two in the middle). */
  spread = Number.NaN
  private oldest = 0
  private count = 0
  private last = Number.NEGATIVE_INFINITY
  private readonly window: number
  private readonly times: Float64Array
  private readonly values: Float64Array
  /** The same values, ascending. */
  private readonly sorted: Float64Array

  constructor(windowMillis: number) {
    this.window = windowMillis
    const most = Math.ceil(windowMillis / keptEvery) + 1
    this.times = new Float64Array(most)
    this.values = new Float64Array(most)
    this.sorted = new Float64Array(most)
  }

  /** Whether a value of `time` (ms) would be kept: a call of `update` hands over two doubles, which are boxed. */
  isDue(time: number): boolean {
    return time - this.last >= keptEvery
  }

  /** Takes in a value of `time` (ms), if it is due; times may not fall. */
  update(time: number, value: number): void {
    if (Number.isNaN(value) || !this.isDue(time)) return
    this.last = time
    const { times, values } = this
    const most = times.length
    while (this.count > 0 && (this.count === most || times[this.oldest]! <= time - this.window)) {
      removeFrom(this.sorted, this.count--, values[this.oldest]!)
      this.oldest = (this.oldest + 1) % most
    }
    const at = (this.oldest + this.count) % most
    times[at] = time
    values[at] = value
    insertInto(this.sorted, this.count++, value)
    this.median = this.middle()
    this.spread = this.middleDistance()
  }

  private middle(): number {
    const { count, sorted } = this
    const half = count >>> 1
    return count % 2 === 1 ? sorted[half]! : 0.5 * (sorted[half - 1]! + sorted[half]!)
  }

  /** The farthest of the nearest half: of all runs of so many values in a row the one whose ends are nearest, found by halving. */
  private middleDistance(): number {
    const { count, median, sorted } = this
    const half = (count >>> 1) + 1
    let low = 0
    let high = count - half
    while (low < high) {
      const middle = (low + high) >>> 1
      if (median - sorted[middle]! > sorted[middle + half]! - median) low = middle + 1
      else high = middle
    }
    return Math.max(median - sorted[low]!, sorted[low + half - 1]! - median)
  }
}
