/**
 * Curve's StableSwap pool in whole numbers, as its contract computes: invariant, exchange, imbalance.
 *
 * Source: M. Egorov, "StableSwap: efficient mechanism for Stablecoin liquidity", 2019, and `StableSwap3Pool.vy`. Iterations are bounded
 * as the contract bounds them: some extreme pools never converge, and the last value stands.
 */
const iterationsMax = 255
const feeDenominator = 10n ** 10n
const precision = 10n ** 18n

export interface StableSwapPool {
  /** The contract's `A()`. */
  readonly amplification: bigint
  /** 100 in pools that keep `A` with two more digits (`A_precise`), else 1. */
  readonly amplificationPrecision: bigint
  /** In each coin's own smallest units. */
  readonly balances: ReadonlyArray<bigint>
  /** What brings a coin's units to 18 decimals and, for rate-bearing coins, to the value of its underlying: 10^(36 - decimals). */
  readonly rates: ReadonlyArray<bigint>
  /** Of 10^10. */
  readonly fee: bigint
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)

/** Balances in 18 decimals, by value. */
export const normalisedBalances = ({ balances, rates }: StableSwapPool): ReadonlyArray<bigint> =>
  balances.map((balance, coin) => (balance * rates[coin]!) / precision)

/** D: the sum of the balances, were the pool in perfect balance. */
export const stableSwapInvariant = (balances: ReadonlyArray<bigint>, amplification: bigint, amplificationPrecision = 1n): bigint => {
  const coins = BigInt(balances.length)
  const sum = balances.reduce((total, balance) => total + balance, 0n)
  if (sum === 0n) return 0n
  const leverage = amplification * coins
  let invariant = sum
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    let product = invariant
    for (const balance of balances) product = (product * invariant) / (balance * coins)
    const previous = invariant
    invariant =
      (((leverage * sum) / amplificationPrecision + product * coins) * invariant) /
      (((leverage - amplificationPrecision) * invariant) / amplificationPrecision + (coins + 1n) * product)
    if (distance(invariant, previous) <= 1n) break
  }
  return invariant
}

/** The balance that coin `to` has once coin `from` stands at `balance` and D is kept. */
export const stableSwapBalance = (
  from: number,
  to: number,
  balance: bigint,
  balances: ReadonlyArray<bigint>,
  amplification: bigint,
  amplificationPrecision = 1n
): bigint => {
  const coins = BigInt(balances.length)
  const invariant = stableSwapInvariant(balances, amplification, amplificationPrecision)
  const leverage = amplification * coins
  let product = invariant
  let sum = 0n
  for (let coin = 0; coin < balances.length; coin++) {
    if (coin === to) continue
    const held = coin === from ? balance : balances[coin]!
    sum += held
    product = (product * invariant) / (held * coins)
  }
  product = (product * invariant * amplificationPrecision) / (leverage * coins)
  const linear = sum + (invariant * amplificationPrecision) / leverage
  let result = invariant
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    const previous = result
    result = (result * result + product) / (2n * result + linear - invariant)
    if (distance(result, previous) <= 1n) break
  }
  return result
}

/** `get_dy`: what `amount` of coin `from` buys of coin `to`, fee taken. */
export const stableSwapExchange = (pool: StableSwapPool, from: number, to: number, amount: bigint): bigint => {
  const balances = normalisedBalances(pool)
  const balance = balances[from]! + (amount * pool.rates[from]!) / precision
  const left = stableSwapBalance(from, to, balance, balances, pool.amplification, pool.amplificationPrecision)
  const bought = balances[to]! - left - 1n
  const fee = (pool.fee * bought) / feeDenominator
  return ((bought - fee) * precision) / pool.rates[to]!
}

/** How far the pool leans towards a coin: its share of the pool over an even share, less one. Above 0 people are leaving the coin. */
export const poolImbalance = (pool: StableSwapPool, coin: number): number => {
  const balances = normalisedBalances(pool)
  const sum = balances.reduce((total, balance) => total + balance, 0n)
  if (sum === 0n) return Number.NaN
  return Number((balances[coin]! * BigInt(balances.length) * 1_000_000_000n) / sum) / 1e9 - 1
}
