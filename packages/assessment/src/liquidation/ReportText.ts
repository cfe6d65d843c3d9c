/** A report of liquidations as lines of text. */
import { DateTime } from "effect"
import type { AccountRisk, LiquidationReport, Shock } from "./LiquidationReport.ts"

const iso = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time))).replace(/\.\d+Z$/, "Z")

/** `1,234,567` dollars. */
const dollars = (value: number): string => `$${Math.round(value).toLocaleString("en-US")}`

const change = (bps: number): string => `${bps > 0 ? "+" : ""}${Math.abs(bps) < 100 ? bps.toFixed(1) : bps.toFixed(0)} bps`

const share = (quantile: number): string => `${Number((100 * Math.min(quantile, 1 - quantile)).toFixed(3))}%`

const horizon = (minutes: number): string => `${minutes / 60} h`

const shockText = (shock: Shock): string =>
  Object.entries(shock)
    .map(([coin, bps]) => `${coin} ${change(bps)}`)
    .join(", ")

const accountsText = (count: number): string => `${count} ${count === 1 ? "account" : "accounts"}`

const accountLine = ({ account, coin, debt, falls, healthFactor, shockBps }: AccountRisk): string => {
  const to = healthFactor < 1 ? "can be liquidated now" : coin === null || shockBps === null ? "" : `falls at ${coin} ${change(shockBps)}`
  const when = falls.map((fall) => `${share(fall.quantile)} within ${horizon(fall.horizonMinutes)} (${fall.coin})`)
  return `  ${account}  ${healthFactor.toFixed(4)}  ${dollars(debt)}  ${to}${when.length === 0 ? "" : `; ${when.join(", ")}`}`
}

export const reportLines = (report: LiquidationReport): ReadonlyArray<string> => [
  `${report.simulated ? "simulated: " : ""}${accountsText(report.accounts)} with ${dollars(report.debt)} of debt at ${iso(report.time)}: ${report.prices
    .map(({ coin, level, price }) => `${coin} ${Number(price.toPrecision(6))} (${level ?? "given"})`)
    .join(", ")}`,
  `health factor below 1 now: ${accountsText(report.below.accounts)}, ${dollars(report.below.debt)}`,
  "",
  "nearest to liquidation (health factor, debt, the smallest change of one coin, and when history's quantiles reach it):",
  ...report.first.map(accountLine),
  ...(report.shocks.length === 0 ? [] : ["", "under shocks:"]),
  ...report.shocks.map(
    ({ accounts, already, debt, shock }) =>
      `  ${shockText(shock)}: ${accountsText(accounts)}, ${dollars(debt)}${already.accounts === 0 ? "" : `; besides ${accountsText(already.accounts)}, ${dollars(already.debt)}, that are below 1 already`}`
  ),
  "",
  report.quantiles === null ? "no quantiles of history were given" : `debt at risk by what coins did before: ${report.quantiles}`,
  ...report.horizons
    .filter(({ accounts }) => accounts > 0)
    .map(({ accounts, coins, debt, horizonMinutes, quantile }) => {
      const by = coins.filter((one) => one.accounts > 0).map((one) => `${one.coin} ${change(one.changeBps)}: ${dollars(one.debt)}`)
      return `  within ${horizon(horizonMinutes)}, worst ${share(quantile)} ${quantile < 0.5 ? "down" : "up"}: ${accountsText(accounts)}, ${dollars(debt)} (${by.join(", ")})`
    })
]
