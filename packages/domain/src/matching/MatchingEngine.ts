/**
 * A matching engine with price-time priority: the exchange inside every simulated venue.
 *
 * Prices are ticks in `[0, ticks)` and quantities whole lots, so nothing rounds. Orders are slots of typed arrays, linked into one FIFO list
 * a price. Two bitmaps a side, of occupied prices and of occupied words, find the next price in constant time in a sparse book.
 *
 * Side 0 is buy, side 1 is sell.
 */
export interface MatchingListener {
  /** A taker on `takerSide` bought or sold `quantity` lots at `tick` against order `maker`. */
  readonly onTrade: (takerSide: 0 | 1, tick: number, quantity: number, maker: number) => void
  /** The total quantity now resting at a price, after a change. */
  readonly onLevel: (side: 0 | 1, tick: number, quantity: number) => void
}

/** Returned in place of an order's id when nothing rests: the order was filled at once, or the book is full. */
export const noOrder = -1

export class MatchingEngine {
  readonly ticks: number
  readonly #listener: MatchingListener
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #tick: Int32Array
  readonly #quantity: Int32Array
  /** Side of a live order, -1 for a free slot. */
  readonly #side: Int8Array
  readonly #free: Int32Array
  #freeCount: number
  readonly #heads: readonly [Int32Array, Int32Array]
  readonly #tails: readonly [Int32Array, Int32Array]
  readonly #totals: readonly [Int32Array, Int32Array]
  readonly #words: readonly [Int32Array, Int32Array]
  readonly #summary: readonly [Int32Array, Int32Array]
  /** The best prices, in ticks; an empty side has -1 for the bid and `ticks` for the ask. */
  bestBid = -1
  bestAsk: number

  /** `ticks` is rounded up to a multiple of 1024. Beyond `ordersMax` resting orders, the remainder of a limit order is cancelled. */
  constructor(options: { readonly ticks: number; readonly ordersMax: number; readonly listener: MatchingListener }) {
    const ticks = Math.ceil(options.ticks / 1024) * 1024
    const orders = options.ordersMax
    const both = (size: number, fill: number) => [new Int32Array(size).fill(fill), new Int32Array(size).fill(fill)] as const
    this.ticks = ticks
    this.#listener = options.listener
    this.#next = new Int32Array(orders)
    this.#previous = new Int32Array(orders)
    this.#tick = new Int32Array(orders)
    this.#quantity = new Int32Array(orders)
    this.#side = new Int8Array(orders).fill(-1)
    this.#free = Int32Array.from({ length: orders }, (_, index) => orders - 1 - index)
    this.#freeCount = orders
    this.#heads = both(ticks, noOrder)
    this.#tails = both(ticks, noOrder)
    this.#totals = both(ticks, 0)
    this.#words = both(ticks / 32, 0)
    this.#summary = both(Math.ceil(ticks / 1024), 0)
    this.bestAsk = ticks
  }

  /** Lots resting at a price; 0 outside `[0, ticks)`. */
  quantityAt(side: 0 | 1, tick: number): number {
    return this.#totals[side][tick] ?? 0
  }

  /** Matches what crosses and rests the remainder; returns the resting order's id, or `noOrder`. */
  limit(side: 0 | 1, tick: number, quantity: number): number {
    let left = quantity
    if (side === 0) {
      while (left > 0 && this.bestAsk <= tick) left = this.#fill(1, this.bestAsk, left)
    } else while (left > 0 && this.bestBid >= tick) left = this.#fill(0, this.bestBid, left)
    if (left === 0 || this.#freeCount === 0) return noOrder
    return this.#rest(side, tick, left)
  }

  /** Fills up to `quantity` lots at any price; returns the lots that were not filled, which are cancelled. */
  market(side: 0 | 1, quantity: number): number {
    let left = quantity
    if (side === 0) {
      while (left > 0 && this.bestAsk < this.ticks) left = this.#fill(1, this.bestAsk, left)
    } else while (left > 0 && this.bestBid >= 0) left = this.#fill(0, this.bestBid, left)
    return left
  }

  /** Cancels a resting order; false when there is none with this id. */
  cancel(order: number): boolean {
    const side = this.#side[order]
    if (side === undefined || side < 0) return false
    const at = side as 0 | 1
    const tick = this.#tick[order]!
    const previous = this.#previous[order]!
    const next = this.#next[order]!
    if (previous === noOrder) this.#heads[at][tick] = next
    else this.#next[previous] = next
    if (next === noOrder) this.#tails[at][tick] = previous
    else this.#previous[next] = previous
    this.#totals[at][tick]! -= this.#quantity[order]!
    this.#release(order)
    if (previous === noOrder && next === noOrder) this.#emptied(at, tick)
    this.#listener.onLevel(at, tick, this.#totals[at][tick]!)
    return true
  }

  #rest(side: 0 | 1, tick: number, quantity: number): number {
    const order = this.#free[--this.#freeCount]!
    const tail = this.#tails[side][tick]!
    this.#tick[order] = tick
    this.#quantity[order] = quantity
    this.#side[order] = side
    this.#next[order] = noOrder
    this.#previous[order] = tail
    this.#tails[side][tick] = order
    if (tail === noOrder) {
      this.#heads[side][tick] = order
      this.#words[side][tick >>> 5]! |= 1 << (tick & 31)
      this.#summary[side][tick >>> 10]! |= 1 << ((tick >>> 5) & 31)
      if (side === 0) {
        if (tick > this.bestBid) this.bestBid = tick
      } else if (tick < this.bestAsk) this.bestAsk = tick
    } else this.#next[tail] = order
    this.#totals[side][tick]! += quantity
    this.#listener.onLevel(side, tick, this.#totals[side][tick]!)
    return order
  }

  #fill(side: 0 | 1, tick: number, quantity: number): number {
    let left = quantity
    let order = this.#heads[side][tick]!
    while (order !== noOrder && left > 0) {
      const resting = this.#quantity[order]!
      const filled = resting < left ? resting : left
      left -= filled
      this.#totals[side][tick]! -= filled
      this.#listener.onTrade(side === 0 ? 1 : 0, tick, filled, order)
      if (filled === resting) {
        const next = this.#next[order]!
        this.#release(order)
        order = next
      } else this.#quantity[order] = resting - filled
    }
    this.#heads[side][tick] = order
    if (order === noOrder) {
      this.#tails[side][tick] = noOrder
      this.#emptied(side, tick)
    } else this.#previous[order] = noOrder
    this.#listener.onLevel(side, tick, this.#totals[side][tick]!)
    return left
  }

  #release(order: number): void {
    this.#side[order] = -1
    this.#free[this.#freeCount++] = order
  }

  #emptied(side: 0 | 1, tick: number): void {
    const words = this.#words[side]
    if ((words[tick >>> 5]! &= ~(1 << (tick & 31))) === 0) this.#summary[side][tick >>> 10]! &= ~(1 << ((tick >>> 5) & 31))
    if (side === 0) {
      if (tick === this.bestBid) this.bestBid = this.#below(tick - 1)
    } else if (tick === this.bestAsk) this.bestAsk = this.#above(tick + 1)
  }

  /** The highest occupied bid at or below `tick`, or -1. */
  #below(tick: number): number {
    if (tick < 0) return -1
    const words = this.#words[0]
    const summary = this.#summary[0]
    let word = tick >>> 5
    const bits = words[word]! & (0xffffffff >>> (31 - (tick & 31)))
    if (bits !== 0) return (word << 5) + 31 - Math.clz32(bits)
    if (--word < 0) return -1
    let block = word >>> 5
    let blockBits = summary[block]! & (0xffffffff >>> (31 - (word & 31)))
    while (blockBits === 0) {
      if (--block < 0) return -1
      blockBits = summary[block]!
    }
    word = (block << 5) + 31 - Math.clz32(blockBits)
    return (word << 5) + 31 - Math.clz32(words[word]!)
  }

  /** The lowest occupied ask at or above `tick`, or `ticks`. */
  #above(tick: number): number {
    if (tick >= this.ticks) return this.ticks
    const words = this.#words[1]
    const summary = this.#summary[1]
    let word = tick >>> 5
    const bits = words[word]! & (-1 << (tick & 31))
    if (bits !== 0) return (word << 5) + lowestBit(bits)
    if (++word >= words.length) return this.ticks
    let block = word >>> 5
    let blockBits = summary[block]! & (-1 << (word & 31))
    while (blockBits === 0) {
      if (++block >= summary.length) return this.ticks
      blockBits = summary[block]!
    }
    word = (block << 5) + lowestBit(blockBits)
    return (word << 5) + lowestBit(words[word]!)
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)
