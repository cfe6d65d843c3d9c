/**
 * What each coin is worth, solved from every pair at once.
 *
 * Coins are nodes of a graph, currencies its ground, and each source an observation of the difference between two nodes'
 * log values, in basis points. The values are those that fit all observations best, weighted by their variances: the coin
 * that moved against everything is the one that the solution moves, and the others stay.
 *
 * - A source's variance is its own (spread, thinness) plus what a price may have drifted since: stale sources lose weight.
 * - Huber's loss, by iteratively reweighted least squares, bounds what one wrong source can do; a wick is one source.
 *   P. J. Huber, "Robust Estimation of a Location Parameter", 1964; P. W. Holland and R. E. Welsch, 1977.
 * - Where a coin's own sources differ beyond their errors no average is made. The value is that of the weightiest set of sources that agree; the
 *   others stand apart and have no say. Where no set outweighs the next, the coin is disputed, and its error bar spans both.
 * - A faint absolute-value prior on each coin's peg decides where no pair reaches a currency. Being an L1 prior it does not
 *   share the blame: the fewest and least anchored coins that explain the prices take all of it.
 *
 * The error bar is the square root of the solution's variance, widened when sources disagree more than their variances
 * allow (the reduced chi-square). Everything is preallocated; a solve of a handful of coins takes about a microsecond.
 */
import { type Graph, isLive, ownValueBps } from "./Graph.ts"
import { Readings } from "./Readings.ts"
import { Sides } from "./Sides.ts"

/** Where Huber's loss turns from square to straight, in standard deviations. */
const huberBound = 1.5
/** Force of the prior per unit of anchor, per bps. A source with an error of 3 bps is some five times as stiff. */
const priorForce = 0.02
/** The prior's corner is rounded off within this many bps. */
const priorCorner = 0.5
/** A price that is not renewed may drift by so much in a minute (bps), growing with the square root of time. */
const driftBpsPerRootMinute = 3
/** A source older than this says nothing any more: longer than the slowest oracle's heartbeat. */
const observationAgeMaxMillis = 26 * 3_600_000
const iterations = 4
/** After sides have changed. */
const iterationsSides = 8
const iterationsCold = 30

export class FairValue {
  readonly coins: number
  readonly sources: number
  /** Log value against the peg, bps, by coin. */
  readonly valueBps: Float64Array
  /** Standard error, bps, by coin. */
  readonly errorBps: Float64Array
  /** 1 when fresh sources connect the coin to its currency, by coin. */
  readonly grounded: Uint8Array
  /** Observation less solution, bps, by source; NaN for a silent source. */
  readonly residualBps: Float64Array
  /** Standard deviation that the source has by now, bps. */
  readonly sourceErrorBps: Float64Array
  /** 1 for a source that differs from the weightiest set of its coin and has no say in the values, by source. */
  readonly apart: Uint8Array
  /** 1 where no set of sources outweighs the next, by coin. */
  readonly disputed: Uint8Array
  /** What each coin is judged by, bps, and the share of belief in it: see `Readings`. */
  readonly readingBps: Float64Array
  readonly share: Float64Array
  readonly #graph: Graph
  readonly #sides: Sides
  readonly #readings: Readings
  readonly #ownError: Float64Array
  readonly #anchor: Float64Array
  readonly #drifting: ReadonlyArray<boolean>
  readonly #matrix: Float64Array
  readonly #rightSide: Float64Array
  #cold = true

  /**
   * `edges[source] = [base, quote]` by coin number, -1 for the ground. `anchors` by coin. `venues` by source, -1 for one of its own, as all are
   * when left out. `drifting` by coin: above its peg by nature, as a coin that bears a rate; nothing is concluded from that of what it is traded against.
   */
  constructor(
    edges: ReadonlyArray<readonly [base: number, quote: number]>,
    anchors: ReadonlyArray<number>,
    venues: ReadonlyArray<number> = edges.map(() => -1),
    drifting: ReadonlyArray<boolean> = anchors.map(() => false)
  ) {
    const coins = anchors.length
    this.coins = coins
    this.sources = edges.length
    this.valueBps = new Float64Array(coins)
    this.errorBps = new Float64Array(coins).fill(Number.POSITIVE_INFINITY)
    this.grounded = new Uint8Array(coins)
    this.residualBps = new Float64Array(edges.length).fill(Number.NaN)
    this.sourceErrorBps = new Float64Array(edges.length)
    this.#graph = {
      coins,
      sources: edges.length,
      base: Int32Array.from(edges, ([base]) => base),
      quote: Int32Array.from(edges, ([, quote]) => quote),
      observed: new Float64Array(edges.length),
      time: new Float64Array(edges.length).fill(Number.NEGATIVE_INFINITY),
      sourceErrorBps: this.sourceErrorBps,
      valueBps: this.valueBps
    }
    this.#ownError = new Float64Array(edges.length)
    this.#anchor = Float64Array.from(anchors)
    this.#drifting = drifting
    this.#sides = new Sides(this.#graph, venues)
    this.#readings = new Readings(this.#graph, this.grounded, anchors, drifting)
    this.apart = this.#sides.apart
    this.disputed = this.#sides.disputed
    this.readingBps = this.#readings.readingBps
    this.share = this.#readings.share
    this.#matrix = new Float64Array(coins * coins)
    this.#rightSide = new Float64Array(coins)
  }

  /** Gives a source that was kept free its pair of coins, -1 for the ground. */
  connect(source: number, base: number, quote: number, venue = -1): void {
    this.#sides.connect(source, base, venue)
    this.#graph.base[source] = base
    this.#graph.quote[source] = quote
  }

  /** A source says `price` (of its base in its quote), give or take `errorBps`, at `time` (Unix ms). */
  observe(source: number, price: number, errorBps: number, time: number): void {
    // One number that is none would make every value one.
    if (!(price > 0) || !(errorBps >= 0)) return
    this.#graph.observed[source] = Math.log(price) * 1e4
    this.#ownError[source] = errorBps
    this.#graph.time[source] = time
  }

  /** The source has nothing to say any more. */
  withdraw(source: number): void {
    this.#graph.time[source] = Number.NEGATIVE_INFINITY
    this.residualBps[source] = Number.NaN
    this.apart[source] = 0
  }

  /** What a source gave last, for `load`: log price in bps, its error, its time, whether it stands apart, and how often it was right. */
  save(source: number): ReadonlyArray<number> {
    const { observed, time } = this.#graph
    return [observed[source]!, this.#ownError[source]!, time[source]!, ...this.#sides.save(source)]
  }

  /** Takes up what a source gave last in another engine's life. The next solve goes on from the values that stand. */
  load(source: number, [observed, ownError, time, apart, right]: ReadonlyArray<number>): void {
    this.#graph.observed[source] = observed!
    this.#ownError[source] = ownError!
    this.#graph.time[source] = time!
    this.#sides.load(source, apart!, right!)
    this.#cold = false
  }

  /** Goes on as of `now`, Unix ms, at values that were taken up. */
  resume(now: number): void {
    this.#sides.resume(now)
    this.readingBps.set(this.valueBps)
  }

  timeOf(source: number): number {
    return this.#graph.time[source]!
  }

  /** Log price of its base in its quote that the source gave last, bps. */
  observedBps(source: number): number {
    return this.#graph.observed[source]!
  }

  /** Log value of the source's base against its peg by this source alone, bps. */
  ownValueBps(source: number): number {
    return ownValueBps(this.#graph, source)
  }

  /** Solves for `valueBps`, `errorBps`, `grounded`, `residualBps`, `apart` and `disputed` as of `now` (Unix ms). */
  solve(now: number): void {
    const rounds = this.#cold ? iterationsCold : iterations
    this.#cold = false
    this.#weigh(now)
    if (!this.#iterate(rounds)) return
    if (this.#sides.take(now) && !this.#iterate(iterationsSides)) return
    this.#sides.learn(now)
    this.#residuals()
    this.#errors()
    this.#connect()
    this.#readings.read()
  }

  /** False only if numbers overflowed. */
  #iterate(rounds: number): boolean {
    for (let round = 0; round < rounds; round++) {
      this.#assemble()
      if (!this.#factor()) return false
      this.#substitute()
    }
    return true
  }

  #weigh(now: number): void {
    for (let source = 0; source < this.sources; source++) {
      const age = now - this.#graph.time[source]!
      const own = this.#ownError[source]!
      const drift = (driftBpsPerRootMinute * driftBpsPerRootMinute * Math.max(0, age)) / 60_000
      this.sourceErrorBps[source] = age > observationAgeMaxMillis ? Number.POSITIVE_INFINITY : Math.sqrt(own * own + drift)
    }
  }

  /** Difference of the two nodes' values, bps. */
  #fitted(source: number): number {
    const base = this.#graph.base[source]!
    const quote = this.#graph.quote[source]!
    return (base < 0 ? 0 : this.valueBps[base]!) - (quote < 0 ? 0 : this.valueBps[quote]!)
  }

  #weightOf(source: number): number {
    const error = this.sourceErrorBps[source]!
    if (error === Number.POSITIVE_INFINITY || this.apart[source] === 1) return 0
    const miss = Math.abs(this.#graph.observed[source]! - this.#fitted(source))
    const bound = huberBound * error
    return (miss <= bound ? 1 : bound / miss) / (error * error)
  }

  #priorWeight(coin: number): number {
    // What stands above its peg by nature is not pulled to it: a faint weight keeps the matrix positive definite.
    const force = this.#drifting[coin] ? priorForce / 1000 : priorForce
    return (force * this.#anchor[coin]!) / Math.max(Math.abs(this.valueBps[coin]!), priorCorner)
  }

  #assemble(): void {
    const n = this.coins
    const matrix = this.#matrix
    const right = this.#rightSide
    matrix.fill(0)
    right.fill(0)
    for (let coin = 0; coin < n; coin++) matrix[coin * n + coin] = this.#priorWeight(coin)
    for (let source = 0; source < this.sources; source++) {
      const weight = this.#weightOf(source)
      if (weight === 0) continue
      const base = this.#graph.base[source]!
      const quote = this.#graph.quote[source]!
      const pull = weight * this.#graph.observed[source]!
      if (base >= 0) {
        matrix[base * n + base]! += weight
        right[base]! += pull
      }
      if (quote >= 0) {
        matrix[quote * n + quote]! += weight
        right[quote]! -= pull
      }
      if (base >= 0 && quote >= 0) {
        matrix[base * n + quote]! -= weight
        matrix[quote * n + base]! -= weight
      }
    }
  }

  /** Cholesky in place, lower triangle. The prior keeps the matrix positive definite; false only if numbers overflowed. */
  #factor(): boolean {
    const n = this.coins
    const matrix = this.#matrix
    for (let column = 0; column < n; column++) {
      let diagonal = matrix[column * n + column]!
      for (let k = 0; k < column; k++) diagonal -= matrix[column * n + k]! * matrix[column * n + k]!
      if (!(diagonal > 0)) return false
      const root = Math.sqrt(diagonal)
      matrix[column * n + column] = root
      for (let row = column + 1; row < n; row++) {
        let value = matrix[row * n + column]!
        for (let k = 0; k < column; k++) value -= matrix[row * n + k]! * matrix[column * n + k]!
        matrix[row * n + column] = value / root
      }
    }
    return true
  }

  #substitute(): void {
    const n = this.coins
    const matrix = this.#matrix
    const right = this.#rightSide
    for (let row = 0; row < n; row++) {
      let value = right[row]!
      for (let k = 0; k < row; k++) value -= matrix[row * n + k]! * right[k]!
      right[row] = value / matrix[row * n + row]!
    }
    for (let row = n - 1; row >= 0; row--) {
      let value = right[row]!
      for (let k = row + 1; k < n; k++) value -= matrix[k * n + row]! * right[k]!
      right[row] = value / matrix[row * n + row]!
    }
    for (let coin = 0; coin < n; coin++) this.valueBps[coin] = right[coin]!
  }

  #residuals(): void {
    for (let source = 0; source < this.sources; source++) {
      this.residualBps[source] =
        this.sourceErrorBps[source] === Number.POSITIVE_INFINITY ? Number.NaN : this.#graph.observed[source]! - this.#fitted(source)
    }
  }

  /** Diagonal of the inverse from the factor at hand, times the reduced chi-square where it exceeds 1. */
  #errors(): void {
    let chiSquare = 0
    let live = 0
    for (let source = 0; source < this.sources; source++) {
      const weight = this.#weightOf(source)
      if (weight === 0) continue
      live++
      chiSquare += weight * this.residualBps[source]! * this.residualBps[source]!
    }
    const widening = Math.sqrt(Math.max(1, chiSquare / Math.max(1, live - this.coins)))
    const n = this.coins
    const matrix = this.#matrix
    const column = this.#rightSide
    for (let coin = 0; coin < n; coin++) {
      // Column `coin` of the inverse of the factor; its squared length is the inverse's diagonal entry.
      let square = 0
      for (let row = coin; row < n; row++) {
        let value = row === coin ? 1 : 0
        for (let k = coin; k < row; k++) value -= matrix[row * n + k]! * column[k]!
        column[row] = value / matrix[row * n + row]!
        square += column[row]! * column[row]!
      }
      this.errorBps[coin] = Math.sqrt(square) * widening
    }
    for (let coin = 0; coin < n; coin++) if (this.disputed[coin] === 1) this.#span(coin)
    for (let coin = 0; coin < n; coin++) if (this.disputed[coin] === 0) this.#inherit(coin)
  }

  /** A coin that is valued through disputed coins alone is known no better than they. */
  #inherit(coin: number): void {
    let least = Number.POSITIVE_INFINITY
    for (const source of this.#sides.sourcesOf(coin)) {
      if (!isLive(this.#graph, source) || this.apart[source] === 1) continue
      const quote = this.#graph.quote[source]!
      if (quote < 0 || this.disputed[quote] === 0) return
      least = Math.min(least, this.errorBps[quote]!)
    }
    if (least < Number.POSITIVE_INFINITY) this.errorBps[coin] = Math.max(this.errorBps[coin]!, least)
  }

  /** The error bar of a disputed coin reaches the sources that stand apart. */
  #span(coin: number): void {
    for (const source of this.#sides.sourcesOf(coin))
      if (this.apart[source] === 1) this.errorBps[coin] = Math.max(this.errorBps[coin]!, Math.abs(this.residualBps[source]!))
  }

  /** Spreads "grounded" from the currencies along live sources. */
  #connect(): void {
    this.grounded.fill(0)
    for (let changed = true; changed;) {
      changed = false
      for (let source = 0; source < this.sources; source++) {
        if (this.sourceErrorBps[source] === Number.POSITIVE_INFINITY) continue
        const base = this.#graph.base[source]!
        const quote = this.#graph.quote[source]!
        const baseGrounded = base < 0 || this.grounded[base] === 1
        const quoteGrounded = quote < 0 || this.grounded[quote] === 1
        if (baseGrounded === quoteGrounded) continue
        this.grounded[baseGrounded ? quote : base] = 1
        changed = true
      }
    }
  }
}
