/**
 * Uniswap V2's constant-product pool in whole numbers. Source: H. Adams, N. Zinsmeister, D. Robinson, "Uniswap v2 Core", 2020, and
 * `UniswapV2Library.sol`.
 */
export interface ConstantProductPool {
  /** In each token's own smallest units. */
  readonly reserves: readonly [bigint, bigint]
  readonly decimals: readonly [number, number]
  /** Of a thousand: 3 on Uniswap. */
  readonly fee: bigint
}

const thousand = 1000n

/** `getAmountOut`: what `amount` of token `from` buys of the other, fee taken. */
export const constantProductExchange = ({ fee, reserves }: ConstantProductPool, from: 0 | 1, amount: bigint): bigint => {
  const [reserveIn, reserveOut] = from === 0 ? reserves : [reserves[1], reserves[0]]
  if (reserveIn <= 0n || reserveOut <= 0n) return 0n
  const paid = amount * (thousand - fee)
  return (paid * reserveOut) / (reserveIn * thousand + paid)
}

/** Token 0's price in token 1, without fee; NaN for an empty pool. */
export const constantProductPrice = ({ decimals, reserves }: ConstantProductPool): number =>
  reserves[0] === 0n ? Number.NaN : (Number(reserves[1]) / Number(reserves[0])) * 10 ** (decimals[0] - decimals[1])

/** Token 0 that can be sold, and bought, before the price has moved by `share`. In whole tokens. */
export const constantProductDepth = ({ decimals, reserves }: ConstantProductPool, share: number): readonly [sell: number, buy: number] => {
  const held = Number(reserves[0]) / 10 ** decimals[0]
  return [held * (1 / Math.sqrt(1 - share) - 1), held * (1 - 1 / Math.sqrt(1 + share))]
}

/** The average price of token 0 over a span, from the contract's `price0CumulativeLast` (UQ112x112 seconds) at its ends. */
export const cumulativePrice = (before: bigint, after: bigint, seconds: number, decimals: readonly [number, number]): number => {
  // The accumulator overflows by design.
  const moved = BigInt.asUintN(256, after - before)
  return (Number(moved / BigInt(Math.max(1, seconds))) / 2 ** 112) * 10 ** (decimals[0] - decimals[1])
}
