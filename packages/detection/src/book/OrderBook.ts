/**
 * One instrument's price levels, both sides, as sorted arrays with the best level last.
 *
 * Most changes happen near the best price, so an insertion there moves few entries; a search begins with the last 32
 * levels for the same reason. Ask prices are kept negated, so that both sides ascend towards the best.
 *
 * Prices and quantities are doubles. A decimal of up to 15 digits survives the way to a double and back unharmed, so
 * the book at rest is exact for every price and quantity of up to 15 digits.
 */
import { EventKind, type LevelReader, type MarketRecord } from "@evenkeel/domain/market/MarketRecord"

const nearBest = 32
/** Below this many entries a loop moves them faster than `copyWithin`. */
const loopMoves = 48
const capacityStart = 256

/** At most this many levels a side; beyond it the worst level goes. Deeper books than any venue sends. */
export const bookLevelsMax = 1 << 17
/** No market quotes a price as high, in whatever currency. */
export const priceMax = 1e12

export class OrderBook implements LevelReader {
  readonly #keys: [Float64Array, Float64Array] = [new Float64Array(capacityStart), new Float64Array(capacityStart)]
  readonly #quantities: [Float64Array, Float64Array] = [new Float64Array(capacityStart), new Float64Array(capacityStart)]
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
    this.#counts[0] = 0
    this.#counts[1] = 0
  }

  /** Sets a level's quantity; 0 removes the level. */
  set(side: 0 | 1, price: number, quantity: number): void {
    const key = side === 0 ? price : -price
    const keys = this.#keys[side]
    const quantities = this.#quantities[side]
    const count = this.#counts[side]!
    let low = 0
    let high = count
    if (count > nearBest && keys[count - nearBest]! < key) low = count - nearBest
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle]! < key) low = middle + 1
      else high = middle
    }
    if (low < count && keys[low] === key) {
      if (quantity > 0) quantities[low] = quantity
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
    const keys = this.#keys[side]
    const quantities = this.#quantities[side]
    const last = this.#counts[side]! - 1
    if (last - at < loopMoves) {
      for (let i = at; i < last; i++) {
        keys[i] = keys[i + 1]!
        quantities[i] = quantities[i + 1]!
      }
    } else {
      keys.copyWithin(at, at + 1, last + 1)
      quantities.copyWithin(at, at + 1, last + 1)
    }
    this.#counts[side] = last
  }

  #insert(side: 0 | 1, at: number, key: number, quantity: number): void {
    let count = this.#counts[side]!
    if (count === this.#keys[side].length) {
      if (count >= bookLevelsMax) {
        // The worst level is the first. A level worse than it has no place.
        if (at === 0) return
        this.#remove(side, 0)
        at--
        count--
      } else this.#grow(side)
    }
    const keys = this.#keys[side]
    const quantities = this.#quantities[side]
    if (count - at < loopMoves) {
      for (let i = count; i > at; i--) {
        keys[i] = keys[i - 1]!
        quantities[i] = quantities[i - 1]!
      }
    } else {
      keys.copyWithin(at + 1, at, count)
      quantities.copyWithin(at + 1, at, count)
    }
    keys[at] = key
    quantities[at] = quantity
    this.#counts[side] = count + 1
  }

  #grow(side: 0 | 1): void {
    for (const arrays of [this.#keys, this.#quantities]) {
      const grown = new Float64Array(arrays[side].length * 2)
      grown.set(arrays[side])
      arrays[side] = grown
    }
  }

  /** Keeps the best `depth` levels of each side. */
  truncate(depth: number): void {
    for (const side of [0, 1] as const) {
      const count = this.#counts[side]!
      if (count <= depth) continue
      this.#keys[side].copyWithin(0, count - depth, count)
      this.#quantities[side].copyWithin(0, count - depth, count)
      this.#counts[side] = depth
    }
  }

  count(side: 0 | 1): number {
    return this.#counts[side]!
  }

  /** Price of the level `depth` behind the best (0); NaN when the side is not that deep. */
  price(side: 0 | 1, depth: number): number {
    const key = this.#keys[side][this.#counts[side]! - 1 - depth]
    return key === undefined || depth >= this.#counts[side]! ? Number.NaN : side === 0 ? key : -key
  }

  quantity(side: 0 | 1, depth: number): number {
    return depth >= this.#counts[side]! ? Number.NaN : this.#quantities[side][this.#counts[side]! - 1 - depth]!
  }

  /** True when both sides have levels and the best bid is not below the best ask. */
  crossed(): boolean {
    const bids = this.#counts[0]!
    const asks = this.#counts[1]!
    return bids > 0 && asks > 0 && this.#keys[0][bids - 1]! >= -this.#keys[1][asks - 1]!
  }

  /** Quantity within `share` (0.001 = 10 bps) of the best price of a side. */
  depthWithin(side: 0 | 1, share: number): number {
    const count = this.#counts[side]!
    if (count === 0) return 0
    const keys = this.#keys[side]
    const quantities = this.#quantities[side]
    const floor = keys[count - 1]! - Math.abs(keys[count - 1]!) * share
    let total = 0
    for (let i = count - 1; i >= 0 && keys[i]! >= floor; i--) total += quantities[i]!
    return total
  }
}
