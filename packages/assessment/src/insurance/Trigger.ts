/**
 * Whether terms have been met by a row of readings, when, and by which of them. Plain code: the same readings give the same answer, in the engine, on
 * recorded prices, and for whoever verifies exported evidence.
 *
 * A minute without a reading that counts is a gap. Gaps are told and never count for the trigger: in `continuous` they add no time, and too many in a row
 * begin it anew; in `average` they count as minutes at the peg.
 */
import { Schema } from "effect"
import { judge, marksOf, type Reading, type Unsound } from "./Reading.ts"
import { periodOf, type Terms } from "./Terms.ts"

/** `idle`: nothing counts towards the trigger. `accruing`: something does. `met`: for good. */
export const TriggerState = Schema.Literals(["idle", "accruing", "met"])
export type TriggerState = typeof TriggerState.Type

export const Verdict = Schema.Struct({
  state: TriggerState,
  /** Since when minutes count, Unix ms; of an average the beginning of its window. Null while idle. */
  since: Schema.NullOr(Schema.Finite),
  /** The end of the minute that met the terms. */
  metAt: Schema.NullOr(Schema.Finite),
  /** Minutes that count, of `neededMinutes`; of an average, those of its window below the mark. */
  minutes: Schema.Finite,
  neededMinutes: Schema.Finite,
  /** Minutes since `since` without a reading that counts. */
  gapMinutes: Schema.Finite,
  /** The last value that counts, and the mean of an average's window: distance from the peg in bps, or of the price from 1. */
  valueBps: Schema.NullOr(Schema.Finite),
  averageBps: Schema.NullOr(Schema.Finite),
  /** The most minutes that have counted in one run, and the lowest mean so far. */
  longestMinutes: Schema.Finite,
  lowestAverageBps: Schema.NullOr(Schema.Finite),
  /** Of `met`: what a coin had lost by then, and what of it is paid, in bps of the peg. */
  lossBps: Schema.NullOr(Schema.Finite),
  payableBps: Schema.NullOr(Schema.Finite),
  /** Places in the family's chain of the first fact and the last that count; null where the readings come from elsewhere. */
  firstFact: Schema.NullOr(Schema.Int),
  lastFact: Schema.NullOr(Schema.Int)
})
export type Verdict = typeof Verdict.Type

/** Minutes without a reading that counts, in a row, while something counted towards the trigger. */
export interface Gap {
  /** Unix ms. */
  readonly from: number
  readonly to: number
  readonly why: Unsound | "no reading"
}

/** Minutes that counted in a row, and what ended them: the value came back, or too many minutes without a reading that counts. */
export interface Run {
  /** Unix ms. */
  readonly since: number
  readonly until: number
  readonly minutes: number
  readonly ended: "recovered" | Gap["why"]
}

/** More gaps are counted and not listed. */
const gapsMax = 1000
/** Of runs that came to nothing the longest are kept. */
const runsMax = 10

interface Minute {
  readonly time: number
  /** Undefined in a gap. */
  readonly bps: number | undefined
  readonly fact: number | null
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6

export class Trigger {
  readonly terms: Terms
  /** What one reading stands for. */
  readonly #stepMillis: number
  readonly #marks: { readonly mark: number; readonly recovery: number }
  readonly #period: { readonly from: number; readonly until: number }
  /** Of an average: its window, the oldest first. */
  #window: Array<Minute> = []
  #lastTime = Number.NEGATIVE_INFINITY
  #state: TriggerState = "idle"
  #since: number | null = null
  #minutes = 0
  #gapMinutes = 0
  #gapInRow = 0
  #value: number | null = null
  #average: number | null = null
  #longest = 0
  #lowest: number | null = null
  #metAt: number | null = null
  #loss: number | null = null
  #firstFact: number | null = null
  #lastFact: number | null = null
  readonly gaps: Array<Gap> = []
  /** Of `continuous`: the longest that came to nothing, the longest first. */
  readonly runs: Array<Run> = []

  constructor(terms: Terms, stepMillis = 60_000) {
    this.terms = terms
    this.#stepMillis = stepMillis
    this.#marks = marksOf(terms)
    this.#period = periodOf(terms)
  }

  /** Takes the next reading; one that is not later than the last, or not within the period, is passed over. `fact`: its place in the chain. */
  add(reading: Reading, fact: number | null = null): void {
    const { time } = reading
    if (this.#state === "met" || reading.coin !== this.terms.coin || !(time > this.#lastTime)) return
    if (time - this.#stepMillis < this.#period.from || time > this.#period.until) return
    const missing = Number.isFinite(this.#lastTime) ? Math.round((time - this.#lastTime) / this.#stepMillis) - 1 : 0
    if (missing > 0) this.#skip(this.#lastTime, missing, "no reading")
    this.#lastTime = time
    const judged = judge(this.terms, reading)
    if (typeof judged === "string") return this.#skip(time - this.#stepMillis, 1, judged)
    this.#value = judged.bps
    const minute = { time, bps: judged.bps, fact }
    if (this.terms.condition === "average") this.#slide([minute])
    else this.#count(minute)
    if (this.#metAt !== null) this.#loss = Math.max(0, (1 - judged.price) * 1e4)
  }

  get verdict(): Verdict {
    const payable = this.#loss === null ? null : Math.min(this.terms.limitBps, Math.max(0, this.#loss - this.terms.deductibleBps))
    const rounded = (value: number | null) => (value === null ? null : round(value))
    return {
      state: this.#state,
      since: this.#since,
      metAt: this.#metAt,
      minutes: this.#minutes,
      neededMinutes: this.terms.minutes,
      gapMinutes: this.#gapMinutes,
      valueBps: rounded(this.#value),
      averageBps: rounded(this.#average),
      longestMinutes: this.#longest,
      lowestAverageBps: rounded(this.#lowest),
      lossBps: rounded(this.#loss),
      payableBps: rounded(payable),
      firstFact: this.#firstFact,
      lastFact: this.#lastFact
    }
  }

  get #minutesPerReading(): number {
    return this.#stepMillis / 60_000
  }

  #count({ bps, fact, time }: Minute & { readonly bps: number }): void {
    const { mark, recovery } = this.#marks
    const below = bps < mark
    if (this.#state === "idle" ? !below : bps >= recovery && !below) {
      this.#end(time - this.#stepMillis, "recovered")
      return this.#rest()
    }
    if (this.#state === "idle") {
      this.#state = "accruing"
      this.#since = time - this.#stepMillis
      this.#firstFact = fact
    }
    this.#gapInRow = 0
    this.#minutes += this.#minutesPerReading
    this.#longest = Math.max(this.#longest, this.#minutes)
    this.#lastFact = fact
    if (this.#minutes >= this.terms.minutes) this.#meet(time)
  }

  /** `readings` in a row without one that counts, from `from` on. */
  #skip(from: number, readings: number, why: Gap["why"]): void {
    if (this.terms.condition === "average") {
      const windowMax = Math.ceil(this.terms.minutes / this.#minutesPerReading)
      const last = from + readings * this.#stepMillis
      const kept = Math.min(readings, windowMax)
      const minutes = Array.from({ length: kept }, (_, index) => ({
        time: last - (kept - 1 - index) * this.#stepMillis,
        bps: undefined,
        fact: null
      }))
      if (this.#state === "accruing") this.#tell({ from, to: last, why })
      return this.#slide(minutes)
    }
    if (this.#state !== "accruing") return
    this.#gapInRow += readings * this.#minutesPerReading
    this.#gapMinutes += readings * this.#minutesPerReading
    this.#tell({ from, to: from + readings * this.#stepMillis, why })
    if (this.#gapInRow <= this.terms.gapMinutesMax) return
    this.#end(from + readings * this.#stepMillis, why)
    this.#rest()
  }

  #tell(gap: Gap): void {
    const before = this.gaps.at(-1)
    if (before?.to === gap.from && before.why === gap.why) this.gaps[this.gaps.length - 1] = { ...before, to: gap.to }
    else if (this.gaps.length < gapsMax) this.gaps.push(gap)
  }

  #slide(minutes: ReadonlyArray<Minute>): void {
    const length = Math.ceil(this.terms.minutes / this.#minutesPerReading)
    this.#window = [...this.#window, ...minutes].slice(-length)
    const { mark } = this.#marks
    const counted = this.#window.filter(({ bps }) => bps !== undefined)
    const below = counted.filter(({ bps }) => bps! < mark)
    const average = counted.reduce((sum, { bps }) => sum + bps!, 0) / length
    this.#average = average
    this.#lowest = Math.min(this.#lowest ?? 0, average)
    this.#longest = Math.max(this.#longest, below.length * this.#minutesPerReading)
    this.#minutes = below.length * this.#minutesPerReading
    if (below.length === 0) return this.#rest()
    const end = this.#window.at(-1)!.time
    this.#state = "accruing"
    this.#since = end - length * this.#stepMillis
    this.#gapMinutes = (length - counted.length) * this.#minutesPerReading
    this.#firstFact = counted[0]!.fact
    this.#lastFact = counted.at(-1)!.fact
    // A gap may not be what meets the terms.
    if (average < mark && this.#window.at(-1)!.bps !== undefined) this.#meet(end)
  }

  #meet(time: number): void {
    this.#state = "met"
    this.#metAt = time
  }

  #end(until: number, ended: Run["ended"]): void {
    if (this.#since === null) return
    this.runs.push({ since: this.#since, until, minutes: this.#minutes, ended })
    this.runs.sort((a, b) => b.minutes - a.minutes || a.since - b.since).splice(runsMax)
  }

  #rest(): void {
    this.#state = "idle"
    this.#since = null
    this.#minutes = 0
    this.#gapMinutes = 0
    this.#gapInRow = 0
    this.#firstFact = null
    this.#lastFact = null
    this.gaps.length = 0
  }
}
