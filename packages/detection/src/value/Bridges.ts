/**
 * Bridges: assets such as BTC, whose prices in coins and in currencies say together what a coin is worth. Kept here is what each pair of a bridge said last, and how
 * much the bridge moves; `Crossings` makes sources of the fair value from it.
 *
 * The volatility rises at once and falls slowly. It is taken from how far more than half of the pairs moved that spoke: a coin that falls moves its own pair
 * alone, and is no move of the bridge.
 */

/** Of a bridge that stands still, bps per root minute. */
const volatilityBpsMin = 5
const volatilityHalvedMillis = 10 * 60_000
/** Moves are measured from where the pairs stood up to a minute ago, once a second. */
const anchorMillis = 60_000
const sampleMillis = 1000
/** A pair that is silent for longer says nothing, and is no leg of a crossing. */
export const legAgeMaxMillis = 2 * 60_000

/** Everything of one bridge but its pairs. */
interface Bridge {
  variance: number
  anchoredAt: number
  sampledAt: number
}

export class Bridges {
  /** By instrument number: the bridge that it prices, -1 for none; the coin's or the currency's node; its venue. */
  readonly bridge: Int32Array
  readonly node: Int32Array
  readonly venue: Int32Array
  /** Log price, its error (bps), and when it was said, Unix ms; -Infinity for a pair that says nothing. */
  readonly bps: Float64Array
  readonly errorBps: Float64Array
  readonly time: Float64Array
  /** When crossings were made last, Unix ms. */
  refreshedAt = Number.NEGATIVE_INFINITY
  readonly #bridges: ReadonlyArray<Bridge>
  /** Where a pair stood when moves were last measured from; NaN where it did not. */
  readonly #anchor: Float64Array
  readonly #moves: Float64Array

  constructor(bridges: number, instruments: number) {
    this.bridge = new Int32Array(instruments).fill(-1)
    this.node = new Int32Array(instruments).fill(-1)
    this.venue = new Int32Array(instruments).fill(-1)
    this.bps = new Float64Array(instruments)
    this.errorBps = new Float64Array(instruments)
    this.time = new Float64Array(instruments).fill(Number.NEGATIVE_INFINITY)
    this.#anchor = new Float64Array(instruments).fill(Number.NaN)
    this.#moves = new Float64Array(instruments)
    this.#bridges = Array.from({ length: bridges }, () => ({
      variance: volatilityBpsMin ** 2,
      anchoredAt: Number.NaN,
      sampledAt: Number.NaN
    }))
  }

  /** An instrument prices a bridge from now on, or (-1) none. */
  connect(instrument: number, bridge: number, node: number, venue: number): void {
    this.bridge[instrument] = bridge
    this.node[instrument] = node
    this.venue[instrument] = venue
    this.withdraw(instrument)
  }

  observe(instrument: number, price: number, errorBps: number, time: number): void {
    if (!(price > 0) || !(price < Number.POSITIVE_INFINITY) || !(errorBps >= 0)) return
    this.bps[instrument] = Math.log(price) * 1e4
    this.errorBps[instrument] = errorBps
    this.time[instrument] = time
  }

  withdraw(instrument: number): void {
    this.time[instrument] = Number.NEGATIVE_INFINITY
    this.#anchor[instrument] = Number.NaN
  }

  /** Whether the instrument prices the bridge and has done so lately. */
  speaks(instrument: number, bridge: number, now: number): boolean {
    return this.bridge[instrument] === bridge && now - this.time[instrument]! <= legAgeMaxMillis
  }

  /** Bps per root minute. */
  volatilityBps(bridge: number): number {
    return Math.max(volatilityBpsMin, Math.sqrt(this.#bridges[bridge]!.variance))
  }

  /** Measures how far the bridges have moved. */
  sample(now: number): void {
    for (let bridge = 0; bridge < this.#bridges.length; bridge++) this.#sample(bridge, this.#bridges[bridge]!, now)
  }

  #sample(bridge: number, state: Bridge, now: number): void {
    if (Number.isNaN(state.sampledAt)) return this.#anchorAll(bridge, state, now)
    if (now - state.sampledAt < sampleMillis) return
    const move = this.#move(bridge, state, now)
    if (!Number.isNaN(move)) {
      const square = (move * move * anchorMillis) / (now - state.anchoredAt)
      const kept = 2 ** ((state.sampledAt - now) / volatilityHalvedMillis)
      state.variance = Math.max(square, state.variance * kept + square * (1 - kept))
    }
    state.sampledAt = now
    if (now - state.anchoredAt >= anchorMillis) this.#anchorAll(bridge, state, now)
  }

  /** The move of the middle pair of those that have spoken since the last sample, of an even number the smaller; NaN where none has. */
  #move(bridge: number, { sampledAt }: Bridge, now: number): number {
    const moves = this.#moves
    let count = 0
    for (let instrument = 0; instrument < this.time.length; instrument++) {
      if (!this.speaks(instrument, bridge, now) || !(this.time[instrument]! > sampledAt)) continue
      const move = Math.abs(this.bps[instrument]! - this.#anchor[instrument]!)
      if (Number.isNaN(move)) {
        this.#anchor[instrument] = this.bps[instrument]!
        continue
      }
      let at = count++
      for (; at > 0 && moves[at - 1]! > move; at--) moves[at] = moves[at - 1]!
      moves[at] = move
    }
    return count === 0 ? Number.NaN : moves[(count - 1) >> 1]!
  }

  #anchorAll(bridge: number, state: Bridge, now: number): void {
    state.anchoredAt = state.sampledAt = now
    for (let instrument = 0; instrument < this.time.length; instrument++) {
      if (this.bridge[instrument] !== bridge) continue
      this.#anchor[instrument] = this.speaks(instrument, bridge, now) ? this.bps[instrument]! : Number.NaN
    }
  }

  /** What an instrument said last, for `load`. */
  save(instrument: number): ReadonlyArray<number> {
    return [this.bps[instrument]!, this.errorBps[instrument]!, this.time[instrument]!, this.#anchor[instrument]!]
  }

  load(instrument: number, [bps, errorBps, time, anchor]: ReadonlyArray<number>): void {
    this.bps[instrument] = bps!
    this.errorBps[instrument] = errorBps!
    this.time[instrument] = time!
    this.#anchor[instrument] = anchor!
  }

  /** How much a bridge moves, for `loadBridge`. */
  saveBridge(bridge: number): ReadonlyArray<number> {
    const { anchoredAt, sampledAt, variance } = this.#bridges[bridge]!
    return [variance, anchoredAt, sampledAt]
  }

  loadBridge(bridge: number, [variance, anchoredAt, sampledAt]: ReadonlyArray<number>): void {
    Object.assign(this.#bridges[bridge]!, { variance, anchoredAt, sampledAt })
  }
}
