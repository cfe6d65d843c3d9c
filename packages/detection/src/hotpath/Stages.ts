/**
 * How long each part of the hot path's work takes, in histograms that other threads read.
 *
 * One frame in `sampleEvery` is measured part by part: a clock read costs as much as a small message's decoding. Work that is done only where bars
 * close is always measured. A part's time is its own: while a decoder hands an event over, the time belongs to the book or to the value.
 */
import { allocateHistogram, Histogram } from "@evenkeel/runtime/telemetry/Histogram"

/**
 * `receive`: the venue's own time of an event to our receipt of it. `ring_wait`: the frame's publication to its turn. `signal`: the state table, the
 * signals ring and whatever has no name of its own. `judge`, `features` and `model`: of all coins, where a bar closes. `level`: the publication of a
 * frame to the levels that were decided by it. `score`: the same to the end of its handling.
 */
export const hotPathStages = ["receive", "ring_wait", "signal", "decode", "book", "value", "judge", "features", "model", "level"] as const
export type HotPathStage = (typeof hotPathStages)[number]

/** Number of a stage. */
export const stage = Object.fromEntries(hotPathStages.map((name, number) => [name, number])) as Readonly<Record<HotPathStage, number>>

/** Parts of the thread's work, which add up to all of it. */
export const workStages = ["signal", "decode", "book", "value", "judge", "features", "model"] as const satisfies ReadonlyArray<HotPathStage>
/** Those of them that are measured at each bar's close. */
const barStages: ReadonlyArray<HotPathStage> = ["judge", "features", "model"]

/** A prime, so that it keeps no step with venues that take turns. */
export const sampleEvery = 61

/** How many pieces of work one measured piece stands for. */
export const stageWeight = (name: HotPathStage): number => (barStages.includes(name) ? 1 : sampleEvery)

export type StageMemory = Readonly<Record<HotPathStage, SharedArrayBuffer>>

export const allocateStages = (): StageMemory =>
  Object.fromEntries(hotPathStages.map((name) => [name, allocateHistogram()])) as Record<HotPathStage, SharedArrayBuffer>

/** As another thread reads them. */
export const stageHistograms = (memory: StageMemory): Readonly<Record<HotPathStage, Histogram>> =>
  Object.fromEntries(hotPathStages.map((name) => [name, new Histogram(memory[name])])) as Record<HotPathStage, Histogram>

/** No clock of a venue is this far behind: what is older is a time that was not of now. */
const receiveMillisMax = 600_000

export class Stages {
  readonly #histograms: ReadonlyArray<Histogram>
  readonly #now: () => number
  readonly #spent = new Float64Array(hotPathStages.length)
  /** Since when time is of the present part. */
  readonly #since = new Float64Array(1)
  readonly #isBar = hotPathStages.map((name) => barStages.includes(name))
  #left = 1
  #current = -1
  /** The frame in hand is measured. */
  sampled = false
  /** Time is measured: the frame is sampled, or a bar closes. Callers look first: most frames are not, and pay for this look alone. */
  running = false

  constructor(memory: StageMemory, now: () => number) {
    this.#histograms = hotPathStages.map((name) => new Histogram(memory[name]))
    this.#now = now
  }

  /** A frame is taken up; times in ns of the Nanoclock. */
  begin(published: number, started: number): void {
    if (--this.#left > 0) return
    this.#left = sampleEvery
    this.#histograms[stage.ring_wait]!.record(started - published)
    this.sampled = true
    this.#start(started)
  }

  /** A bar closes: it is measured whatever the frame. */
  beginBar(): void {
    if (!this.running) this.#start(this.#now())
  }

  /** From now on time is of `part`; what it was of before, for `leave`. */
  enter(part: number): number {
    const before = this.#current
    if (this.running) this.#switch(part)
    return before
  }

  leave(before: number): void {
    if (this.running) this.#switch(before)
  }

  /** A level was decided by the frame in hand, of this publication. */
  decided(published: number): void {
    this.#histograms[stage.level]!.record(this.#now() - published)
  }

  /** An event of the venue's time `venueTime` was received, both Unix ms; whether that says how long it took. */
  received(venueTime: number, received: number): "timed" | "untimed" | "ahead" {
    const millis = received - venueTime
    if (!(millis <= receiveMillisMax)) return "untimed"
    if (millis < 0) return "ahead"
    this.#histograms[stage.receive]!.record(millis * 1e6)
    return "timed"
  }

  /** The frame is handled. */
  end(): void {
    if (!this.running) return
    this.#switch(-1)
    for (let part = 0; part < this.#spent.length; part++) {
      const spent = this.#spent[part]!
      if (spent > 0 && (this.sampled || this.#isBar[part]!)) this.#histograms[part]!.record(spent)
    }
    this.running = this.sampled = false
  }

  #start(at: number): void {
    this.#spent.fill(0)
    this.running = true
    this.#current = stage.signal
    this.#since[0] = at
  }

  #switch(part: number): void {
    const now = this.#now()
    if (this.#current >= 0) this.#spent[this.#current]! += now - this.#since[0]!
    this.#current = part
    this.#since[0] = now
  }
}
