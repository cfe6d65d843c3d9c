/**
 * What a coin is judged by: its value, or, where pairs alone are seen and all coins that it is traded against moved one way, that it is this coin that
 * moved the other way. Both readings of a lone pair are told, each with its share of belief.
 */
import { type Graph, isLive } from "./Graph.ts"

/** What a rise or fall of one coin alone makes of its counterpart is believed so far at most. */
const beliefOfOneMax = 0.6
/** What a coin of anchor 1 is expected to do: a loss of its peg twice as often as a rise above it. Of another it is less by its anchor's square. */
const lossChance = 0.6
const premiumChance = 0.3
/** A rise so much farther is less likely by e, for a coin of anchor 1; for another it is less by its anchor's square: large coins rise little. */
const premiumUsualBps = 1000
const roundedBps = 1
/** A reading that is believed less is not told. */
const beliefMin = 0.1

export class Readings {
  /** Bps, by coin. */
  readonly readingBps: Float64Array
  /** Share of belief in the reading, 0 to 1, by coin; NaN for a coin that sources connect to its currency. */
  readonly share: Float64Array
  readonly #graph: Graph
  readonly #anchors: ReadonlyArray<number>
  readonly #drifting: ReadonlyArray<boolean>
  readonly #grounded: Uint8Array
  readonly #counted: Uint8Array

  /** `grounded` by coin: 1 where sources connect it to its currency. */
  constructor(graph: Graph, grounded: Uint8Array, anchors: ReadonlyArray<number>, drifting: ReadonlyArray<boolean>) {
    this.#graph = graph
    this.#grounded = grounded
    this.#anchors = anchors
    this.#drifting = drifting
    this.readingBps = new Float64Array(graph.coins)
    this.share = new Float64Array(graph.coins).fill(Number.NaN)
    this.#counted = new Uint8Array(graph.coins)
  }

  /** Finds the readings of coins that nothing connects to their currency. */
  read(): void {
    this.readingBps.set(this.#graph.valueBps)
    for (let coin = 0; coin < this.#graph.coins; coin++) this.share[coin] = this.#grounded[coin] === 1 ? Number.NaN : 1
    for (let coin = 0; coin < this.#graph.coins; coin++) {
      if (this.#grounded[coin] === 1) continue
      const away = this.#othersMoved(coin)
      // What the solution gave it is all there is, but for what the prior rounds off.
      if (Math.abs(away) <= Math.abs(this.#graph.valueBps[coin]!) + roundedBps) continue
      const belief = this.#belief(coin, away)
      if (belief < beliefMin) continue
      this.readingBps[coin] = -away
      this.share[coin] = belief
      for (let source = 0; source < this.#graph.sources; source++) {
        const against = this.#against(source, coin)
        if (against >= 0) this.share[against] = 1 - belief
      }
    }
  }

  /** The coin that a live source trades `coin` against; -1 where it trades another, or there is none. */
  #against(source: number, coin: number): number {
    if (!isLive(this.#graph, source)) return -1
    const base = this.#graph.base[source]!
    const quote = this.#graph.quote[source]!
    return base === coin ? quote : quote === coin ? base : -1
  }

  /**
   * How far all coins that `coin` is traded against have moved one way, bps, the least of them; 0 where any stayed or moved the other way, or is
   * traded against another coin as well: what that pair says is not explained by `coin`.
   */
  #othersMoved(coin: number): number {
    let least = Number.NaN
    for (let source = 0; source < this.#graph.sources; source++) {
      const against = this.#against(source, coin)
      if (against < 0) continue
      for (let other = 0; other < this.#graph.sources; other++) {
        const third = this.#against(other, against)
        if (third >= 0 && third !== coin) return 0
      }
      if (this.#drifting[against] || this.#drifting[coin]) return 0
      const moved = this.#graph.valueBps[against]! - this.#graph.valueBps[coin]!
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
    let largest = 0
    this.#counted.fill(0)
    for (let source = 0; source < this.#graph.sources; source++) {
      const against = this.#against(source, coin)
      if (against < 0 || this.#counted[against] === 1) continue
      this.#counted[against] = 1
      others *= this.#chanceOf(against, away)
      count++
      largest = Math.max(largest, this.#anchors[against]!)
    }
    const own = this.#chanceOf(coin, -away)
    const belief = own / (own + others)
    // A smaller coin may do anything: it is no proof of what a larger one did.
    return count === 1 && this.#anchors[coin]! > largest ? Math.min(beliefOfOneMax, belief) : belief
  }

  /** How likely it is that a coin moves so far by itself, as a share that serves for comparing alone. */
  #chanceOf(coin: number, movedBps: number): number {
    const size = this.#anchors[coin]! ** 2
    const chance = movedBps < 0 ? lossChance : premiumChance * Math.exp((-movedBps * size) / premiumUsualBps)
    return Math.min(1, chance / size)
  }
}
