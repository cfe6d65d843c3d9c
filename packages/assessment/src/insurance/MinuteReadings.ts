/** Takes the last state of each minute of one coin as its reading. Plain code, for the engine and for recorded prices alike. */
import type { CoinState } from "@evenkeel/detection/host/States"
import type { Reading } from "./Reading.ts"

export class MinuteReadings {
  readonly #stepMillis: number
  #minute = Number.NEGATIVE_INFINITY
  #last: Reading | undefined

  constructor(stepMillis = 60_000) {
    this.#stepMillis = stepMillis
  }

  /** The reading of the minute before, once a state belongs to a later one. `own` is asked for each state that is kept. */
  see(state: CoinState, own: () => Reading["own"]): Reading | undefined {
    const { deviationBps, errorBps, fairValue, time } = state
    if (time === null || fairValue === null || deviationBps === null || errorBps === null) return undefined
    // What comes at the very end of a minute belongs to it: bars close there.
    const minute = Math.ceil(time / this.#stepMillis) * this.#stepMillis
    if (minute < this.#minute) return undefined
    const before = minute > this.#minute ? this.#last : undefined
    this.#minute = minute
    this.#last = {
      coin: state.coin,
      time: minute,
      fairValue,
      errorBps,
      deviationBps,
      level: state.level,
      grounded: state.grounded,
      agree: state.venues.agree.length,
      own: own()
    }
    return before
  }

  /** The reading of the minute that is not over, at the end of a recording. */
  end(): Reading | undefined {
    const last = this.#last
    this.#last = undefined
    return last
  }
}
