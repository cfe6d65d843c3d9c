/** From positions as they were sent, and what coins are worth, to a report; or what is wrong with the question. */
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Result } from "effect"
import type { ChangeQuantiles } from "./ChangeQuantiles.ts"
import { type CoinPrice, type LiquidationReport, reportInSlices, type Shock } from "./LiquidationReport.ts"
import { positionsOf } from "./Positions.ts"
import type { PositionsInput } from "./PositionsInput.ts"

/** A coin that is watched: its fair value against its peg, null where there is none now. */
export interface CoinValue {
  readonly peg: string
  readonly fairValue: number | null
  readonly level: RiskLevel
}

export interface AssessOptions {
  readonly coins: ReadonlyMap<string, CoinValue>
  readonly quantiles: ChangeQuantiles | undefined
  readonly shocks: ReadonlyArray<Shock>
  /** Accounts that are listed. */
  readonly first: number
  readonly accountsMax: number
  /** Unix ms. */
  readonly time: number
  /** Fair values are of a made-up market. */
  readonly simulated: boolean
}

/** From -100% to as much as a coin may be worth. */
const shockBps = { least: -10_000, most: 1_000_000 }
/** More shocks than this are refused. */
export const shocksMax = 100

export const assessPositions = (input: PositionsInput, options: AssessOptions): Result.Result<LiquidationReport, string> => {
  const slices = assessInSlices(input, options)
  for (;;) {
    const step = slices.next()
    if (step.done === true) return step.value
  }
}

/** The same, with a stop after each slice of the work: who serves others as well comes to them in between. */
export function* assessInSlices(
  input: PositionsInput,
  options: AssessOptions
): Generator<undefined, Result.Result<LiquidationReport, string>> {
  const positions = positionsOf(input, options.accountsMax)
  if (Result.isFailure(positions)) return Result.fail(positions.failure)
  if (options.shocks.length > shocksMax) return Result.fail(`${options.shocks.length} shocks: at most ${shocksMax} are taken`)
  const { coins } = positions.success
  const held = new Set(coins)
  for (const shock of options.shocks) {
    for (const [coin, bps] of Object.entries(shock)) {
      if (!held.has(coin)) return Result.fail(`a shock of ${coin}, which no account has: there are ${firstOf(coins)}`)
      if (!(bps >= shockBps.least && bps <= shockBps.most))
        return Result.fail(`a shock of ${bps} bps: from ${shockBps.least} to ${shockBps.most} is understood`)
    }
  }
  const prices: Array<CoinPrice> = []
  const missing: Array<string> = []
  for (const coin of coins) {
    const given = input.prices !== undefined && Object.hasOwn(input.prices, coin) ? Number(input.prices[coin]) : undefined
    const known = options.coins.get(coin)
    if (given !== undefined && given > 0) prices.push({ coin, price: given, level: null })
    // At `stale` nobody can see the coin: the value is what it once was.
    else if (known !== undefined && known.peg === "USD" && known.fairValue !== null && known.level !== "stale")
      prices.push({ coin, price: known.fairValue, level: known.level })
    else missing.push(`${coin} (${reasonOf(known, given)})`)
  }
  yield
  if (missing.length > 0) return Result.fail(`no price of ${firstOf(missing)}: give it in \`prices\``)
  return Result.succeed(
    yield* reportInSlices({
      positions: positions.success,
      prices,
      quantiles: options.quantiles,
      shocks: options.shocks,
      first: options.first,
      time: options.time,
      simulated: options.simulated
    })
  )
}

/** A refusal names so many coins, and counts the others. */
const namedMax = 10
const firstOf = (names: ReadonlyArray<string>): string =>
  names.length <= namedMax ? names.join(", ") : `${names.slice(0, namedMax).join(", ")} and ${names.length - namedMax} more`

const reasonOf = (known: CoinValue | undefined, given: number | undefined): string => {
  if (given !== undefined) return "a price of 0"
  if (known === undefined) return "not watched"
  if (known.level === "stale") return "stale: nobody sees it now"
  return known.peg === "USD" ? "no fair value now" : `its fair value is in ${known.peg}, and prices here are in dollars`
}

/** `USDC=-500bps` or `USDC=-5%`, several with commas between them: one shock of all of them at once. */
export const parseShock = (text: string): Result.Result<Shock, string> => {
  const shock: Record<string, number> = {}
  for (const part of text.split(",")) {
    const [, coin, number, unit] = /^\s*([A-Z0-9]{1,12})=([+-]?\d+(?:\.\d+)?)(bps|%)\s*$/.exec(part) ?? []
    if (coin === undefined || Object.hasOwn(shock, coin)) return Result.fail(`${text} is no shock: write USDC=-500bps, or USDC=-5%,DAI=-3%`)
    shock[coin] = Number(number) * (unit === "%" ? 100 : 1)
  }
  return Result.succeed(shock)
}
