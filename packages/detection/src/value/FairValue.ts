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
/** Two sources of a coin differ when they are farther apart than this, and than so many of their errors. */
const differBps = 50
const differSignificance = 3
/** A set of sources must be so many times as weighty as its rival, or the coin is disputed. */
const majority = 1.25
/** A set that outweighed the others before is preferred by so much, so that a tie does not swing. */
const incumbent = 1.1
/** A source's weight in a set: how often it was right, over its error and this (bps). No source is worth many others. */
const trustErrorBps = 8
/** What a source says weighs half as much when it is so much older: those that fell silent do not outvote the one that speaks. */
const trustHalvedMillis = 2 * 60_000
/** How fast it is learned how often a source is right; never from more than a minute at once, and never that one is not. */
const rightMillis = 24 * 3_600_000
const learnedAtOnceMillis = 60_000
const rightMin = 0.05
/** Rounds after sides have changed. */
const iterationsSides = 8
/** Venues whose pairs are counted as one voice. */
const venuesMax = 64
/** What a rise or fall of one coin alone makes of its counterpart is believed so far at most. */
const beliefOfOneMax = 0.6
/** What a coin of anchor 1 is expected to do: a loss of its peg twice as often as a rise above it. Of another it is less by its anchor's square. */
const lossChance = 0.6
const premiumChance = 0.3
/** A rise so much farther is less likely by e, for a coin of anchor 1; for another it is less by its anchor's square: large coins rise little. */
const premiumUsualBps = 1000
/** A reading that is believed less is not told. */
const beliefMin = 0.1
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
  /** 1 for a source that differs from the weightiest set of its coin and has no say in the values, by source. */
  readonly apart: Uint8Array
  /** 1 where no set of sources outweighs the next, by coin. */
  readonly disputed: Uint8Array
  /**
   * What a coin is judged by, bps, by coin: its value. Where pairs alone are seen, and all coins that a coin is traded against moved one way, it may be
   * this coin that moved the other way: then it is that, and `share` is how far it is believed.
   */
  readonly readingBps: Float64Array
  /** Share of belief in the reading, 0 to 1, by coin; NaN for a coin that sources connect to its currency. */
  readonly share: Float64Array
  readonly #base: Int32Array
  readonly #quote: Int32Array
  readonly #observed: Float64Array
  readonly #ownError: Float64Array
  readonly #time: Float64Array
  readonly #anchor: Float64Array
  /** Share of the time in which the source was with the weightiest set, and the venue that it belongs to (sources of one venue count once). */
  readonly #right: Float64Array
  readonly #venue: Int32Array
  /** Sources by base coin; and how much of each venue has been counted, while a set is weighed. */
  readonly #own: Array<ReadonlyArray<number>>
  readonly #heard: Float64Array
  readonly #counted: Uint8Array
  readonly #drifting: Uint8Array
  /** Of the solve in hand: each source's weight in a set, and what it says of its base, bps. */
  readonly #trust: Float64Array
  readonly #says: Float64Array
  #solvedAt = Number.NaN
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
    this.#base = Int32Array.from(edges, ([base]) => base)
    this.#quote = Int32Array.from(edges, ([, quote]) => quote)
    this.#observed = new Float64Array(edges.length)
    this.#ownError = new Float64Array(edges.length)
    this.#time = new Float64Array(edges.length).fill(Number.NEGATIVE_INFINITY)
    this.#anchor = Float64Array.from(anchors)
    this.apart = new Uint8Array(edges.length)
    this.disputed = new Uint8Array(coins)
    this.readingBps = new Float64Array(coins)
    this.share = new Float64Array(coins).fill(Number.NaN)
    this.#right = new Float64Array(edges.length).fill(1)
    this.#venue = Int32Array.from(venues)
    this.#own = anchors.map((_, coin) => edges.flatMap(([base], source) => (base === coin ? [source] : [])))
    this.#counted = new Uint8Array(coins)
    this.#heard = new Float64Array(venuesMax)
    this.#drifting = Uint8Array.from(drifting, (each) => (each ? 1 : 0))
    this.#trust = new Float64Array(edges.length)
    this.#says = new Float64Array(edges.length)
    this.#matrix = new Float64Array(coins * coins)
    this.#rightSide = new Float64Array(coins)
  }

  /** Gives a source that was kept free its pair of coins, -1 for the ground. */
  connect(source: number, base: number, quote: number, venue = -1): void {
    const before = this.#base[source]!
    if (before >= 0) this.#own[before] = this.#own[before]!.filter((each) => each !== source)
    if (base >= 0) this.#own[base] = [...this.#own[base]!, source]
    this.#base[source] = base
    this.#quote[source] = quote
    this.#venue[source] = venue < this.#heard.length ? venue : -1
    this.#right[source] = 1
    this.apart[source] = 0
  }

  /** A source says `price` (of its base in its quote), give or take `errorBps`, at `time` (Unix ms). */
  observe(source: number, price: number, errorBps: number, time: number): void {
    // One number that is none would make every value one.
    if (!(price > 0) || !(errorBps >= 0)) return
    this.#observed[source] = Math.log(price) * 1e4
    this.#ownError[source] = errorBps
    this.#time[source] = time
  }

  /** The source has nothing to say any more. */
  withdraw(source: number): void {
    this.#time[source] = Number.NEGATIVE_INFINITY
    this.residualBps[source] = Number.NaN
    this.apart[source] = 0
  }

  /** What a source gave last, for `load`: log price in bps, its error, its time, whether it stands apart, and how often it was right. */
  save(source: number): ReadonlyArray<number> {
    return [this.#observed[source]!, this.#ownError[source]!, this.#time[source]!, this.apart[source]!, this.#right[source]!]
  }

  /** Takes up what a source gave last in another engine's life. The next solve goes on from the values that stand. */
  load(source: number, [observed, ownError, time, apart, right]: ReadonlyArray<number>): void {
    this.#observed[source] = observed!
    this.#ownError[source] = ownError!
    this.#time[source] = time!
    this.apart[source] = apart!
    this.#right[source] = right!
    this.#cold = false
  }

  /** Goes on as of `now`, Unix ms, at values that were taken up. */
  resume(now: number): void {
    this.#solvedAt = now
    this.readingBps.set(this.valueBps)
  }

  timeOf(source: number): number {
    return this.#time[source]!
  }

  /** Log value of the source's base against its peg by this source alone, bps. */
  ownValueBps(source: number): number {
    const quote = this.#quote[source]!
    return this.#observed[source]! + (quote < 0 ? 0 : this.valueBps[quote]!)
  }

  /** Solves for `valueBps`, `errorBps`, `grounded`, `residualBps`, `apart` and `disputed` as of `now` (Unix ms). */
  solve(now: number): void {
    const rounds = this.#cold ? iterationsCold : iterations
    this.#cold = false
    this.#weigh(now)
    if (!this.#iterate(rounds)) return
    if (!this.#differ()) this.disputed.fill(0)
    else if (this.#takeSides(now) && !this.#iterate(iterationsSides)) return
    this.#learn(now)
    this.#residuals()
    this.#errors()
    this.#connect()
    this.#read()
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

  /** Whether any source is so far from the values that sides must be taken, or stood apart before. */
  #differ(): boolean {
    for (let source = 0; source < this.sources; source++) {
      if (this.apart[source] === 1) return true
      const error = this.sourceErrorBps[source]!
      if (error === Number.POSITIVE_INFINITY) continue
      if (Math.abs(this.#observed[source]! - this.#fitted(source)) > differBps / 2) return true
    }
    return false
  }

  /** Parts each coin's own sources into the weightiest set that agrees and those apart; true when any changed sides. */
  #takeSides(now: number): boolean {
    let changed = false
    this.disputed.fill(0)
    for (let source = 0; source < this.sources; source++) {
      const age = Math.max(0, now - this.#time[source]!)
      this.#trust[source] = (this.#right[source]! / (trustErrorBps + this.sourceErrorBps[source]!)) * 2 ** (-age / trustHalvedMillis)
      this.#says[source] = this.ownValueBps(source)
    }
    for (let coin = 0; coin < this.coins; coin++) {
      const own = this.#own[coin]!
      const best = this.#weightiest(own, -1)
      if (best < 0) {
        for (const source of own) this.apart[source] = 0
        continue
      }
      const weight = this.#support(own, best, -1)
      const rival = this.#weightiest(own, best)
      if (rival >= 0 && weight < majority * this.#support(own, rival, best)) this.disputed[coin] = 1
      for (const source of own) {
        const apart = rival >= 0 && this.#isLive(source) && !this.#areOne(source, best) ? 1 : 0
        if (this.apart[source] !== apart) changed = true
        this.apart[source] = apart
      }
    }
    return changed
  }

  /** The source whose set is weightiest, of those that differ from `from` (-1: of all); -1 where there is none. */
  #weightiest(own: ReadonlyArray<number>, from: number): number {
    let best = -1
    let most = 0
    for (const source of own) {
      if (!this.#isLive(source) || (from >= 0 && this.#areOne(source, from))) continue
      const weight = this.#support(own, source, from) * (from < 0 && this.apart[source] === 0 ? incumbent : 1)
      // Of sets that weigh alike the one around the surest source.
      if (weight > most || (weight === most && this.sourceErrorBps[source]! < this.sourceErrorBps[best]!)) {
        best = source
        most = weight
      }
    }
    return best
  }

  /** What the sources weigh together that agree with `centre` and differ from `from` (-1: from none); of one venue's the weightiest counts. */
  #support(own: ReadonlyArray<number>, centre: number, from: number): number {
    this.#heard.fill(0)
    let sum = 0
    for (const source of own) {
      if (!this.#isLive(source) || !this.#areOne(source, centre) || (from >= 0 && this.#areOne(source, from))) continue
      const trust = this.#trust[source]!
      const venue = this.#venue[source]!
      const heard = venue < 0 ? 0 : this.#heard[venue]!
      sum += Math.max(0, trust - heard)
      if (venue >= 0) this.#heard[venue] = Math.max(heard, trust)
    }
    return sum
  }

  #isLive(source: number): boolean {
    return this.sourceErrorBps[source] !== Number.POSITIVE_INFINITY
  }

  /** Whether two sources of a coin say the same of it, give or take their errors. */
  #areOne(source: number, other: number): boolean {
    const [a, b] = [this.sourceErrorBps[source]!, this.sourceErrorBps[other]!]
    return Math.abs(this.#says[source]! - this.#says[other]!) <= differBps + differSignificance * Math.sqrt(a * a + b * b)
  }

  /** Remembers which sources are with the weightiest set; where none is, there is nothing to learn. */
  #learn(now: number): void {
    const share = Math.min(learnedAtOnceMillis, Math.max(0, now - this.#solvedAt)) / rightMillis
    this.#solvedAt = now
    if (!(share > 0)) return
    for (let source = 0; source < this.sources; source++) {
      if (!this.#isLive(source) || this.disputed[this.#base[source]!] === 1) continue
      const right = this.#right[source]! + share * ((this.apart[source] === 1 ? 0 : 1) - this.#right[source]!)
      this.#right[source] = Math.max(rightMin, right)
    }
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
    if (error === Number.POSITIVE_INFINITY || this.apart[source] === 1) return 0
    const miss = Math.abs(this.#observed[source]! - this.#fitted(source))
    const bound = huberBound * error
    return (miss <= bound ? 1 : bound / miss) / (error * error)
  }

  #priorWeight(coin: number): number {
    // What stands above its peg by nature is not pulled to it: a faint weight keeps the matrix positive definite.
    const force = this.#drifting[coin] === 1 ? priorForce / 1000 : priorForce
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
    for (const source of this.#own[coin]!) {
      if (!this.#isLive(source) || this.apart[source] === 1) continue
      const quote = this.#quote[source]!
      if (quote < 0 || this.disputed[quote] === 0) return
      least = Math.min(least, this.errorBps[quote]!)
    }
    if (least < Number.POSITIVE_INFINITY) this.errorBps[coin] = Math.max(this.errorBps[coin]!, least)
  }

  /** The error bar of a disputed coin reaches the sources that stand apart. */
  #span(coin: number): void {
    for (const source of this.#own[coin]!)
      if (this.apart[source] === 1) this.errorBps[coin] = Math.max(this.errorBps[coin]!, Math.abs(this.residualBps[source]!))
  }

  /** Finds the readings of coins that nothing connects to their currency. */
  #read(): void {
    this.readingBps.set(this.valueBps)
    for (let coin = 0; coin < this.coins; coin++) this.share[coin] = this.grounded[coin] === 1 ? Number.NaN : 1
    for (let coin = 0; coin < this.coins; coin++) {
      if (this.grounded[coin] === 1) continue
      const away = this.#othersMoved(coin)
      if (Math.abs(away) <= Math.abs(this.valueBps[coin]!)) continue
      const belief = this.#belief(coin, away)
      if (belief < beliefMin) continue
      this.readingBps[coin] = -away
      this.share[coin] = belief
      for (let source = 0; source < this.sources; source++) {
        const against = this.#against(source, coin)
        if (against >= 0) this.share[against] = 1 - belief
      }
    }
  }

  /** The coin that a live source trades `coin` against; -1 where it trades another, or there is none. */
  #against(source: number, coin: number): number {
    if (!this.#isLive(source)) return -1
    const base = this.#base[source]!
    const quote = this.#quote[source]!
    return base === coin ? quote : quote === coin ? base : -1
  }

  /**
   * How far all coins that `coin` is traded against have moved one way, bps, the least of them; 0 where any stayed or moved the other way, or is
   * traded against another coin as well: what that pair says is not explained by `coin`.
   */
  #othersMoved(coin: number): number {
    let least = Number.NaN
    for (let source = 0; source < this.sources; source++) {
      const against = this.#against(source, coin)
      if (against < 0) continue
      for (let other = 0; other < this.sources; other++) {
        const third = this.#against(other, against)
        if (third >= 0 && third !== coin) return 0
      }
      if (this.#drifting[against] === 1 || this.#drifting[coin] === 1) return 0
      const moved = this.valueBps[against]! - this.valueBps[coin]!
      if (Number.isNaN(least)) least = moved
      else if (moved * least <= 0) return 0
      else if (Math.abs(moved) < Math.abs(least)) least = moved
    }
    return Number.isNaN(least) ? 0 : least
  }

  /** The chance that `coin` moved once, against all the others having moved by `away` together: the more they are, the likelier. */
  #belief(coin: number, away: number): number {
    let others = 1
    let count = 0
    this.#counted.fill(0)
    for (let source = 0; source < this.sources; source++) {
      const against = this.#against(source, coin)
      if (against < 0 || this.#counted[against] === 1) continue
      this.#counted[against] = 1
      others *= this.#chanceOf(against, away)
      count++
    }
    const own = this.#chanceOf(coin, -away)
    const belief = own / (own + others)
    // A small coin may do anything: it is no proof of what a large one did.
    return count === 1 && -away < 0 && away > premiumUsualBps / 10 ? Math.min(beliefOfOneMax, belief) : belief
  }

  /** How likely it is that a coin moves so far by itself, as a share that serves for comparing alone. */
  #chanceOf(coin: number, movedBps: number): number {
    const size = this.#anchor[coin]! ** 2
    const chance = movedBps < 0 ? lossChance : premiumChance * Math.exp((-movedBps * size) / premiumUsualBps)
    return Math.min(1, chance / size)
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
