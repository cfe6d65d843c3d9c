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
 * - A faint absolute-value prior on each coin's peg decides where no pair reaches a currency. Being an L1 prior it does not
 *   share the blame: the fewest and least anchored coins that explain the prices take all of it.
 *
 * The error bar is the square root of the solution's variance, widened when sources disagree more than their variances
 * allow (the reduced chi-square). Everything is preallocated; a solve of a handful of coins takes about a microsecond.
 */

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
  readonly #base: Int32Array
  readonly #quote: Int32Array
  readonly #observed: Float64Array
  readonly #ownError: Float64Array
  readonly #time: Float64Array
  readonly #anchor: Float64Array
  readonly #matrix: Float64Array
  readonly #right: Float64Array
  #cold = true

  /** `edges[source] = [base, quote]` by coin number, -1 for the ground. `anchors` by coin. */
  constructor(edges: ReadonlyArray<readonly [base: number, quote: number]>, anchors: ReadonlyArray<number>) {
    const coins = anchors.length
    this.coins = coins
    this.sources = edges.length
    this.valueBps = new Float64Array(coins)
    this.errorBps = new Float64Array(coins).fill(Number.POSITIVE_INFINITY)
    this.grounded = new Uint8Array(coins)
    this.residualBps = new Float64Array(edges.length).fill(Number.NaN)
    this.sourceErrorBps = new Float64Array(edges.length)
    this.#base = Int32Array.from(edges, ([base]) => base)
    this.#quote = Int32Array.from(edges, ([, quote]) => quote)
    this.#observed = new Float64Array(edges.length)
    this.#ownError = new Float64Array(edges.length)
    this.#time = new Float64Array(edges.length).fill(Number.NEGATIVE_INFINITY)
    this.#anchor = Float64Array.from(anchors)
    this.#matrix = new Float64Array(coins * coins)
    this.#right = new Float64Array(coins)
  }

  /** Gives a source that was kept free its pair of coins, -1 for the ground. */
  connect(source: number, base: number, quote: number): void {
    this.#base[source] = base
    this.#quote[source] = quote
  }

  /** A source says `price` (of its base in its quote), give or take `errorBps`, at `time` (Unix ms). */
  observe(source: number, price: number, errorBps: number, time: number): void {
    this.#observed[source] = Math.log(price) * 1e4
    this.#ownError[source] = errorBps
    this.#time[source] = time
  }

  /** The source has nothing to say any more. */
  withdraw(source: number): void {
    this.#time[source] = Number.NEGATIVE_INFINITY
    this.residualBps[source] = Number.NaN
  }

  /** What a source gave last, for `load`: log price in bps, its error, and its time. */
  save(source: number): ReadonlyArray<number> {
    return [this.#observed[source]!, this.#ownError[source]!, this.#time[source]!]
  }

  /** Takes up what a source gave last in another engine's life. The next solve goes on from the values that stand. */
  load(source: number, [observed, ownError, time]: ReadonlyArray<number>): void {
    this.#observed[source] = observed!
    this.#ownError[source] = ownError!
    this.#time[source] = time!
    this.#cold = false
  }

  timeOf(source: number): number {
    return this.#time[source]!
  }

  /** Solves for `valueBps`, `errorBps`, `grounded` and `residualBps` as of `now` (Unix ms). */
  solve(now: number): void {
    const rounds = this.#cold ? iterationsCold : iterations
    this.#cold = false
    this.#weigh(now)
    for (let round = 0; round < rounds; round++) {
      this.#assemble()
      if (!this.#factor()) return
      this.#substitute()
    }
    this.#residuals()
    this.#errors()
    this.#connect()
  }

  #weigh(now: number): void {
    for (let source = 0; source < this.sources; source++) {
      const age = now - this.#time[source]!
      const own = this.#ownError[source]!
      const drift = (driftBpsPerRootMinute * driftBpsPerRootMinute * Math.max(0, age)) / 60_000
      this.sourceErrorBps[source] = age > observationAgeMaxMillis ? Number.POSITIVE_INFINITY : Math.sqrt(own * own + drift)
    }
  }

  /** Difference of the two nodes' values, bps. */
  #fitted(source: number): number {
    const base = this.#base[source]!
    const quote = this.#quote[source]!
    return (base < 0 ? 0 : this.valueBps[base]!) - (quote < 0 ? 0 : this.valueBps[quote]!)
  }

  #weightOf(source: number): number {
    const error = this.sourceErrorBps[source]!
    if (error === Number.POSITIVE_INFINITY) return 0
    const miss = Math.abs(this.#observed[source]! - this.#fitted(source))
    const bound = huberBound * error
    return (miss <= bound ? 1 : bound / miss) / (error * error)
  }

  #priorWeight(coin: number): number {
    return (priorForce * this.#anchor[coin]!) / Math.max(Math.abs(this.valueBps[coin]!), priorCorner)
  }

  #assemble(): void {
    const n = this.coins
    const matrix = this.#matrix
    const right = this.#right
    matrix.fill(0)
    right.fill(0)
    for (let coin = 0; coin < n; coin++) matrix[coin * n + coin] = this.#priorWeight(coin)
    for (let source = 0; source < this.sources; source++) {
      const weight = this.#weightOf(source)
      if (weight === 0) continue
      const base = this.#base[source]!
      const quote = this.#quote[source]!
      const pull = weight * this.#observed[source]!
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
    const right = this.#right
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
        this.sourceErrorBps[source] === Number.POSITIVE_INFINITY ? Number.NaN : this.#observed[source]! - this.#fitted(source)
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
    const column = this.#right
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
  }

  /** Spreads "grounded" from the currencies along live sources. */
  #connect(): void {
    this.grounded.fill(0)
    for (let changed = true; changed;) {
      changed = false
      for (let source = 0; source < this.sources; source++) {
        if (this.sourceErrorBps[source] === Number.POSITIVE_INFINITY) continue
        const base = this.#base[source]!
        const quote = this.#quote[source]!
        const baseGrounded = base < 0 || this.grounded[base] === 1
        const quoteGrounded = quote < 0 || this.grounded[quote] === 1
        if (baseGrounded === quoteGrounded) continue
        this.grounded[baseGrounded ? quote : base] = 1
        changed = true
      }
    }
  }
}
