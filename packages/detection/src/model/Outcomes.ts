/** What a model said, kept until it is known what came of it. */
export interface Outcome {
  readonly version: number
  readonly probability: number
  readonly broke: boolean
}

const hour = 3_600_000
const breakBps = 50
/** Statements kept; the oldest goes unanswered beyond it. */
const pendingMax = 10_000

interface Pending {
  readonly coin: number
  readonly version: number
  readonly probability: number
  readonly until: number
  bars: number
}

/** Bars in a row beyond 50 bps that make a break here, as the detectors count them. */
const barsToBreak = 3

export class Outcomes {
  readonly #pending: Array<Pending> = []
  readonly #lastBar = new Map<number, number>()

  /** Takes a coin's latest bar; returns what is known by now of earlier statements. Time is the bar's. */
  update(coin: number, time: number, deviationBps: number, version: number, probability: number): ReadonlyArray<Outcome> {
    if (!(time > (this.#lastBar.get(coin) ?? Number.NEGATIVE_INFINITY))) return []
    this.#lastBar.set(coin, time)
    const known: Array<Outcome> = []
    const beyond = Math.abs(deviationBps) > breakBps
    for (let at = this.#pending.length - 1; at >= 0; at--) {
      const each = this.#pending[at]!
      if (each.coin !== coin) continue
      each.bars = beyond ? each.bars + 1 : 0
      const broke = each.bars >= barsToBreak
      if (!broke && time < each.until) continue
      known.push({ version: each.version, probability: each.probability, broke })
      this.#pending.splice(at, 1)
    }
    // Within a break the model says something else.
    if (version > 0 && !beyond && Number.isFinite(probability)) {
      this.#pending.push({ coin, version, probability, until: time + hour, bars: 0 })
      if (this.#pending.length > pendingMax) this.#pending.shift()
    }
    return known
  }
}
