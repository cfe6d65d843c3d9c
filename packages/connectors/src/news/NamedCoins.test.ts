import { assert, describe, it } from "@effect/vitest"
import { knownCoins } from "@evenkeel/domain/coin/Coin"
import { makeNamedCoins } from "./NamedCoins.ts"

const named = makeNamedCoins(knownCoins.map(({ symbol }) => symbol))

describe("named coins", () => {
  it("are symbols as words in their own case, names, and the spellings that issuers use", () => {
    for (const [title, ...coins] of [
      ["USDC's peg is back", "USDC"],
      ["$USDT (Tether) and USDC-backed loans", "USDT", "USDC"],
      ["Tether freezes funds", "USDT"],
      ["USD Coin slips", "USDC"],
      ["Ethena's USDe and staked sUSDe", "USDE", "SUSDE"],
      ["crvUSD borrowers liquidated", "CRVUSD"],
      ["PayPal USD passes a billion", "PYUSD"],
      ["DAI loses its peg", "DAI"],
      ["MakerDAO’s Dai falls", "DAI"],
      ["Frax is fully backed", "FRAX"],
      ["TrueUSD attestations paused", "TUSD"],
      ["USDC/USD trades at 0.97", "USDC"],
      ["TETHER HALTS REDEMPTIONS", "USDT"],
      ["DAI STABLECOIN DEPEGS", "DAI"],
      ["TerraUSD (UST) depegs", "UST"]
    ] as const)
      assert.deepStrictEqual(named(title), coins, title)
  })

  it("are not other words, other tokens, or the second coin of a pair", () => {
    for (const title of [
      "dai, usdc and tethered things",
      "It is true: the frax of life",
      "Dai Wei wins the cup",
      "LEI DAI WINS THE CUP",
      "Exchange delists BTC/USDT and ETH-USDT perpetuals",
      "XUSDC aUSDC USDCX BTCUSDT USDC_old",
      "Bridged USDC.e is retired",
      "UST yields rise as the Fed speaks",
      "PAX East opens its doors",
      "PAX Gold token hits a record",
      "Tether Gold launches",
      "USTC students visit the crypto lab of another university, says xyz".replace("crypto ", ""),
      "Usdt"
    ])
      assert.deepStrictEqual(named(title), [], title)
  })

  it("take a coin of one's own by its symbol", () => {
    assert.deepStrictEqual(makeNamedCoins(["USDX"])("USDX depegs"), ["USDX"])
    assert.deepStrictEqual(makeNamedCoins(["USDX"])("usdx depegs"), [])
  })
})
