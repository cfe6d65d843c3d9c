import { assert, describe, it } from "@effect/vitest"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { priceVerdict } from "./Readiness.ts"

const coins = knownCoins.slice(0, 3)

describe("readiness", () => {
  it("asks for a fresh price of every coin, and names those that have none", () => {
    assert.isTrue(priceVerdict(coins, ["normal", "critical", "watch"]).ready)
    assert.deepStrictEqual(priceVerdict(coins, ["normal", undefined, "stale"]), {
      ready: false,
      detail: `no fresh price of ${coins[1]!.symbol}, ${coins[2]!.symbol}`
    })
  })
})
