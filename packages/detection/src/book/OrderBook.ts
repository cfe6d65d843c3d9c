/**
 * One instrument's price levels, both sides, as sorted arrays with the best level last.
 *
 * Most changes happen near the best price, so an insertion there moves few entries; a search begins with the last 32
 * levels for the same reason. Ask prices are kept negated, so that both sides ascend towards the best.
 *
 * A side lies in the middle of its array, with room before and behind: an insertion moves what lies on its shorter side, so that a book
 * which comes best first is taken up as quickly as one which comes worst first. A side that has come to an end of its array is moved back
 * to the middle, which costs little for the changes that it took to come there.
 *
 * Prices and quantities are doubles. A decimal of up to 15 digits survives the way to a double and back unharmed, so
 * the book at rest is exact for every price and quantity of up to 15 digits.
 */
import { EventKind, type LevelReader, type MarketRecord } from "@evenkeel/domain/market/MarketRecord"

const nearBest = 32
/** Below this many entries a loop moves them faster than `copyWithin`. */
const loopMoves = 48
const capacityStart = 256

/** At most this many levels a side; beyond it the worst level goes. The deepest books known have some 60,000, both sides together. */
export const bookLevelsMax = 1 << 16
/** No market quotes a price as high, in whatever currency. */
export const priceMax = 1e12

export class OrderBook implements LevelReader {
  readonly #keys: [Float64Array, Float64Array] = [new Float64Array(capacityStart), new Float64Array(capacityStart)]
  readonly #quantities: [Float64Array, Float64Array] = [new Float64Array(capacityStart), new Float64Array(capacityStart)]
  /** Where a side begins in its arrays, and how many levels it has. */
  readonly #starts = new Int32Array(2).fill(capacityStart / 2)
  readonly #counts = new Int32Array(2)
  /** Since the book was begun anew a level came that cannot be: a price or a quantity that is not above 0. It is not in the book. */
  impossible = false

  /** What a record says of the book's levels; every other kind changes nothing. */
  apply({ integers, levels }: MarketRecord): void {
    switch (integers[0]) {
      case EventKind.bookClear:
        this.clear()
        break
      case EventKind.bookLevels:
        for (let i = 0; i < integers[3]! * 3; i += 3) this.set(levels[i] as 0 | 1, levels[i + 1]!, levels[i + 2]!)
        break
      case EventKind.bookTruncate:
        this.truncate(integers[3]!)
    }
  }

  clear(): void {
    this.impossible = false
    for (const side of [0, 1] as const) {
      this.#counts[side] = 0
      this.#starts[side] = this.#keys[side].length >>> 1
    }
  }

  /** Sets a level's quantity; 0 removes the level. */
  set(side: 0 | 1, price: number, quantity: number): void {
    const key = side === 0 ? price : -price
    const keys = this.#keys[side]
    let low = this.#starts[side]!
    const end = low + this.#counts[side]!
    let high = end
    if (end - low > nearBest && keys[end - nearBest]! < key) low = end - nearBest
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle]! < key) low = middle + 1
      else high = middle
    }
    if (low < end && keys[low] === key) {
      if (quantity > 0) this.#quantities[side][low] = quantity
      else {
        this.#remove(side, low)
        if (quantity !== 0) this.impossible = true
      }
    } else if (quantity !== 0) {
      if (quantity > 0 && price > 0 && price < priceMax) this.#insert(side, low, key, quantity)
      else this.impossible = true
    }
  }

  #remove(side: 0 | 1, at: number): void {
    const start = this.#starts[side]!
    const end = start + this.#counts[side]!
    if (end - at <= at - start) this.#move(side, at + 1, end, -1)
    else {
      this.#move(side, start, at, 1)
      this.#starts[side] = start + 1
    }
    this.#counts[side] = end - start - 1
  }

  #insert(side: 0 | 1, at: number, key: number, quantity: number): void {
    if (this.#counts[side]! >= bookLevelsMax) {
      // The worst level is the first. A level worse than it has no place.
      if (at === this.#starts[side]) return
      this.#starts[side] = this.#starts[side]! + 1
      this.#counts[side] = this.#counts[side]! - 1
    }
    let start = this.#starts[side]!
    const count = this.#counts[side]!
    const isNearBest = start + count - at <= at - start
    if (isNearBest ? start + count === this.#keys[side].length : start === 0) {
      this.#center(side)
      at += this.#starts[side]! - start
      start = this.#starts[side]!
    }
    if (isNearBest) this.#move(side, at, start + count, 1)
    else {
      this.#move(side, start, at, -1)
      this.#starts[side] = start - 1
      at--
    }
    this.#keys[side][at] = key
    this.#quantities[side][at] = quantity
    this.#counts[side] = count + 1
  }

  /** Moves the entries `[from, to)` by one place, towards the best (1) or away from it (-1). */
  #move(side: 0 | 1, from: number, to: number, by: 1 | -1): void {
    const keys = this.#keys[side]
    const quantities = this.#quantities[side]
    if (to - from >= loopMoves) {
      keys.copyWithin(from + by, from, to)
      quantities.copyWithin(from + by, from, to)
    } else if (by > 0) {
      for (let i = to; i > from; i--) {
        keys[i] = keys[i - 1]!
        quantities[i] = quantities[i - 1]!
      }
    } else {
      for (let i = from; i < to; i++) {
        keys[i - 1] = keys[i]!
        quantities[i - 1] = quantities[i]!
      }
    }
  }

  /** Makes room on both ends of a side: in its own arrays while they are at most half full, else in larger ones. */
  #center(side: 0 | 1): void {
    const start = this.#starts[side]!
    const count = this.#counts[side]!
    const length = this.#keys[side].length
    const isLarger = count * 2 > length
    const target = ((isLarger ? length * 2 : length) - count) >>> 1
    for (const arrays of [this.#keys, this.#quantities]) {
      if (isLarger) {
        const grown = new Float64Array(length * 2)
        grown.set(arrays[side].subarray(start, start + count), target)
        arrays[side] = grown
      } else arrays[side].copyWithin(target, start, start + count)
    }
    this.#starts[side] = target
  }

  /** Keeps the best `depth` levels of each side. */
  truncate(depth: number): void {
    for (const side of [0, 1] as const) {
      const more = this.#counts[side]! - depth
      if (more <= 0) continue
      this.#starts[side] = this.#starts[side]! + more
      this.#counts[side] = depth
    }
  }

  count(side: 0 | 1): number {
    return this.#counts[side]!
  }

  /** Price of the level `depth` behind the best (0); NaN when the side is not that deep. */
  price(side: 0 | 1, depth: number): number {
    if (depth >= this.#counts[side]!) return Number.NaN
    const key = this.#keys[side][this.#starts[side]! + this.#counts[side]! - 1 - depth]!
    return side === 0 ? key : -key
  }

  quantity(side: 0 | 1, depth: number): number {
    return depth >= this.#counts[side]! ? Number.NaN : this.#quantities[side][this.#starts[side]! + this.#counts[side]! - 1 - depth]!
  }

  /** True when both sides have levels and the best bid is not below the best ask. */
  crossed(): boolean {
    return this.price(0, 0) >= this.price(1, 0)
  }

  /** Quantity within `share` (0.001 = 10 bps) of the best price of a side. */
  depthWithin(side: 0 | 1, share: number): number {
    const start = this.#starts[side]!
    const end = start + this.#counts[side]!
    if (end === start) return 0
    const keys = this.#keys[side]
    const quantities = this.#quantities[side]
    const floor = keys[end - 1]! - Math.abs(keys[end - 1]!) * share
    let total = 0
    for (let i = end - 1; i >= start && keys[i]! >= floor; i--) total += quantities[i]!
    return total
  }
}
