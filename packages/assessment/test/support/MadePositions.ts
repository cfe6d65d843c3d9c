/** Seeded positions of many accounts, and the plain way to judge them: every account valued anew under every change. */
import { Random } from "@evenkeel/learning/data/Random"
import { type ChangeQuantiles, horizonsMinutes, quantileShares } from "../../src/liquidation/ChangeQuantiles.ts"
import type { CoinPrice } from "../../src/liquidation/LiquidationReport.ts"
import type { AccountInput, PositionsInput } from "../../src/liquidation/PositionsInput.ts"

export const madeCoins: ReadonlyArray<CoinPrice> = [
  { coin: "USDC", price: 0.9991, level: "watch" },
  { coin: "USDT", price: 1.0004, level: "normal" },
  { coin: "DAI", price: 0.9987, level: "warning" },
  { coin: "FDUSD", price: 0.9999, level: "critical" },
  { coin: "ETH", price: 1800, level: null }
]

const thresholds = { USDC: "0.86", USDT: "0.78", DAI: "0.77", FDUSD: "0.75", ETH: "0.83" }

/** One to three collaterals and one or two debts each; most stand a little above 1. */
export const madePositions = (count: number, seed = 1): PositionsInput => {
  const random = new Random(seed)
  const names = madeCoins.map(({ coin }) => coin)
  const some = (most: number) => {
    const chosen = new Set<string>()
    for (let n = 1 + Math.floor(random.uniform() * most); n > 0; n--) chosen.add(names[Math.floor(random.uniform() * names.length)]!)
    return [...chosen]
  }
  const unit = (coin: string) => (coin === "ETH" ? 1 / 1800 : 1)
  const accounts = Array.from({ length: count }, (_, index): AccountInput => {
    const collateral = some(3).map((coin) => [coin, (unit(coin) * 10_000 * (0.1 + random.uniform())).toFixed(6)] as const)
    const counts = collateral.reduce(
      (sum, [coin, amount]) => sum + (Number(amount) / unit(coin)) * Number(thresholds[coin as keyof typeof thresholds]),
      0
    )
    const owing = some(2)
    const debt = owing.map((coin) => [coin, ((unit(coin) * counts * (0.6 + 0.42 * random.uniform())) / owing.length).toFixed(6)] as const)
    return { account: `account-${index}`, collateral: Object.fromEntries(collateral), debt: Object.fromEntries(debt) }
  })
  return { thresholds, accounts }
}

export const madeQuantiles: ChangeQuantiles = {
  format: "evenkeel change quantiles 1",
  source: "made up",
  coins: ["USDC"],
  from: "2030-01-01",
  to: "2030-12-31",
  levels: {
    normal: levelOf(10),
    watch: levelOf(40),
    warning: levelOf(90),
    critical: levelOf(400)
  }
}

function levelOf(scale: number) {
  return {
    samples: 100_000,
    series: 3,
    changesBps: horizonsMinutes.map((_, horizon) => [-5, -2, -1, 1, 2, 5].map((times) => times * scale * (horizon + 1)))
  }
}

const worthOf = (amounts: Readonly<Record<string, string>>, prices: ReadonlyMap<string, number>, share: (coin: string) => number): number =>
  Object.entries(amounts).reduce((sum, [coin, amount]) => sum + Number(amount) * prices.get(coin)! * share(coin), 0)

/** Whether the account stands, in the words of the definition. */
export const standsPlainly = ({ collateral, debt }: AccountInput, prices: ReadonlyMap<string, number>): boolean => {
  const owes = worthOf(debt, prices, () => 1)
  return owes === 0 || worthOf(collateral, prices, (coin) => Number(thresholds[coin as keyof typeof thresholds])) / owes >= 1
}

/** Accounts and debt that fall by horizon and quantile, whichever coin changes. */
export const horizonsPlainly = ({ accounts }: PositionsInput): ReadonlyArray<{ readonly accounts: number; readonly debt: number }> => {
  const prices = new Map(madeCoins.map(({ coin, price }) => [coin, price]))
  const standing = accounts.filter((account) => standsPlainly(account, prices))
  return horizonsMinutes.flatMap((_, horizon) =>
    quantileShares.map((_, quantile) => {
      const worlds = madeCoins.flatMap(({ coin, level, price }) =>
        level === null || level === "stale"
          ? []
          : [new Map(prices).set(coin, price * (1 + madeQuantiles.levels[level]!.changesBps[horizon]![quantile]! / 1e4))]
      )
      const fallen = standing.filter((account) => worlds.some((world) => !standsPlainly(account, world)))
      return { accounts: fallen.length, debt: fallen.reduce((sum, { debt }) => sum + worthOf(debt, prices, () => 1), 0) }
    })
  )
}
