/**
 * Uniswap V3's ticks and square-root prices in whole numbers. Source: "Uniswap v3 Core", 2021, and its `TickMath.sol` and `SqrtPriceMath.sol`.
 */
export const tickMin = -887_272
export const tickMax = 887_272
const q96 = 1n << 96n
const q128 = 1n << 128n

/** 1.0001^(-2^i / 2) as Q128.128. */
const factors: ReadonlyArray<bigint> = [
  0xfffcb933bd6fad37aa2d162d1a594001n,
  0xfff97272373d413259a46990580e213an,
  0xfff2e50f5f656932ef12357cf3c7fdccn,
  0xffe5caca7e10e4e61c3624eaa0941cd0n,
  0xffcb9843d60f6159c9db58835c926644n,
  0xff973b41fa98c081472e6896dfb254c0n,
  0xff2ea16466c96a3843ec78b326b52861n,
  0xfe5dee046a99a2a811c461f1969c3053n,
  0xfcbe86c7900a88aedcffc83b479aa3a4n,
  0xf987a7253ac413176f2b074cf7815e54n,
  0xf3392b0822b70005940c7a398e4b70f3n,
  0xe7159475a2c29b7443b29c7fa6e889d9n,
  0xd097f3bdfd2022b8845ad8f792aa5825n,
  0xa9f746462d870fdf8a65dc1f90e061e5n,
  0x70d869a156d2a1b890bb3df62baf32f7n,
  0x31be135f97d08fd981231505542fcfa6n,
  0x9aa508b5b7a84e1c677de54f3e99bc9n,
  0x5d6af8dedb81196699c329225ee604n,
  0x2216e584f5fa1ea926041bedfe98n,
  0x48a170391f7dc42444e8fa2n
]

/** sqrt(1.0001^tick) * 2^96, rounded up as the contract does. Throws `RangeError` outside the ticks. */
export const sqrtRatioAtTick = (tick: number): bigint => {
  if (!Number.isInteger(tick) || tick < tickMin || tick > tickMax) throw new RangeError(`no such tick: ${tick}`)
  const size = Math.abs(tick)
  let ratio = q128
  for (let bit = 0; bit < factors.length; bit++) if (((size >> bit) & 1) === 1) ratio = (ratio * factors[bit]!) >> 128n
  if (tick > 0) ratio = ((1n << 256n) - 1n) / ratio
  return (ratio >> 32n) + (ratio % (1n << 32n) === 0n ? 0n : 1n)
}

/** The greatest tick whose ratio is not above `sqrtRatio`. */
export const tickAtSqrtRatio = (sqrtRatio: bigint): number => {
  let low = tickMin
  let high = tickMax
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (sqrtRatioAtTick(middle) <= sqrtRatio) low = middle
    else high = middle - 1
  }
  return low
}

/** Token 0's price in token 1. */
export const sqrtRatioPrice = (sqrtRatio: bigint, decimals: readonly [number, number]): number => {
  const root = Number(sqrtRatio) / 2 ** 96
  return root * root * 10 ** (decimals[0] - decimals[1])
}

/** Token 0 between two ratios at a liquidity, rounded down: L (1/√a - 1/√b). */
export const amount0Between = (a: bigint, b: bigint, liquidity: bigint): bigint => {
  const [low, high] = a < b ? [a, b] : [b, a]
  return ((liquidity << 96n) * (high - low)) / high / low
}

/** Token 1 between two ratios at a liquidity, rounded down: L (√b - √a). */
export const amount1Between = (a: bigint, b: bigint, liquidity: bigint): bigint => {
  const [low, high] = a < b ? [a, b] : [b, a]
  return (liquidity * (high - low)) / q96
}

/**
 * Token 0 that can be sold, and bought, before the price has moved by `share`, with the liquidity of the present tick. In whole tokens;
 * liquidity that begins or ends within the share is not seen.
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

/** The time-weighted average price of token 0 from the oracle's tick accumulators at both ends of a span. */
export const timeWeightedPrice = (before: bigint, after: bigint, seconds: number, decimals: readonly [number, number]): number =>
  1.0001 ** (Number(after - before) / Math.max(1, seconds)) * 10 ** (decimals[0] - decimals[1])
