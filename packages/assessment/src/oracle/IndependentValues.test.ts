import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { independentValues, type SourcePrice } from "./IndependentValues.ts"

const now = 1_700_000_000_000
const coins = [coinOf("USDC")!, coinOf("USDT")!, coinOf("EURC")!]
const source = (venue: string, base: string, quote: string, price: number, time = now): SourcePrice => ({
  venue,
  base,
  quote,
  price,
  errorBps: 2,
  time
})

describe("independentValues", () => {
  it("solves the values of all pairs at once, with who agrees and who differs", () => {
    const found = independentValues(
      coins,
      [
        source("kraken", "USDC", "USD", 0.99),
        source("binance", "USDC", "USDT", 0.99),
        source("coinbase", "USDT", "USD", 1),
        source("thin", "USDC", "USD", 1.02)
      ],
      now
    ).get("USDC")!
    assert.closeTo(found.value, 0.99, 2e-4)
    assert.isTrue(found.grounded)
    assert.deepStrictEqual(found.agree, ["kraken", "binance"])
    assert.deepStrictEqual(found.differ, ["thin"])
    assert.strictEqual(found.time, now)
  })

  it("has none of a coin that nothing speaks of, nor by pairs of other currencies", () => {
    const found = independentValues(coins, [source("kraken", "USDC", "USD", 1), source("kraken", "EURC", "USD", 1.1)], now)
    assert.deepStrictEqual([...found.keys()], ["USDC"])
  })

  it("gives a price less weight the older it is, and nobody's agreement after a quarter of an hour", () => {
    const old = independentValues(coins, [source("kraken", "USDC", "USD", 0.999, now - 16 * 60_000)], now).get("USDC")!
    assert.deepStrictEqual(old.agree, [])
    assert.isAbove(old.errorBps, independentValues(coins, [source("kraken", "USDC", "USD", 0.999)], now).get("USDC")!.errorBps)
  })
})
