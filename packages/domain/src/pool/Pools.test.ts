import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { concentratedDepth, sqrtRatioPrice, timeWeightedPrice } from "./ConcentratedLiquidity.ts"
import { constantProductDepth, constantProductPrice } from "./ConstantProduct.ts"
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

  it("concentrated liquidity: the price at every official ratio is 1.0001^tick", () => {
    const { vectors: ticks } = JSON.parse(readFileSync(`${vectors}uniswap-v3-tickmath.json`, "utf8")) as {
      readonly vectors: ReadonlyArray<{ readonly tick: number; readonly sqrtRatioX96: string }>
    }
    for (const { sqrtRatioX96, tick } of ticks) {
      // Near the least tick the contract's rounding to a whole ratio is itself worth 1e-9.
      assert.closeTo(sqrtRatioPrice(BigInt(sqrtRatioX96), [18, 18]) / 1.0001 ** tick, 1, 1e-8, String(tick))
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

  it("depths keep the pool's invariant: the trade of the depth moves the price by the share", () => {
    const share = 0.01
    const [x, y] = [2_000_000, 2_010_000]
    const pool = { reserves: [BigInt(x) * 10n ** 6n, BigInt(y) * 10n ** 18n], decimals: [6, 18] } as const
    const price = constantProductPrice(pool)
    assert.closeTo(price, 1.005, 1e-12)
    const after = (sold: number) => (x * y) / (x + sold) ** 2
    const [sell, buy] = constantProductDepth(pool, share)
    assert.closeTo(after(sell) / price, 1 - share, 1e-12)
    assert.closeTo(after(-buy) / price, 1 + share, 1e-12)
    assert.isNaN(constantProductPrice({ ...pool, reserves: [0n, 0n] }))
    // At a price of 1, a V3 position over all prices is a constant-product pool with both reserves equal to the liquidity.
    const liquidity = 1_000_000
    const whole = { reserves: [BigInt(liquidity) * 10n ** 18n, BigInt(liquidity) * 10n ** 18n], decimals: [18, 18] } as const
    const concentrated = concentratedDepth(1n << 96n, whole.reserves[0], share, [18, 18])
    for (const [index, depth] of constantProductDepth(whole, share).entries()) assert.closeTo(concentrated[index]!, depth, 1e-3)
  })

  it("prices of concentrated liquidity take the tokens' decimals into account", () => {
    // 1 USDC (6 decimals) for 1 DAI (18 decimals), both ways round.
    assert.closeTo(sqrtRatioPrice((10n ** 6n) << 96n, [6, 18]), 1, 1e-12)
    assert.closeTo(sqrtRatioPrice((1n << 96n) / 10n ** 6n, [18, 6]), 1, 1e-12)
    assert.closeTo(timeWeightedPrice(0n, -600n * 10n, 600, [18, 18]), 1.0001 ** -10, 1e-12)
    assert.closeTo(timeWeightedPrice(5n, 5n + 276_324n * 60n, 60, [6, 18]), 1, 1e-4)
  })
})
