/**
 * The last minute of a histogram that only grows: what was counted since a copy that is about as old.
 *
 * Copies are taken when somebody looks, at most one a slice, so that nothing runs while nobody looks. Percentiles since the start would show a
 * slow start for ever.
 */
import type { Histogram } from "./Histogram.ts"

const windowMillis = 60_000
const sliceMillis = 5_000

export class RecentHistogram {
  readonly #whole: Histogram
  /** Oldest first; the first one is the youngest that is at least a window old. */
  readonly #copies: Array<{ readonly at: number; readonly histogram: Histogram }> = []

  constructor(whole: Histogram) {
    this.#whole = whole
  }

  /** What was counted in the minute up to `now`, ms of any clock that does not run backwards; since the first look while that is younger. */
  at(now: number): Histogram {
    const newest = this.#copies.at(-1)
    if (newest === undefined || now - newest.at >= sliceMillis) this.#copies.push({ at: now, histogram: this.#whole.copy() })
    while (this.#copies.length > 1 && now - this.#copies[1]!.at >= windowMillis) this.#copies.shift()
    return this.#whole.since(this.#copies[0]!.histogram)
  }
}
