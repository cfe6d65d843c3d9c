/** The same book as plainly as it can be written: what `OrderBook` is tested and timed against. */
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"

export class MapBook implements LevelReader {
  readonly #sides = [new Map<number, number>(), new Map<number, number>()] as const

  set(side: 0 | 1, price: number, quantity: number): void {
    if (quantity === 0) this.#sides[side].delete(price)
    else this.#sides[side].set(price, quantity)
  }

  levels(side: 0 | 1): Array<[price: number, quantity: number]> {
    return [...this.#sides[side]].sort(side === 0 ? (a, b) => b[0] - a[0] : (a, b) => a[0] - b[0])
  }

  truncate(depth: number): void {
    for (const side of [0, 1] as const) for (const [price] of this.levels(side).slice(depth)) this.#sides[side].delete(price)
  }

  count(side: 0 | 1): number {
    return this.#sides[side].size
  }

  price(side: 0 | 1, depth: number): number {
    return this.levels(side)[depth]?.[0] ?? Number.NaN
  }

  quantity(side: 0 | 1, depth: number): number {
    return this.levels(side)[depth]?.[1] ?? Number.NaN
  }
}
