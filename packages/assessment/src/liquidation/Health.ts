/**
 * Health factors, and the shock of one coin that takes an account to 1.
 *
 *     health factor = Σ collateral · price · liquidation threshold / Σ debt · price
 *
 * as Aave has it: below 1 an account can be liquidated, and one without debt has none (https://aave.com/docs/aave-v3/markets/health-factor). With the price of
 * one coin times (1 + s) both sums are straight lines in s, so the shock that makes them equal is had at once:
 *
 *     s = (D - C) / (C_c - D_c)        C, D: the sums now; C_c, D_c: the coin's parts of them
 *
 * Where the coin counts for more than is owed in it, its fall takes the account down (s < 0); where more is owed, its rise does (s > 0).
 */
import type { Positions } from "./Positions.ts"

export interface Health {
  /** By account; infinite without debt. */
  readonly factor: Float64Array
  /** Dollars, by account. */
  readonly debt: Float64Array
}

/** `prices` by coin of the positions. */
export const healthOf = ({ accounts, coin, counted, debt, start }: Positions, prices: Float64Array): Health => {
  const factor = new Float64Array(accounts.length)
  const owed = new Float64Array(accounts.length)
  for (let account = 0; account < accounts.length; account++) {
    let counts = 0
    let owes = 0
    for (let leg = start[account]!; leg < start[account + 1]!; leg++) {
      const price = prices[coin[leg]!]!
      counts += counted[leg]! * price
      owes += debt[leg]! * price
    }
    factor[account] = owes > 0 ? counts / owes : Number.POSITIVE_INFINITY
    owed[account] = owes
  }
  return { factor, debt: owed }
}

export interface FallPoints {
  /** By leg: the change of its coin's price, as a share, at which the account's health factor is 1; NaN where none above -1 does it, or it is below 1 now. */
  readonly shock: Float64Array
  /** By account: the leg with the smallest of them; -1 where there is none. */
  readonly first: Int32Array
}

export const fallPointsOf = ({ accounts, coin, counted, debt, start }: Positions, prices: Float64Array): FallPoints => {
  const shock = new Float64Array(coin.length).fill(Number.NaN)
  const first = new Int32Array(accounts.length).fill(-1)
  for (let account = 0; account < accounts.length; account++) {
    let spare = 0
    let owes = 0
    for (let leg = start[account]!; leg < start[account + 1]!; leg++) {
      const price = prices[coin[leg]!]!
      spare += (counted[leg]! - debt[leg]!) * price
      owes += debt[leg]! * price
    }
    if (spare < 0 || owes === 0) continue
    let smallest = Number.POSITIVE_INFINITY
    for (let leg = start[account]!; leg < start[account + 1]!; leg++) {
      const weight = (counted[leg]! - debt[leg]!) * prices[coin[leg]!]!
      const change = -spare / weight
      // At a price of zero everything that counts is gone, and so is what is owed in the coin.
      if (weight === 0 || !(change > -1)) continue
      shock[leg] = change
      if (Math.abs(change) < smallest) {
        smallest = Math.abs(change)
        first[account] = leg
      }
    }
  }
  return { shock, first }
}
