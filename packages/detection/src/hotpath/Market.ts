/**
 * What the hot path knows of the market between frames: its coins, its instruments, the graph of fair values that they make, and the time.
 *
 * Plain state that the hot path's parts share; nothing here decides anything. Doubles stand in typed arrays, where writing one allocates nothing.
 */
import { type Coin, isCurrency, Peg } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { SymbolTable } from "@evenkeel/domain/market/SymbolTable"
import { changeKinds, levelNumber, type StandingLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { Bridges } from "../value/Bridges.ts"
import { FairValue } from "../value/FairValue.ts"
import { CoinTrack, InstrumentTrack } from "./Tracks.ts"

/** Slots of `Market.times`. */
export const time = {
  /** Of the frame in hand, or the latest before it: time never runs backwards. Unix ms. */
  now: 0,
  nextClose: 1,
  lastSolve: 2,
  /** Of the frame in hand: begun and published, ns of the Nanoclock. */
  started: 3,
  published: 4,
  /** The first clock frame; NaN before it. */
  firstTick: 5
} as const

/** Venues are bits of an int32. */
export const venuesMax = 32

/** More venues than a signal record has bits for. */
export class TooManyVenues extends Schema.TaggedError<TooManyVenues>()("TooManyVenues", { venues: Schema.Int }) {
  override get message() {
    return `${this.venues} venues: at most ${venuesMax} are possible`
  }
}

/** What measures the market as a whole. */
const marketCoin = "BTC"

type Nodes = readonly [base: number, quote: number]

export interface MarketOptions {
  readonly coins: ReadonlyArray<Coin>
  readonly instruments: ReadonlyArray<Instrument>
  readonly spareInstruments?: number
  readonly venues: ReadonlyArray<{ readonly id: string }>
  /** Assets whose prices in coins and in currencies say what coins are worth, as BTC; none unless said otherwise. */
  readonly bridges?: ReadonlyArray<string>
}

export class Market {
  readonly coins: ReadonlyArray<CoinTrack>
  readonly instruments: Array<InstrumentTrack>
  /** The instrument behind each source of the fair value. */
  readonly bySource: Array<InstrumentTrack> = []
  readonly value: FairValue
  /** What pairs of bridges say, and the bridges' names. */
  readonly bridges: Bridges
  readonly bridgeNames: ReadonlyArray<string>
  /** A venue's symbols, by venue. */
  readonly symbols: ReadonlyArray<SymbolTable>
  readonly times = new Float64Array(6).fill(Number.NaN)
  /** The venue of the frame in hand, and its connection. */
  venue = -1
  connection = 0
  /** The frame in hand waited too long to say what the market is now. */
  late = false
  /** The coin that the frame in hand touched last, or -1. */
  touched = -1
  /**
   * Market time, Unix ms, before which no change of a level is reported: what is played again from a journal was reported when it happened, and books that
   * are not there yet may let it seem to happen at another time.
   */
  quietUntil = Number.NEGATIVE_INFINITY
  /** Something moved since the last solve. */
  moved = false
  /** The instrument that prices the market as a whole, or -1. */
  readonly #whole: number
  readonly #coins: ReadonlyArray<Coin>
  readonly #coinNumbers: ReadonlyMap<string, number>
  /** The fair value's source of each place that is kept for pairs that are listed while running, and the places that have one now. */
  readonly #spareSources = new Map<number, number>()
  readonly #taken = new Set<number>()

  constructor({ bridges = [], coins, instruments, spareInstruments = 0, venues }: MarketOptions) {
    if (venues.length > venuesMax) throw new TooManyVenues({ venues: venues.length })
    this.#coins = coins
    this.#coinNumbers = new Map(coins.map(({ symbol }, number) => [symbol, number]))
    this.coins = coins.map((coin) => new CoinTrack(coin))
    this.bridgeNames = bridges
    this.bridges = new Bridges(bridges.length, instruments.length + spareInstruments)
    const edges: Array<Nodes> = []
    this.instruments = instruments.map((instrument, number) => {
      const nodes = this.#nodesOf(instrument)
      const venue = venues.findIndex(({ id }) => id === instrument.venue)
      return nodes === undefined ? this.#leg(number, venue, instrument) : this.#track(nodes, edges.push(nodes) - 1, venue)
    })
    for (let spare = 0; spare < spareInstruments; spare++) {
      this.#spareSources.set(this.instruments.length, edges.push([-1, -1]) - 1)
      this.instruments.push(this.#freeTrack(edges.length - 1))
    }
    for (const bridge of bridges.keys())
      for (const coin of coins.keys()) this.#track([coin, -1], edges.push([coin, -1]) - 1, -1).bridge = bridge
    this.value = new FairValue(
      edges,
      coins.map(({ anchor }) => anchor),
      // Crossings stand on the same venues: all of a coin's are one voice.
      this.bySource.map(({ bridge, venue }) => (bridge < 0 ? venue : venuesMax)),
      coins.map(({ rateBearing = false }) => rateBearing)
    )
    this.#whole = instruments.findIndex(({ base }) => base === marketCoin)
    this.symbols = venues.map(
      ({ id }) => new SymbolTable(instruments.flatMap(({ symbol, venue }, number) => (venue === id ? [[symbol, number] as const] : [])))
    )
    this.times[time.now] = this.times[time.lastSolve] = Number.NEGATIVE_INFINITY
  }

  /** The instrument that prices the market as a whole. */
  get whole(): InstrumentTrack | undefined {
    return this.instruments[this.#whole]
  }

  /**
   * Puts coins at the levels that the log has, where theirs differ: a coin of which it says nothing is `normal`. Of coins that are not watched nothing is kept.
   */
  resume(levels: ReadonlyArray<StandingLevel>): void {
    this.quietUntil = Number.NEGATIVE_INFINITY
    for (const [coin, track] of this.coins.entries()) {
      if (levels.some((level) => this.coinNumber(level.coin) === coin) || !(track.stale || track.machine.level > 0)) continue
      track.machine.resume(0)
      track.stale = false
    }
    for (const { coin, kind, level, since, stale } of levels) {
      const track = this.coins[this.coinNumber(coin)]
      if (track === undefined || (track.stale === stale && track.machine.level === levelNumber(level))) continue
      track.machine.resume(levelNumber(level))
      track.stale = stale
      track.change = changeKinds.indexOf(kind)
      track.since = since
    }
  }

  /** A coin's number by its symbol; -1 for one that is not watched. */
  coinNumber(symbol: string): number {
    return this.#coinNumbers.get(symbol) ?? -1
  }

  /** Gives a free place to a pair that was listed, or one of the first ones its own again; false when that place is not free. */
  list(instrument: number, venue: number, listed: Pick<Instrument, "base" | "quote" | "symbol">): boolean {
    const source = this.#spareSources.get(instrument)
    const symbols = this.symbols[venue]
    if (symbols === undefined) return false
    if (source === undefined || this.#taken.has(instrument))
      return symbols.symbols[instrument] === listed.symbol && this.instruments[instrument]?.venue === venue
    this.#taken.add(instrument)
    symbols.add(listed.symbol, instrument)
    const nodes = this.#nodesOf(listed)
    if (nodes === undefined) {
      this.instruments[instrument] = this.#leg(instrument, venue, listed)
      return true
    }
    this.value.connect(source, nodes[0], nodes[1], venue)
    this.instruments[instrument] = this.#track(nodes, source, venue)
    return true
  }

  /** Frees the place of a pair that was listed while running. The places of the first ones stay theirs. */
  free(instrument: number): void {
    const source = this.#spareSources.get(instrument)
    if (source === undefined || !this.#taken.delete(instrument)) return
    const { base, quote, venue } = this.instruments[instrument]!
    this.symbols[venue]!.remove(instrument)
    for (const coin of [base, quote]) {
      const sources = this.coins[coin]?.sources
      sources?.splice(sources.indexOf(source), 1)
    }
    this.value.connect(source, -1, -1)
    this.bridges.connect(instrument, -1, -1, -1)
    this.instruments[instrument] = this.#freeTrack(source)
  }

  /** What stands where no pair is. */
  #freeTrack(source: number): InstrumentTrack {
    return (this.bySource[source] = new InstrumentTrack(-1, -1, -1, -1))
  }

  /** A track that prices no pair of coins; a bridge, or nothing that says anything of a coin. */
  #leg(instrument: number, venue: number, { base, quote }: Pick<Instrument, "base" | "quote">): InstrumentTrack {
    const track = new InstrumentTrack(-1, -1, -1, venue)
    const bridge = this.bridgeNames.indexOf(base)
    const node = isCurrency(quote) ? this.#coins.length + Peg.literals.indexOf(quote) : this.coinNumber(quote)
    if (bridge < 0 || node < 0) return track
    this.bridges.connect(instrument, bridge, node, venue)
    track.leg = instrument
    return track
  }

  /** A track that prices a pair of coins. */
  #track([base, quote]: Nodes, source: number, venue: number): InstrumentTrack {
    if (base >= 0) this.coins[base]!.sources.push(source)
    if (quote >= 0) this.coins[quote]!.sources.push(source)
    const track = new InstrumentTrack(base, quote, source, venue)
    this.bySource[source] = track
    return track
  }

  /** The two nodes of a pair; undefined for a pair that says nothing of any coin's peg. */
  #nodesOf({ base: baseSymbol, quote: quoteSymbol }: Pick<Instrument, "base" | "quote">): Nodes | undefined {
    const base = this.#nodeOf(baseSymbol)
    const quote = this.#nodeOf(quoteSymbol)
    if (base === undefined || quote === undefined || base === quote) return undefined
    // A pair between pegs of two currencies measures their exchange rate, not a peg.
    return this.#pegOf(baseSymbol) === this.#pegOf(quoteSymbol) ? [base, quote] : undefined
  }

  #nodeOf(symbol: string): number | undefined {
    return isCurrency(symbol) ? -1 : this.#coinNumbers.get(symbol)
  }

  #pegOf(symbol: string): string {
    return isCurrency(symbol) ? symbol : this.#coins[this.#coinNumbers.get(symbol)!]!.peg
  }
}
