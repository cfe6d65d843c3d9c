/**
 * Keeps a model's predictions for the next hour until it is known whether the coin broke its peg, as the judge of what a model earns.
 *
 * A break here is three bars in a row beyond 50 bps, as the detectors count it. Time is the bars' own, so a replay gives the same outcomes.
 */
export interface Outcome {
  readonly version: number
  readonly probability: number
  readonly broke: boolean
}

/** A coin's latest bar, with what the model that serves said at its close. */
export interface PredictedBar {
  readonly coin: number
  /** The bar's close, Unix ms. */
  readonly time: number
  readonly deviationBps: number
  /** 0 where no model serves. */
  readonly version: number
  /** That a break begins within the hour; NaN where the model has no such head. */
  readonly probability: number
}

const hour = 3_600_000
const breakBps = 50
const barsToBreak = 3
/** Predictions that wait for their outcome; beyond it the oldest is dropped without one. */
export const pendingMax = 10_000

interface Pending {
  readonly coin: number
  readonly version: number
  readonly probability: number
  readonly until: number
  barsBeyond: number
}

export class Outcomes {
  readonly #pending: Array<Pending> = []
  readonly #lastBar = new Map<number, number>()

  /** Predictions that wait for their outcome. */
  get pending(): number {
    return this.#pending.length
  }

  /** Takes a bar; returns the earlier predictions of its coin whose outcome it decides. A bar that is not newer than the last is ignored. */
  update({ coin, deviationBps, probability, time, version }: PredictedBar): ReadonlyArray<Outcome> {
    if (!(time > (this.#lastBar.get(coin) ?? Number.NEGATIVE_INFINITY))) return []
    this.#lastBar.set(coin, time)
    const known: Array<Outcome> = []
    const beyond = Math.abs(deviationBps) > breakBps
    for (let at = this.#pending.length - 1; at >= 0; at--) {
      const each = this.#pending[at]!
      if (each.coin !== coin) continue
      each.barsBeyond = beyond ? each.barsBeyond + 1 : 0
      const broke = each.barsBeyond >= barsToBreak
      if (!broke && time < each.until) continue
      known.push({ version: each.version, probability: each.probability, broke })
      this.#pending.splice(at, 1)
    }
    // Within a break the model answers another question: whether it still stands.
    if (version > 0 && !beyond && Number.isFinite(probability)) {
      this.#pending.push({ coin, version, probability, until: time + hour, barsBeyond: 0 })
      if (this.#pending.length > pendingMax) this.#pending.shift()
    }
    return known
  }
}
