/**
 * Which readings of a coin are written down for a cover: those within reach of the mark, those while something counts, and a while after. Plain code.
 *
 * Reach is half of the way from the peg to the mark. An average looks back, so its minutes before are kept and written first, as many as its window
 * has.
 */
import { judge, marksOf, type Reading } from "./Reading.ts"
import { periodOf, type Terms } from "./Terms.ts"
import { Trigger, type TriggerState } from "./Trigger.ts"

const minute = 60_000
/** After the coin has left the reach: what ends a run is to be seen as well. */
const holdMinutes = 10
/** While the database is away; beyond it the oldest are lost, and become gaps. */
export const waitingMax = 1440

export class ReadingRecorder {
  /** Readings to be written, the oldest first. */
  readonly waiting: Array<Reading> = []
  /** Of an average, not within reach. */
  readonly #before: Array<Reading> = []
  readonly #terms: Terms
  readonly #reach: number
  readonly #period: { readonly from: number; readonly until: number }
  #until = Number.NEGATIVE_INFINITY
  lost = 0
  /** How it stands before anything is known. */
  readonly blank: Trigger

  constructor(terms: Terms) {
    this.#terms = terms
    this.#reach = marksOf(terms).mark / 2
    this.#period = periodOf(terms)
    this.blank = new Trigger(terms)
  }

  take(reading: Reading, state: TriggerState): void {
    const { time } = reading
    if (time - minute < this.#period.from || time > this.#period.until) return
    const judged = judge(this.#terms, reading)
    // One that does not count may be within reach as well: nobody knows.
    const near = typeof judged === "string" ? reading.deviationBps <= this.#reach : judged.bps <= this.#reach
    if (near || state === "accruing") this.#until = time + holdMinutes * minute
    if (time <= this.#until) {
      this.waiting.push(...this.#before.splice(0), reading)
      const excess = this.waiting.length - waitingMax
      if (excess > 0) this.lost += this.waiting.splice(0, excess).length
      return
    }
    if (this.#terms.condition !== "average") return
    this.#before.push(reading)
    if (this.#before.length >= this.#terms.minutes) this.#before.shift()
  }

  written(count: number): void {
    this.waiting.splice(0, count)
  }
}
