/** Price and depth of Uniswap V2's constant-product pool. Source: H. Adams, N. Zinsmeister, D. Robinson, "Uniswap v2 Core", 2020. */
export interface ConstantProductPool {
  /** In each token's smallest unit. */
  readonly reserves: readonly [bigint, bigint]
  readonly decimals: readonly [number, number]
}

/** Price of token 0 in token 1, without the fee; NaN for an empty pool. */
export const constantProductPrice = ({ decimals, reserves }: ConstantProductPool): number =>
  reserves[0] === 0n ? Number.NaN : (Number(reserves[1]) / Number(reserves[0])) * 10 ** (decimals[0] - decimals[1])

/**
 * Tokens of token 0 that can be sold, and bought, until the price has moved by `share` (0.01 is 1%). With x y constant, a price factor of
 * 1 + share needs x to change by a factor of 1 / sqrt(1 + share).
 */
export const constantProductDepth = ({ decimals, reserves }: ConstantProductPool, share: number): readonly [sell: number, buy: number] => {
  const held = Number(reserves[0]) / 10 ** decimals[0]
  return [held * (1 / Math.sqrt(1 - share) - 1), held * (1 - 1 / Math.sqrt(1 + share))]
}
