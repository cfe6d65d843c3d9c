import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { compareListings, pairsMax, pairsOf } from "./Discovery.ts"

const coins = ["USDC", "USDT", "EURC", "USDE"].flatMap((symbol) => coinOf(symbol) ?? [])
const listing = (base: string, quote: string, trading = true) => ({
  symbol: base + quote,
  base,
  quote,
  trading,
  priceStep: undefined,
  quantityStep: undefined
})

describe("Discovery", () => {
  const found = pairsOf(
    "okx",
    [
      listing("USDC", "USDT"),
      listing("USDe", "USDT"),
      listing("USDC", "EUR"),
      listing("EURC", "EUR"),
      listing("EURC", "USDC"),
      listing("BTC", "USDT"),
      listing("USDT", "USD"),
      listing("USDC", "USD", false),
      listing("USDC", "USDT")
    ],
    coins
  )

  it("takes the pairs of a coin in its currency or a coin of its peg, as they trade", () => {
    assert.deepStrictEqual(
      found.map(({ base, quote }) => `${base}/${quote}`),
      ["USDC/USDT", "USDE/USDT", "EURC/EUR", "USDT/USD"]
    )
  })

  it("sees a renamed pair as one that is gone and one that is new", () => {
    const [first, ...others] = found
    const renamed: Instrument = { ...first!, symbol: "USDC-USDT" }
    assert.deepStrictEqual(compareListings(found, [renamed, ...others]), { listed: [renamed], delisted: [first!] })
  })

  it("believes no list without any pair", () => {
    assert.deepStrictEqual(compareListings(found, []), { listed: [], delisted: [] })
  })

  it("takes the same bounded choice from a list without end, in whatever order it comes", () => {
    const many = Array.from({ length: pairsMax + 100 }, (_, index) => ({ ...listing("USDC", "USDT"), symbol: `S${index}` }))
    const chosen = pairsOf("okx", many, coins)
    assert.strictEqual(chosen.length, pairsMax)
    assert.deepStrictEqual(pairsOf("okx", many.toReversed(), coins), chosen)
  })
})
