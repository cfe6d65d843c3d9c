/**
 * Price, depth and average price of a Uniswap V3 pool, from its square-root price (sqrt(price) * 2^96) and liquidity.
 * Source: H. Adams et al., "Uniswap v3 Core", 2021, sections 5 and 6, and `SqrtPriceMath.sol`.
 */
/** Price of token 0 in token 1. `decimals` are those of token 0 and token 1. */
export const sqrtRatioPrice = (sqrtRatio: bigint, decimals: readonly [number, number]): number => {
  const root = Number(sqrtRatio) / 2 ** 96
  return root * root * 10 ** (decimals[0] - decimals[1])
}

/** Token 0, in its smallest unit, between two square-root prices: L (1/√a - 1/√b), rounded down. */
const amount0Between = (a: bigint, b: bigint, liquidity: bigint): bigint => {
  const [low, high] = a < b ? [a, b] : [b, a]
  return ((liquidity << 96n) * (high - low)) / high / low
}

/**
 * Tokens of token 0 that can be sold, and bought, until the price has moved by `share` (0.01 is 1%), if the liquidity of the current tick
 * held over that range: ticks where liquidity changes are not read.
 */
export const concentratedDepth = (
  sqrtRatio: bigint,
  liquidity: bigint,
  share: number,
  decimals: readonly [number, number]
): readonly [sell: number, buy: number] => {
  const scaled = (factor: number) => (sqrtRatio * BigInt(Math.round(factor * 1e15))) / 10n ** 15n
  const unit = 10 ** decimals[0]
  return [
    Number(amount0Between(scaled(Math.sqrt(1 - share)), sqrtRatio, liquidity)) / unit,
    Number(amount0Between(sqrtRatio, scaled(Math.sqrt(1 + share)), liquidity)) / unit
  ]
}

/**
 * Time-weighted geometric mean price of token 0 in token 1, from the values of the pool's `tickCumulative` at both ends of a span of
 * `seconds`: 1.0001^(mean tick).
 */
export const timeWeightedPrice = (before: bigint, after: bigint, seconds: number, decimals: readonly [number, number]): number =>
  1.0001 ** (Number(after - before) / Math.max(1, seconds)) * 10 ** (decimals[0] - decimals[1])
