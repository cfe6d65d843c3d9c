/**
 * A simulated venue's market: one matching engine an instrument, with makers around the coin's value and takers who correct the price.
 *
 * Time is given with each step, chance by a seed: the same steps make the same market.
 */
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { MatchingEngine, noOrder } from "@evenkeel/domain/matching/MatchingEngine"
import type { Scenario } from "./Scenario.ts"
import { seeded } from "./Scenario.ts"

/** Price step, and quantity step in base units. */
export const tickSize = 1e-5
export const priceDecimals = 5
const lotSize = 1
/** Prices from 0 to 1.3. */
const ticks = 131_072
const ordersMax = 4096
/** Makers keep this many orders a side. */
const makerOrders = 25
/** They stand within this many ticks of the value. */
const makerReach = 40
/** Past trades that a subscription may begin with. */
const historyMax = 50
/** A step takes at most this long; longer ones are cut, so that a paused process does not explode. */
const stepMillisMax = 60_000

export interface MarketTrade {
  readonly takerSide: "buy" | "sell"
  readonly price: number
  readonly quantity: number
  readonly time: number
}

/** What changed in a step: levels with their new whole quantity, and trades in order. */
export interface MarketChanges {
  readonly bids: ReadonlyMap<number, number>
  readonly asks: ReadonlyMap<number, number>
  readonly trades: ReadonlyArray<MarketTrade>
  /** The best bid or ask, or a quantity there, is another one. */
  readonly bestChanged: boolean
}

export class SimulatedInstrument {
  readonly instrument: Instrument
  readonly #engine: MatchingEngine
  readonly #scenario: Scenario
  readonly #random: () => number
  #orders: [Array<{ id: number; tick: number }>, Array<{ id: number; tick: number }>] = [[], []]
  #noiseBps = 0
  #time = Number.NaN
  #dirty: [Map<number, number>, Map<number, number>] = [new Map(), new Map()]
  #trades: Array<MarketTrade> = []
  #history: Array<MarketTrade> = []
  /** Counts every change, as a venue's update ids do. */
  sequence = 1_000_000
  tradeId = 1
  /** Digits before every id, for ids past 2^53. */
  readonly #idPrefix: string

  constructor(instrument: Instrument, scenario: Scenario, seed: number, idPrefix = "") {
    this.instrument = instrument
    this.#idPrefix = idPrefix
    this.#scenario = scenario
    this.#random = seeded(seed)
    this.#engine = new MatchingEngine({
      ticks,
      ordersMax,
      listener: {
        onLevel: (side, tick, quantity) => {
          this.#dirty[side].set(tick, quantity)
          this.sequence++
        },
        onTrade: (takerSide, tick, quantity) => {
          this.#trades.push({
            takerSide: takerSide === 0 ? "buy" : "sell",
            price: priceOf(tick),
            quantity: quantity * lotSize,
            time: this.#time
          })
        }
      }
    })
  }

  /** A change's id as the venue prints it; by default the newest. */
  id(sequence = this.sequence): string {
    return this.#idPrefix + sequence
  }

  /** Best prices and quantities; NaN on an empty side. */
  best(): { readonly bid: number; readonly bidQuantity: number; readonly ask: number; readonly askQuantity: number } {
    const { bestAsk, bestBid } = this.#engine
    return {
      bid: bestBid < 0 ? Number.NaN : priceOf(bestBid),
      bidQuantity: bestBid < 0 ? Number.NaN : this.#engine.quantityAt(0, bestBid),
      ask: bestAsk >= this.#engine.ticks ? Number.NaN : priceOf(bestAsk),
      askQuantity: bestAsk >= this.#engine.ticks ? Number.NaN : this.#engine.quantityAt(1, bestAsk)
    }
  }

  /** Every level of a side, best first. */
  levels(side: 0 | 1): ReadonlyArray<readonly [price: number, quantity: number]> {
    const found = new Map<number, number>()
    for (const { tick } of this.#orders[side]) {
      const quantity = this.#engine.quantityAt(side, tick)
      if (quantity > 0) found.set(tick, quantity)
    }
    return [...found]
      .sort(([a], [b]) => (side === 0 ? b - a : a - b))
      .map(([tick, quantity]) => [priceOf(tick), quantity * lotSize] as const)
  }

  /** The last trades, newest first: what most venues begin a subscription to trades with. */
  history(): ReadonlyArray<MarketTrade> {
    return this.#history
  }

  /** The book as checksums read it, as of now. */
  reader(): LevelReader {
    const sides = [this.levels(0), this.levels(1)] as const
    return {
      count: (side) => sides[side].length,
      price: (side, depth) => sides[side][depth]![0],
      quantity: (side, depth) => sides[side][depth]![1]
    }
  }

  /** Lets the market go on until `time` (Unix ms); returns what changed. */
  step(time: number): MarketChanges {
    const elapsed = Number.isNaN(this.#time) ? stepMillisMax : Math.min(stepMillisMax, Math.max(0, time - this.#time))
    this.#time = time
    const before = this.best()
    const { base, quote, venue } = this.instrument
    const value = (coin: string) => this.#scenario.valueBps(coin, time) + this.#scenario.venueBps(venue, coin, time)
    // Noise returns to zero within minutes: a basis point here or there.
    const memory = Math.exp(-elapsed / 120_000)
    this.#noiseBps = this.#noiseBps * memory + (this.#random() - 0.5) * 2.4 * Math.sqrt(1 - memory * memory)
    const fair = Math.exp((value(base) - value(quote) + this.#noiseBps) / 1e4)
    const tick = Math.max(makerReach + 2, Math.min(ticks - makerReach - 2, Math.round(fair / tickSize)))
    this.#correct(tick)
    this.#make(tick, this.#scenario.liquidity(time))
    if (this.#random() < Math.min(0.6, elapsed / 10_000)) this.#take()
    const after = this.best()
    const [bids, asks] = this.#dirty
    const trades = this.#trades
    this.#dirty = [new Map(), new Map()]
    this.#trades = []
    if (trades.length > 0) this.#history = [...trades.toReversed(), ...this.#history].slice(0, historyMax)
    const priced = (levels: ReadonlyMap<number, number>) => new Map([...levels].map(([at, quantity]) => [priceOf(at), quantity * lotSize]))
    return {
      bids: priced(bids),
      asks: priced(asks),
      trades,
      bestChanged:
        before.bid !== after.bid ||
        before.ask !== after.ask ||
        before.bidQuantity !== after.bidQuantity ||
        before.askQuantity !== after.askQuantity
    }
  }

  /** Takers lift what is cheaper and hit what is dearer than the value. */
  #correct(tick: number): void {
    while (this.#engine.bestBid > tick) this.#engine.market(1, this.#engine.quantityAt(0, this.#engine.bestBid))
    while (this.#engine.bestAsk < tick) this.#engine.market(0, this.#engine.quantityAt(1, this.#engine.bestAsk))
  }

  /** Makers cancel orders that are out of reach and some of the others, and place new ones around the value. */
  #make(tick: number, liquidity: number): void {
    for (const side of [0, 1] as const) {
      this.#orders[side] = this.#orders[side].filter(({ id, tick: at }) => {
        if (this.#engine.quantityAt(side, at) === 0) {
          this.#engine.cancel(id)
          return false
        }
        const distance = side === 0 ? tick - at : at - tick
        if (distance >= 1 && distance <= makerReach && this.#random() > 0.05) return true
        this.#engine.cancel(id)
        return this.#engine.quantityAt(side, at) > 0
      })
      const wanted = Math.max(4, Math.round(makerOrders * liquidity)) - this.#orders[side].length
      for (let order = 0; order < wanted; order++) {
        const distance = 1 + Math.floor(this.#random() ** 2 * (makerReach - 1))
        const at = side === 0 ? tick - distance : tick + distance
        const quantity = Math.round((500 + this.#random() * 40_000) * liquidity)
        const id = this.#engine.limit(side, at, quantity)
        if (id !== noOrder) this.#orders[side].push({ id, tick: at })
      }
    }
  }

  #take(): void {
    this.#engine.market(this.#random() < 0.5 ? 0 : 1, Math.round(100 + this.#random() * 4000))
  }
}

const priceOf = (tick: number): number => Math.round(tick) / 1e5
