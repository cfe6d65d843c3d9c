/**
 * Curve's StableSwap pool in the contract's own integer arithmetic: invariant, exchange, imbalance.
 *
 * Source: M. Egorov, "StableSwap: efficient mechanism for Stablecoin liquidity", 2019, and `StableSwap3Pool.vy`. Iterations are bounded
 * as in the contract: for some extreme pools they do not converge, and the last value is taken.
 */
const iterationsMax = 255
const feeDenominator = 10n ** 10n
const precision = 10n ** 18n

export interface StableSwapPool {
  /** The contract's `A()`. */
  readonly amplification: bigint
  /** Factor that `amplification` is scaled by: 100 in pools with `A_precise`, else 1. */
  readonly amplificationPrecision: bigint
  /** In each coin's smallest unit. */
  readonly balances: ReadonlyArray<bigint>
  /** 10^(36 - decimals), times the value of one coin in its underlying for rate-bearing coins. */
  readonly rates: ReadonlyArray<bigint>
  /** In units of 10^-10. */
  readonly fee: bigint
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)

/** Balances by value, with 18 decimals. */
export const normalisedBalances = ({ balances, rates }: StableSwapPool): ReadonlyArray<bigint> =>
  balances.map((balance, coin) => (balance * rates[coin]!) / precision)

/** The invariant D: the total of the balances when all are equal. 18 decimals, as the balances; 0 for an empty pool. */
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

/** `get_y`: the balance of coin `to` that keeps D when coin `from` has `balance`. 18 decimals. */
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

/** `get_dy`: the amount of coin `to` bought with `amount` of coin `from`, after the fee; both in their smallest units. */
export const stableSwapExchange = (pool: StableSwapPool, from: number, to: number, amount: bigint): bigint => {
  const balances = normalisedBalances(pool)
  const balance = balances[from]! + (amount * pool.rates[from]!) / precision
  const left = stableSwapBalance(from, to, balance, balances, pool.amplification, pool.amplificationPrecision)
  const bought = balances[to]! - left - 1n
  const fee = (pool.fee * bought) / feeDenominator
  return ((bought - fee) * precision) / pool.rates[to]!
}

/** A coin's share of the pool over an even share, minus 1. Above 0 the coin is being sold into the pool; NaN for an empty pool. */
export const poolImbalance = (pool: StableSwapPool, coin: number): number => {
  const balances = normalisedBalances(pool)
  const sum = balances.reduce((total, balance) => total + balance, 0n)
  if (sum === 0n) return Number.NaN
  return Number((balances[coin]! * BigInt(balances.length) * 1_000_000_000n) / sum) / 1e9 - 1
}
