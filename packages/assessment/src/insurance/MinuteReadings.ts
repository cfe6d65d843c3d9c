/**
 * Takes the last state of each minute of one coin as its reading. Plain code, for the engine and for recorded prices alike.
 *
 * A state whose time leaps, forwards or back, is put aside until time goes on from there: one state from the future would otherwise be the end of all readings,
 * since what comes after it would be of minutes that are over.
 */
import type { CoinState } from "@evenkeel/detection/host/States"
import type { Reading } from "./Reading.ts"

export interface MinuteReadingsOptions {
  readonly stepMillis?: number
  /** A longer way from one state to the next is a leap. Recorded prices are in order, and have none. */
  readonly leapMillisMin?: number
}

export class MinuteReadings {
  readonly #stepMillis: number
  readonly #leapMillisMin: number
  #last: Reading | undefined
  /** The time of the last minute, also once its reading was taken. */
  #minute: number | undefined
  /** After a leap, until a later minute follows it or time goes on from before. */
  #leapt: Reading | undefined

  constructor({ leapMillisMin = Number.POSITIVE_INFINITY, stepMillis = 60_000 }: MinuteReadingsOptions = {}) {
    this.#stepMillis = stepMillis
    this.#leapMillisMin = leapMillisMin
  }

  /** Readings of minutes that are over, once a state belongs to a later one. `own` is asked for each state that is kept. */
  see(state: CoinState, own: () => Reading["own"]): ReadonlyArray<Reading> {
    const { deviationBps, errorBps, fairValue, time } = state
    if (time === null || fairValue === null || deviationBps === null || errorBps === null) return []
    // What comes at the very end of a minute belongs to it: bars close there.
    const minute = Math.ceil(time / this.#stepMillis) * this.#stepMillis
    const reading = (): Reading => ({
      coin: state.coin,
      time: minute,
      fairValue,
      errorBps,
      deviationBps,
      level: state.level,
      grounded: state.grounded,
      agree: state.venues.agree.length,
      own: own()
    })
    if (this.#minute === undefined || !this.#isLeap(this.#minute, minute)) {
      this.#leapt = undefined
      if (this.#minute !== undefined && minute < this.#minute) return []
      const over = this.#minute !== undefined && minute > this.#minute ? this.#taken() : []
      this.#minute = minute
      this.#last = reading()
      return over
    }
    const leapt = this.#leapt
    if (leapt === undefined || minute < leapt.time || this.#isLeap(leapt.time, minute) || minute === leapt.time) {
      this.#leapt = reading()
      return []
    }
    // Time goes on from there. After a leap back what was before was of the future, and is no reading.
    const over = [...(leapt.time > this.#minute ? this.#taken() : []), leapt]
    this.#leapt = undefined
    this.#minute = minute
    this.#last = reading()
    return over
  }

  /** The reading of the minute that is not over, at the end of a recording. */
  end(): Reading | undefined {
    return this.#taken()[0]
  }

  #isLeap(from: number, to: number): boolean {
    return Math.abs(to - from) >= this.#leapMillisMin
  }

  #taken(): ReadonlyArray<Reading> {
    const last = this.#last
    this.#last = undefined
    return last === undefined ? [] : [last]
  }
}
