/**
 * What falls under a shock: of one coin by the fall points, and of several coins by valuing everything anew.
 *
 * The changes of one coin that are asked about (by horizon and quantile) are few, and a leg that falls under one falls under every larger one on the same side.
 * So each leg is placed once among its coin's changes, in their order, and gets the set of those that take it down as bits; an account's set is the union of
 * its legs'. One pass over the legs answers all questions, however many there are.
 */
import type { FallPoints, Health } from "./Health.ts"
import { healthOf } from "./Health.ts"
import type { Positions } from "./Positions.ts"

export interface Fallen {
  readonly accounts: number
  /** Their whole debt, in dollars, at the prices before the shock. */
  readonly debt: number
}

/** Questions are bits of a 32-bit integer. */
export const questionsMax = 31

/** Changes of one coin to one side, by their size. */
class Side {
  /** Ascending. */
  readonly #sizes: ReadonlyArray<number>
  /** By place: the questions whose change is this one or larger. */
  readonly #from: ReadonlyArray<number>

  constructor(changes: ReadonlyArray<number | undefined>, sign: 1 | -1) {
    const own = changes
      .flatMap((change, question) => (change !== undefined && change * sign > 0 ? [{ size: Math.abs(change), bit: 1 << question }] : []))
      .sort((a, b) => a.size - b.size)
    this.#sizes = own.map(({ size }) => size)
    this.#from = own.map((_, place) => own.slice(place).reduce((bits, { bit }) => bits | bit, 0))
  }

  /** The questions whose change is larger than `distance`. */
  beyond(distance: number): number {
    const sizes = this.#sizes
    let place = sizes.length
    while (place > 0 && sizes[place - 1]! > distance) place--
    return place === sizes.length ? 0 : this.#from[place]!
  }
}

export class OneCoinStress {
  readonly #positions: Positions
  readonly #points: FallPoints
  readonly #falls: ReadonlyArray<Side>
  readonly #rises: ReadonlyArray<Side>

  /** `changes` by coin and question, as shares; undefined for one that is not asked. At most `questionsMax` questions. */
  constructor(positions: Positions, points: FallPoints, changes: ReadonlyArray<ReadonlyArray<number | undefined>>) {
    this.#positions = positions
    this.#points = points
    this.#falls = changes.map((own) => new Side(own, -1))
    this.#rises = changes.map((own) => new Side(own, 1))
  }

  /** The questions under which the leg's coin takes its account down, as bits. A fall takes down who counts more of the coin than they owe in it, a rise the others. */
  legBits(leg: number): number {
    const { coin, counted, debt } = this.#positions
    const shock = this.#points.shock[leg]!
    if (Number.isNaN(shock)) return 0
    const sides = counted[leg]! > debt[leg]! ? this.#falls : this.#rises
    return sides[coin[leg]!]!.beyond(Math.abs(shock))
  }

  /** What falls by question: whichever coin changes, and by coin. */
  fallen(
    health: Health,
    questions: number
  ): { readonly whole: ReadonlyArray<Fallen>; readonly byCoin: ReadonlyArray<ReadonlyArray<Fallen>> } {
    const { accounts, coin, coins, start } = this.#positions
    const whole = new Tally(questions)
    const byCoin = coins.map(() => new Tally(questions))
    for (let account = 0; account < accounts.length; account++) {
      let bits = 0
      for (let leg = start[account]!; leg < start[account + 1]!; leg++) {
        const own = this.legBits(leg)
        if (own === 0) continue
        byCoin[coin[leg]!]!.add(own, health.debt[account]!)
        bits |= own
      }
      if (bits !== 0) whole.add(bits, health.debt[account]!)
    }
    return { whole: whole.fallen(), byCoin: byCoin.map((tally) => tally.fallen()) }
  }
}

/** Counts accounts and debt by question. */
class Tally {
  readonly #accounts: Float64Array
  readonly #debt: Float64Array

  constructor(questions: number) {
    this.#accounts = new Float64Array(questions)
    this.#debt = new Float64Array(questions)
  }

  add(bits: number, debt: number): void {
    for (let left = bits; left !== 0; left &= left - 1) {
      const question = 31 - Math.clz32(left & -left)
      this.#accounts[question]!++
      this.#debt[question]! += debt
    }
  }

  fallen(): ReadonlyArray<Fallen> {
    return Array.from(this.#accounts, (accounts, question) => ({ accounts, debt: this.#debt[question]! }))
  }
}

/** The same for changes of several coins at once, by share and coin; `health` is that before. `already`: below 1 before it and under it. */
export const revalue = (
  positions: Positions,
  prices: Float64Array,
  health: Health,
  changes: ReadonlyMap<number, number>
): Fallen & { readonly already: Fallen } => {
  const { factor } = healthOf(
    positions,
    prices.map((price, coin) => price * (1 + (changes.get(coin) ?? 0)))
  )
  const fallen = { accounts: 0, debt: 0 }
  const already = { accounts: 0, debt: 0 }
  for (let account = 0; account < factor.length; account++) {
    if (factor[account]! >= 1) continue
    const own = health.factor[account]! < 1 ? already : fallen
    own.accounts++
    own.debt += health.debt[account]!
  }
  return { ...fallen, already }
}
