/**
 * A coin's fair values of the last day, so that it can be asked when the value last stood at a price.
 *
 * That is how far a feed is behind: its price is one that the market had then. It needs no model and no stationary series, and it says something of a
 * single round; `LeadLag` gives the average over many.
 */

/** A day of minutes; the oldest makes room. */
const samplesMax = 1440

export interface LastStood {
  /** Unix ms. */
  readonly time: number
  /** It never stood there: `time` is that of the oldest value. */
  readonly isBound: boolean
}

export class ValueHistory {
  readonly #times = new Float64Array(samplesMax)
  readonly #values = new Float64Array(samplesMax)
  readonly #stepMillis: number
  #count = 0

  /** Values closer together than `stepMillis` replace each other. */
  constructor(stepMillis = 60_000) {
    this.#stepMillis = stepMillis
  }

  get size(): number {
    return Math.min(this.#count, samplesMax)
  }

  /** Values come in the order of time; one that does not is passed over. */
  add(time: number, value: number): void {
    if (!(value > 0)) return
    const last = this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#times[(this.#count - 1) % samplesMax]!
    if (!(time > last)) return
    const before = this.#count < 2 ? Number.NEGATIVE_INFINITY : this.#times[(this.#count - 2) % samplesMax]!
    if (this.#count > 0 && time - before < this.#stepMillis) this.#count--
    this.#times[this.#count % samplesMax] = time
    this.#values[this.#count % samplesMax] = value
    this.#count++
  }

  /** When the value was last within `toleranceBps` of `price`, or crossed it; undefined while nothing is remembered. */
  lastStood(price: number, toleranceBps: number): LastStood | undefined {
    const { size } = this
    if (size === 0 || !(price > 0)) return undefined
    let later = Number.NaN
    for (let back = 1; back <= size; back++) {
      const at = (this.#count - back) % samplesMax
      const distance = Math.log(this.#values[at]! / price) * 1e4
      if (Math.abs(distance) <= toleranceBps) return { time: this.#times[at]!, isBound: false }
      // Between two values on either side it passed the price, at the time of the earlier one or after.
      if (distance * later < 0) return { time: this.#times[(this.#count - back + 1) % samplesMax]!, isBound: false }
      later = distance
    }
    return { time: this.#times[(this.#count - size) % samplesMax]!, isBound: true }
  }
}
