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
  const { leftOut, pairs: found } = pairsOf(
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
    { coins }
  )

  it("takes the pairs of a coin in its currency or a coin of its peg, as they trade", () => {
    assert.deepStrictEqual(
      found.map(({ base, quote }) => `${base}/${quote}`),
      ["USDC/USDT", "USDE/USDT", "EURC/EUR", "USDT/USD"]
    )
    assert.strictEqual(leftOut, 0)
  })

  it("takes a bridge where it is priced in a coin or a coin's currency, and leaves its pairs out before those of coins", () => {
    const bridges = ["BTC", "ETH"]
    const listed = [listing("BTC", "USDT"), listing("BTC", "GBP"), listing("ETH", "BTC"), listing("ETH", "EUR"), listing("SOL", "USD")]
    const pairs = (many: ReadonlyArray<ReturnType<typeof listing>>) => pairsOf("okx", many, { bridges, coins }).pairs
    assert.deepStrictEqual(
      pairs(listed).map(({ symbol }) => symbol),
      ["BTCUSDT", "ETHEUR"]
    )
    const dollars = coins.filter(({ peg }) => peg === "USD")
    assert.deepStrictEqual(
      pairsOf("okx", listed, { bridges, coins: dollars }).pairs.map(({ symbol }) => symbol),
      ["BTCUSDT"]
    )
    const many = Array.from({ length: pairsMax }, (_, index) => ({ ...listing("USDC", "USDT"), symbol: `S${index}` }))
    const chosen = pairs([...listed, ...many])
    assert.lengthOf(chosen, pairsMax)
    assert.deepStrictEqual(
      chosen.slice(0, 4).map(({ symbol }) => symbol),
      ["S0", "BTCUSDT", "ETHEUR", "S1"]
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

  it("takes the same bounded choice from a list without end, in whatever order it comes, and counts the rest", () => {
    const many = Array.from({ length: pairsMax + 100 }, (_, index) => ({ ...listing("USDC", "USDT"), symbol: `S${index}` }))
    const chosen = pairsOf("okx", many, { coins })
    assert.strictEqual(chosen.pairs.length, pairsMax)
    assert.strictEqual(chosen.leftOut, 100)
    assert.deepStrictEqual(pairsOf("okx", many.toReversed(), { coins }), chosen)
  })

  it("leaves out second names of a pair before any pair, and later coins before earlier ones", () => {
    const flood = Array.from({ length: 100_000 }, (_, index) => ({ ...listing("EURC", "EUR"), symbol: `A${index}` }))
    const chosen = pairsOf("okx", [...flood, listing("USDE", "USDT"), listing("USDC", "USDT"), listing("USDT", "USD")], { coins })
    assert.strictEqual(chosen.leftOut, 100_003 - pairsMax)
    assert.deepStrictEqual(
      chosen.pairs.slice(0, 5).map(({ base, symbol }) => `${base} ${symbol}`),
      ["USDC USDCUSDT", "USDT USDTUSD", "EURC A0", "USDE USDEUSDT", "EURC A1"]
    )
  })
})
