import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { horizonsPlainly, madeCoins, madePositions, madeQuantiles } from "../../test/support/MadePositions.ts"
import { assessPositions, type AssessOptions, parseShock } from "./AssessPositions.ts"
import type { PositionsInput } from "./PositionsInput.ts"
import { reportLines } from "./ReportText.ts"

const prices = { ETH: "1800" }
const options: AssessOptions = {
  coins: new Map(madeCoins.flatMap(({ coin, level, price }) => (level === null ? [] : [[coin, { peg: "USD", fairValue: price, level }]]))),
  quantiles: madeQuantiles,
  shocks: [],
  first: 5,
  accountsMax: 10_000,
  time: 1_700_000_000_000,
  simulated: false
}
const assess = (input: PositionsInput, over: Partial<AssessOptions> = {}) =>
  Result.getOrThrow(assessPositions({ prices, ...input }, { ...options, ...over }))
const refusal = (input: PositionsInput, over: Partial<AssessOptions> = {}) =>
  Result.getOrThrow(Result.flip(assessPositions(input, { ...options, ...over })))

/** USDC against USDT, at a watch and a normal level. */
const two: PositionsInput = {
  thresholds: { USDC: "0.8" },
  accounts: [
    { account: "near", collateral: { USDC: "1000" }, debt: { USDT: "790" } },
    { account: "far", collateral: { USDC: "1000" }, debt: { USDT: "500" } },
    { account: "gone", collateral: { USDC: "1000" }, debt: { USDT: "900" } },
    { account: "none", collateral: { USDC: "1000" }, debt: {} }
  ]
}

describe("assessPositions", () => {
  it("counts the accounts and the debt that fall, as valuing each anew under each change does", () => {
    const input = madePositions(2000)
    const { horizons } = assess(input)
    const plain = horizonsPlainly(input)
    assert.deepStrictEqual(
      horizons.map(({ accounts }) => accounts),
      plain.map(({ accounts }) => accounts)
    )
    horizons.forEach(({ debt }, index) => assert.closeTo(debt, plain[index]!.debt, 1e-6 * (1 + plain[index]!.debt)))
    assert.isAbove(horizons[0]!.accounts, 100)
  })

  it("says who falls first, at what change of which coin, and how soon history had such changes", () => {
    const { below, first } = assess(two)
    assert.deepStrictEqual(below, { accounts: 1, debt: 900 * 1.0004 })
    assert.deepStrictEqual(
      first.map(({ account, coin }) => [account, coin]),
      [
        ["gone", null],
        ["near", "USDC"],
        ["far", "USDC"]
      ]
    )
    const near = first[1]!
    assert.closeTo(near.shockBps!, (790.316 / 799.28 - 1) * 1e4, 1e-6)
    // It falls at -112 bps: the worst in twenty reaches -120 within 24 hours, the worst in a hundred -160 within four, that in a thousand -200 within one.
    assert.deepStrictEqual(
      near.falls.filter(({ quantile }) => quantile < 0.5),
      [
        { quantile: 0.05, horizonMinutes: 1440, coin: "USDC" },
        { quantile: 0.01, horizonMinutes: 240, coin: "USDC" },
        { quantile: 0.001, horizonMinutes: 60, coin: "USDC" }
      ]
    )
    assert.deepStrictEqual(first[2]!.falls, [])
  })

  it("values shocks of several coins at once, and leaves what is below 1 already out of them", () => {
    const { shocks } = assess(two, { shocks: [{ USDC: -100 }, { USDC: -100, USDT: 20 }, { USDC: 5000 }, { USDC: -10_000 }] })
    assert.deepStrictEqual(
      shocks.map(({ accounts }) => accounts),
      [0, 1, 0, 2]
    )
    assert.closeTo(shocks[1]!.debt, 790 * 1.0004, 1e-9)
    assert.deepStrictEqual(
      shocks.map(({ already }) => already.accounts),
      [1, 1, 0, 1],
      "what is below already is counted apart, unless the shock lifts it"
    )
  })

  it("names the coins that drive it, the one with the most debt first", () => {
    const { horizons } = assess({
      ...two,
      accounts: [...two.accounts, { account: "short", collateral: { USDC: "126" }, debt: { DAI: "100" } }]
    })
    const worst = horizons.find(({ horizonMinutes, quantile }) => horizonMinutes === 1440 && quantile === 0.95)!
    assert.deepStrictEqual(
      worst.coins.filter(({ accounts }) => accounts > 0).map(({ coin }) => coin),
      ["DAI"]
    )
  })

  it("stresses by no quantile a coin whose price was given, or where history is too short", () => {
    assert.deepStrictEqual(
      assess(two, { quantiles: undefined }).horizons.map(({ accounts }) => accounts),
      Array.from({ length: 18 }, () => 0)
    )
    const given = assess({ ...two, prices: { USDC: "0.9991", USDT: "1.0004" } })
    assert.deepStrictEqual(
      given.horizons.flatMap(({ coins }) => coins),
      []
    )
    assert.isNull(given.prices[0]!.level)
    const { normal, watch } = madeQuantiles.levels
    const short = { ...watch!, changesBps: watch!.changesBps.map(() => [null, -80, null, null, null, null]) }
    const told = assess(two, { quantiles: { ...madeQuantiles, levels: { normal, watch: short, warning: null, critical: null } } })
    assert.deepStrictEqual(
      told.horizons.filter(({ coins }) => coins.some(({ coin }) => coin === "USDC")).map(({ quantile }) => quantile),
      [0.01, 0.01, 0.01]
    )
  })

  it("refuses what it cannot value, and says which coin and why", () => {
    const owing = (coin: string): PositionsInput => ({
      ...two,
      accounts: [{ account: "a", collateral: { USDC: "1" }, debt: { [coin]: "1" } }]
    })
    const coins = new Map(options.coins)
      .set("EURC", { peg: "EUR", fairValue: 1, level: "normal" })
      .set("PYUSD", { peg: "USD", fairValue: null, level: "normal" })
    assert.include(refusal(owing("ETH")), "ETH (not watched)")
    assert.include(refusal(owing("EURC"), { coins }), "its fair value is in EUR")
    assert.include(refusal(owing("PYUSD"), { coins }), "no fair value now")
    coins.set("FDUSD", { peg: "USD", fairValue: 0.97, level: "stale" })
    assert.include(refusal(owing("FDUSD"), { coins }), "FDUSD (stale: nobody sees it now)")
    assert.include(refusal({ ...owing("ETH"), prices: { ETH: "0" } }), "a price of 0")
    assert.include(refusal(two, { shocks: [{ DAI: -100 }] }), "DAI, which no account has")
    assert.include(refusal(two, { shocks: [{ USDC: -10_001 }] }), "-10001 bps")
    assert.include(refusal(two, { shocks: Array.from({ length: 101 }, () => ({})) }), "at most 100")
    assert.include(refusal(two, { accountsMax: 1 }), "at most 1")
  })
})

describe("bounds", () => {
  const coinsOf = (count: number) => Array.from({ length: count }, (_, n) => `C${n}`)
  const owing = (account: string, coins: ReadonlyArray<string>) => ({
    account,
    collateral: {},
    debt: Object.fromEntries(coins.map((coin) => [coin, "1"]))
  })

  it("are those of an account's coins and of all coins, and a refusal names ten", () => {
    const coins = coinsOf(1001)
    assert.include(refusal({ thresholds: {}, accounts: [owing("a", coins.slice(0, 65))] }), "a has 65 coins on one side: at most 64")
    const many = Array.from({ length: 16 }, (_, n) => owing(`${n}`, coins.slice(n * 64, n * 64 + 64)))
    assert.include(refusal({ thresholds: {}, accounts: many }), "more than 1000 coins")
    assert.include(refusal({ thresholds: {}, accounts: [owing("a", coins.slice(0, 30))] }), "C9 (not watched) and 20 more: give it in")
    const given = {
      accounts: [owing("a", coins.slice(0, 30))],
      thresholds: {},
      prices: Object.fromEntries(coins.map((coin) => [coin, "1"]))
    }
    assert.include(refusal(given, { shocks: [{ DAI: -100 }] }), "C9 and 20 more")
  })
})

describe("parseShock", () => {
  it("reads basis points and per cent, of one coin or several at once", () => {
    assert.deepStrictEqual(Result.getOrThrow(parseShock("USDC=-500bps")), { USDC: -500 })
    assert.deepStrictEqual(Result.getOrThrow(parseShock("USDC=-5%, DAI=+0.5%")), { USDC: -500, DAI: 50 })
    for (const text of ["USDC", "USDC=-5", "usdc=-5%", "USDC=5%,USDC=6%", "USDC=-5%,", ""])
      assert.include(Result.getOrThrow(Result.flip(parseShock(text))), "is no shock")
  })
})

describe("reportLines", () => {
  it("says what a person asks first: who, at what change, how much debt", () => {
    const text = reportLines(assess(two, { shocks: [{ USDC: -500 }] })).join("\n")
    assert.include(text, "4 accounts with $2,191 of debt at 2023-11-14T22:13:20Z")
    assert.include(text, "gone  0.8877  $900  can be liquidated now")
    assert.include(text, "near  1.0113  $790  falls at USDC -112 bps; 5% within 24 h (USDC)")
    assert.include(text, "USDC -500 bps: 1 account, $790; besides 1 account, $900, that are below 1 already")
    assert.match(reportLines(assess(two, { simulated: true }))[0]!, /^simulated: 4 accounts/)
    assert.include(text, "within 24 h, worst 5% down: 1 account, $790 (USDC -120 bps: $790)")
  })
})
