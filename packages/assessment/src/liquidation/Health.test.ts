import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { madeCoins, madePositions } from "../../test/support/MadePositions.ts"
import { fallPointsOf, healthOf } from "./Health.ts"
import { positionsOf } from "./Positions.ts"

const of = (collateral: Record<string, string>, debt: Record<string, string>) =>
  Result.getOrThrow(positionsOf({ thresholds: { USDC: "0.8", ETH: "0.5" }, accounts: [{ account: "a", collateral, debt }] }, 1))

describe("healthOf", () => {
  it("is what counts of the collateral over the debt, and none without debt", () => {
    const { debt, factor } = healthOf(of({ USDC: "1000", ETH: "1" }, { USDT: "600" }), Float64Array.of(0.99, 2000, 1.01))
    assert.closeTo(factor[0]!, (1000 * 0.99 * 0.8 + 2000 * 0.5) / (600 * 1.01), 1e-12)
    assert.closeTo(debt[0]!, 606, 1e-9)
    assert.strictEqual(healthOf(of({ USDC: "1" }, {}), Float64Array.of(1)).factor[0], Number.POSITIVE_INFINITY)
  })
})

describe("fallPointsOf", () => {
  it("gives the change of one coin at which the health factor is 1, on the side that the coin weighs", () => {
    const { first, shock } = fallPointsOf(of({ USDC: "1000" }, { USDT: "700" }), Float64Array.of(1, 1))
    assert.closeTo(shock[0]!, -0.125, 1e-12)
    assert.closeTo(shock[1]!, 1 / 7, 1e-12)
    assert.strictEqual(first[0], 0)
  })

  it("has none where even a price of zero is not enough, where the coin weighs nothing, without debt, or below 1 already", () => {
    assert.isNaN(fallPointsOf(of({ USDC: "100", ETH: "1" }, { USDT: "700" }), Float64Array.of(1, 2000, 1)).shock[0])
    assert.isNaN(fallPointsOf(of({ USDC: "1000", ETH: "1" }, { USDC: "800" }), Float64Array.of(1, 2000)).shock[0])
    for (const positions of [of({ USDC: "1" }, {}), of({ USDC: "1" }, { USDT: "1" })]) {
      const { first, shock } = fallPointsOf(positions, Float64Array.of(1, 1))
      assert.isTrue(shock.every(Number.isNaN))
      assert.strictEqual(first[0], -1)
    }
  })

  it("is where the health factor of any account crosses 1", () => {
    const positions = Result.getOrThrow(positionsOf(madePositions(500, 7), 500))
    const prices = Float64Array.from(positions.coins, (symbol) => madeCoins.find(({ coin }) => coin === symbol)!.price)
    const { shock } = fallPointsOf(positions, prices)
    let tried = 0
    for (let account = 0; account < 500; account++) {
      for (let leg = positions.start[account]!; leg < positions.start[account + 1]!; leg++) {
        if (Number.isNaN(shock[leg]!)) continue
        const after = (share: number) =>
          healthOf(
            positions,
            prices.map((price, coin) => price * (coin === positions.coin[leg] ? 1 + shock[leg]! * share : 1))
          ).factor[account]!
        assert.isAbove(after(0.999), 1)
        assert.isBelow(after(1.001), 1)
        tried++
      }
    }
    assert.isAbove(tried, 400)
  })
})
