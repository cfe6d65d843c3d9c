/**
 * What several venues say of one price at once: the weighted median, and how far it may be off.
 *
 * No venue is worth many others, however narrow its quote: weights are those of `Sides`. The error reaches as far as it must for more than half of the venues to
 * lie within it, so that of two that differ neither is believed, and of three the one that went astray is outvoted. What one venue alone says may be off by
 * twice its error.
 */

/** A venue's weight is one over its error and this, bps. */
const trustErrorBps = 8
/** Alone, a venue is contradicted by nobody. */
const aloneFactor = 2

export class Voices {
  /** Of those that were added: the median, its error, when it was said (Unix ms), and how many venues there are. */
  bps = Number.NaN
  errorBps = Number.POSITIVE_INFINITY
  time = Number.NaN
  venues = 0
  readonly #venue: Int32Array
  readonly #bps: Float64Array
  readonly #error: Float64Array
  readonly #time: Float64Array

  /** Room for `venuesMax` voices; more are left out. */
  constructor(venuesMax: number) {
    this.#venue = new Int32Array(venuesMax)
    this.#bps = new Float64Array(venuesMax)
    this.#error = new Float64Array(venuesMax)
    this.#time = new Float64Array(venuesMax)
  }

  begin(): void {
    this.venues = 0
  }

  /** Of a venue that says it twice the surer counts. */
  add(venue: number, bps: number, errorBps: number, time: number): void {
    let at = 0
    while (at < this.venues && this.#venue[at] !== venue) at++
    if (at === this.#venue.length || (at < this.venues && this.#error[at]! <= errorBps)) return
    if (at === this.venues) this.venues++
    this.#venue[at] = venue
    this.#bps[at] = bps
    this.#error[at] = errorBps
    this.#time[at] = time
  }

  /** Weighs those that were added; false when there are none. */
  weigh(): boolean {
    if (this.venues === 0) return false
    const median = this.#median()
    const spread = this.#spread(this.#bps[median]!)
    const own = this.#error[median]!
    this.bps = this.#bps[median]!
    this.errorBps = this.venues === 1 ? aloneFactor * own : Math.sqrt(own * own + spread * spread)
    this.time = this.#time[median]!
    return true
  }

  #weightOf(at: number): number {
    return 1 / (trustErrorBps + this.#error[at]!)
  }

  #median(): number {
    let whole = 0
    for (let at = 0; at < this.venues; at++) whole += this.#weightOf(at)
    for (let at = 0; at < this.venues; at++) {
      let below = 0
      for (let other = 0; other < this.venues; other++) {
        const difference = this.#bps[other]! - this.#bps[at]!
        if (difference < 0 || (difference === 0 && this.#venue[other]! < this.#venue[at]!)) below += this.#weightOf(other)
      }
      if (below < whole / 2 && below + this.#weightOf(at) >= whole / 2) return at
    }
    // Sums that were rounded.
    return 0
  }

  /** The distance from `centre` within which more than half of the venues lie. */
  #spread(centre: number): number {
    let least = Number.POSITIVE_INFINITY
    for (let at = 0; at < this.venues; at++) {
      const distance = Math.abs(this.#bps[at]! - centre)
      let within = 0
      for (let other = 0; other < this.venues; other++) if (Math.abs(this.#bps[other]! - centre) <= distance) within++
      if (within * 2 > this.venues) least = Math.min(least, distance)
    }
    return least
  }
}
