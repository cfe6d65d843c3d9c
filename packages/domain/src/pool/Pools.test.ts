import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import {
  amount0Between,
  amount1Between,
  concentratedDepth,
  sqrtRatioAtTick,
  sqrtRatioPrice,
  tickAtSqrtRatio,
  tickMax,
  tickMin,
  timeWeightedPrice
} from "./ConcentratedLiquidity.ts"
import { constantProductDepth, constantProductExchange, constantProductPrice, cumulativePrice } from "./ConstantProduct.ts"
import { normalisedBalances, poolImbalance, stableSwapBalance, stableSwapExchange, stableSwapInvariant } from "./StableSwap.ts"

const vectors = new URL("../../../../../shared/wire/chain/", import.meta.url).pathname

interface CurveVector {
  readonly A: number
  readonly balances: ReadonlyArray<string>
  readonly rates: ReadonlyArray<string>
  readonly fee: number
  readonly i: number
  readonly j: number
  readonly dx: string
  readonly D: string
  readonly y: string
  readonly dy: string
}

describe.runIf(existsSync(vectors))("recorded vectors (need ../shared, else left out)", () => {
  it("StableSwap: D, y and dy of every pool", () => {
    const { vectors: pools } = JSON.parse(readFileSync(`${vectors}curve-stableswap-get_dy.json`, "utf8")) as {
      readonly vectors: ReadonlyArray<CurveVector>
    }
    assert.isAtLeast(pools.length, 50)
    for (const vector of pools) {
      const amplification = BigInt(vector.A)
      const pool = {
        amplification,
        amplificationPrecision: 1n,
        balances: vector.balances.map(BigInt),
        rates: vector.rates.map(BigInt),
        fee: BigInt(vector.fee)
      }
      const balances = normalisedBalances(pool)
      assert.strictEqual(stableSwapInvariant(balances, amplification), BigInt(vector.D))
      const after = balances[vector.i]! + (BigInt(vector.dx) * pool.rates[vector.i]!) / 10n ** 18n
      assert.strictEqual(stableSwapBalance(vector.i, vector.j, after, balances, amplification), BigInt(vector.y))
      assert.strictEqual(stableSwapExchange(pool, vector.i, vector.j, BigInt(vector.dx)), BigInt(vector.dy))
    }
  })

  it("ticks: every official ratio", () => {
    const { vectors: ticks } = JSON.parse(readFileSync(`${vectors}uniswap-v3-tickmath.json`, "utf8")) as {
      readonly vectors: ReadonlyArray<{ readonly tick: number; readonly sqrtRatioX96: string }>
    }
    for (const { sqrtRatioX96, tick } of ticks) {
      assert.strictEqual(sqrtRatioAtTick(tick), BigInt(sqrtRatioX96), String(tick))
      assert.strictEqual(tickAtSqrtRatio(BigInt(sqrtRatioX96)), tick)
    }
  })
})

describe("pools", () => {
  const balanced = {
    amplification: 2000n,
    amplificationPrecision: 1n,
    balances: [10n ** 24n, 10n ** 12n, 10n ** 12n],
    rates: [10n ** 18n, 10n ** 30n, 10n ** 30n],
    fee: 1_000_000n
  }

  it("a balanced StableSwap pool trades at par but for its fee, and leans as it is drained", () => {
    assert.strictEqual(stableSwapInvariant(normalisedBalances(balanced), 2000n), 3n * 10n ** 24n)
    const bought = Number(stableSwapExchange(balanced, 1, 2, 1_000_000_000n)) / 1e6
    assert.closeTo(bought, 999.9, 0.01)
    assert.strictEqual(poolImbalance(balanced, 0), 0)
    const drained = { ...balanced, balances: [10n ** 24n, 18n * 10n ** 11n, 2n * 10n ** 11n] }
    assert.closeTo(poolImbalance(drained, 1), 0.8, 1e-9)
    assert.closeTo(poolImbalance(drained, 2), -0.8, 1e-9)
    assert.isBelow(Number(stableSwapExchange(drained, 1, 2, 1_000_000n)), 999_000)
    assert.isNaN(poolImbalance({ ...balanced, balances: [0n, 0n, 0n] }, 0))
  })

  it("iterations end for pools that never converge", () => {
    assert.isAtLeast(Number(stableSwapInvariant([1n, 10n ** 36n], 1n)), 0)
    assert.strictEqual(stableSwapInvariant([0n, 0n], 100n), 0n)
  })

  it("a constant-product pool keeps its product and prices by its reserves", () => {
    const pool = { reserves: [2_000_000_000_000n, 2_010_000n * 10n ** 18n], decimals: [6, 18], fee: 3n } as const
    assert.closeTo(constantProductPrice(pool), 1.005, 1e-12)
    const amount = 1_000_000_000n
    const bought = constantProductExchange(pool, 0, amount)
    assert.isTrue((pool.reserves[0] + amount) * (pool.reserves[1] - bought) >= pool.reserves[0] * pool.reserves[1])
    const [sell, buy] = constantProductDepth(pool, 0.01)
    assert.closeTo(sell, 2_000_000 * (1 / Math.sqrt(0.99) - 1), 1e-3)
    assert.closeTo(buy, 2_000_000 * (1 - 1 / Math.sqrt(1.01)), 1e-3)
    assert.strictEqual(constantProductExchange({ ...pool, reserves: [0n, 0n] }, 0, 1n), 0n)
    // 1.0 for a minute across the accumulator's overflow.
    assert.closeTo(cumulativePrice((1n << 256n) - (1n << 112n) * 30n, (1n << 112n) * 30n, 60, [18, 18]), 1, 1e-12)
  })

  it("ticks and ratios are each other's inverse, within their bounds", () => {
    for (const tick of [tickMin, -200_000, -1, 0, 1, 42, 276_324, tickMax]) assert.strictEqual(tickAtSqrtRatio(sqrtRatioAtTick(tick)), tick)
    assert.throws(() => sqrtRatioAtTick(tickMax + 1), RangeError)
    assert.closeTo(sqrtRatioPrice(sqrtRatioAtTick(-276_324), [18, 6]) * 1e-12 * 1e12, 1, 1e-4)
    const liquidity = 10n ** 24n
    const [low, high] = [sqrtRatioAtTick(-100), sqrtRatioAtTick(100)]
    assert.strictEqual(amount0Between(low, high, liquidity), amount0Between(high, low, liquidity))
    assert.closeTo(Number(amount1Between(low, high, liquidity)) / Number(amount0Between(low, high, liquidity)), 1, 1e-9)
    const [sell, buy] = concentratedDepth(sqrtRatioAtTick(0), liquidity, 0.01, [18, 18])
    assert.closeTo(sell, 1e6 * (1 / Math.sqrt(0.99) - 1), 1)
    assert.closeTo(buy, 1e6 * (1 - 1 / Math.sqrt(1.01)), 1)
    assert.closeTo(timeWeightedPrice(0n, -600n * 10n, 600, [18, 18]), 1.0001 ** -10, 1e-12)
  })
})
