/**
 * Which of a coin's own sources have a say: the weightiest set of those that agree. The others stand apart; where no set outweighs the next, the coin
 * is disputed.
 *
 * A source weighs by how often it was right, over its error (which holds what is known of depth, volume and freshness), and less by its age: what fell
 * silent does not outvote what speaks. Pairs of one venue are one voice.
 */
import { type Graph, isLive, ownValueBps } from "./Graph.ts"

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
/** Venues whose pairs are counted as one voice. */
const venuesMax = 64

export class Sides {
  /** 1 for a source that differs from the weightiest set of its coin and has no say in the values, by source. */
  readonly apart: Uint8Array
  /** 1 where no set of sources outweighs the next, by coin. */
  readonly disputed: Uint8Array
  readonly #graph: Graph
  /** Share of the time in which the source was with the weightiest set, and the venue that it belongs to. */
  readonly #right: Float64Array
  readonly #venue: Int32Array
  /** Sources by base coin; and how much of each venue has been counted, while a set is weighed. */
  readonly #own: Array<ReadonlyArray<number>>
  readonly #heard = new Float64Array(venuesMax)
  /** Of the solve in hand: each source's weight in a set, and what it says of its base, bps. */
  readonly #trust: Float64Array
  readonly #says: Float64Array
  #solvedAt = Number.NaN

  /** `venues` by source, -1 for one of its own. */
  constructor(graph: Graph, venues: ReadonlyArray<number>) {
    this.#graph = graph
    this.apart = new Uint8Array(graph.sources)
    this.disputed = new Uint8Array(graph.coins)
    this.#right = new Float64Array(graph.sources).fill(1)
    this.#venue = Int32Array.from(venues)
    this.#own = Array.from({ length: graph.coins }, (_, coin) =>
      Array.from(graph.base.keys()).filter((source) => graph.base[source] === coin)
    )
    this.#trust = new Float64Array(graph.sources)
    this.#says = new Float64Array(graph.sources)
  }

  /** The sources whose base is the coin. */
  sourcesOf(coin: number): ReadonlyArray<number> {
    return this.#own[coin]!
  }

  /** A source is given another base than it has in the graph, -1 for none, and begins anew. */
  connect(source: number, base: number, venue: number): void {
    const before = this.#graph.base[source]!
    if (before >= 0) this.#own[before] = this.#own[before]!.filter((each) => each !== source)
    if (base >= 0) this.#own[base] = [...this.#own[base]!, source]
    this.#venue[source] = venue < venuesMax ? venue : -1
    this.#right[source] = 1
    this.apart[source] = 0
  }

  /** What has been learned of a source, for `load`: whether it stands apart, and how often it was right. */
  save(source: number): readonly [apart: number, right: number] {
    return [this.apart[source]!, this.#right[source]!]
  }

  load(source: number, apart: number, right: number): void {
    this.apart[source] = apart
    this.#right[source] = right
  }

  /** Goes on as of `now`, Unix ms. */
  resume(now: number): void {
    this.#solvedAt = now
  }

  /** Parts each coin's own sources into the weightiest set that agrees and those apart; true when any changed sides. */
  take(now: number): boolean {
    this.disputed.fill(0)
    if (!this.#differ()) return false
    let changed = false
    for (let source = 0; source < this.#graph.sources; source++) {
      const age = Math.max(0, now - this.#graph.time[source]!)
      this.#trust[source] = (this.#right[source]! / (trustErrorBps + this.#graph.sourceErrorBps[source]!)) * 2 ** (-age / trustHalvedMillis)
      this.#says[source] = ownValueBps(this.#graph, source)
    }
    for (let coin = 0; coin < this.#graph.coins; coin++) {
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
        const apart = rival >= 0 && isLive(this.#graph, source) && !this.#areOne(source, best) ? 1 : 0
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
      if (!isLive(this.#graph, source) || (from >= 0 && this.#areOne(source, from))) continue
      const weight = this.#support(own, source, from) * (from < 0 && this.apart[source] === 0 ? incumbent : 1)
      // Of sets that weigh alike the one around the surest source.
      if (weight > most || (weight === most && this.#graph.sourceErrorBps[source]! < this.#graph.sourceErrorBps[best]!)) {
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
      if (!isLive(this.#graph, source) || !this.#areOne(source, centre) || (from >= 0 && this.#areOne(source, from))) continue
      const trust = this.#trust[source]!
      const venue = this.#venue[source]!
      const heard = venue < 0 ? 0 : this.#heard[venue]!
      sum += Math.max(0, trust - heard)
      if (venue >= 0) this.#heard[venue] = Math.max(heard, trust)
    }
    return sum
  }

  /** Whether two sources of a coin say the same of it, give or take their errors. */
  #areOne(source: number, other: number): boolean {
    const [a, b] = [this.#graph.sourceErrorBps[source]!, this.#graph.sourceErrorBps[other]!]
    return Math.abs(this.#says[source]! - this.#says[other]!) <= differBps + differSignificance * Math.sqrt(a * a + b * b)
  }

  /** Remembers which sources are with the weightiest set; where none is, there is nothing to learn. */
  learn(now: number): void {
    const share = Math.min(learnedAtOnceMillis, Math.max(0, now - this.#solvedAt)) / rightMillis
    this.#solvedAt = now
    if (!(share > 0)) return
    for (let source = 0; source < this.#graph.sources; source++) {
      if (!isLive(this.#graph, source) || this.disputed[this.#graph.base[source]!] === 1) continue
      const right = this.#right[source]! + share * ((this.apart[source] === 1 ? 0 : 1) - this.#right[source]!)
      this.#right[source] = Math.max(rightMin, right)
    }
  }

  /** Whether any source is so far from its coin's value that sides must be taken, or stood apart before. */
  #differ(): boolean {
    const { base, sources, valueBps } = this.#graph
    for (let source = 0; source < sources; source++) {
      if (this.apart[source] === 1) return true
      if (!isLive(this.#graph, source)) continue
      const value = base[source]! < 0 ? 0 : valueBps[base[source]!]!
      if (Math.abs(ownValueBps(this.#graph, source) - value) > differBps / 2) return true
    }
    return false
  }
}
