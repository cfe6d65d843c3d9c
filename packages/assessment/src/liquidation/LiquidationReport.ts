/**
 * Liquidation risk of positions: health now, who falls first, and what falls under shocks and under quantiles of history.
 *
 * Stresses by quantile move one coin at a time: how coins fall together is not measured here, and a shock of several says it by hand.
 */
import { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { type ChangeQuantiles, horizonsMinutes, isPriced, quantileShares } from "./ChangeQuantiles.ts"
import { type FallPoints, fallPointsOf, type Health, healthOf } from "./Health.ts"
import type { Positions } from "./Positions.ts"
import { OneCoinStress, revalue } from "./Stress.ts"

const MaybeFinite = Schema.NullOr(Schema.Finite)

/** What a coin is worth, and the level it stands at; null for one whose price was given. */
export const CoinPrice = Schema.Struct({ coin: Schema.String, price: Schema.Finite, level: Schema.NullOr(RiskLevel) })
export type CoinPrice = typeof CoinPrice.Type

/** Changes of prices in bps, by coin, all at once. */
export const Shock = Schema.Record(Schema.String, Schema.Finite)
export type Shock = typeof Shock.Type

export const AccountRisk = Schema.Struct({
  account: Schema.String,
  healthFactor: Schema.Finite,
  /** Dollars. */
  debt: Schema.Finite,
  /** The smallest change of one coin's price that takes the health factor to 1, and that coin; null where none does, or it is below 1 now. */
  coin: Schema.NullOr(Schema.String),
  shockBps: MaybeFinite,
  /** By quantile, the soonest horizon at which some coin's change takes the account down, and that coin; the likeliest first. */
  falls: Schema.Array(Schema.Struct({ quantile: Schema.Finite, horizonMinutes: Schema.Int, coin: Schema.String }))
})
export type AccountRisk = typeof AccountRisk.Type

const fallen = { accounts: Schema.Int, debt: Schema.Finite }

export const LiquidationReport = Schema.Struct({
  /** Unix ms. */
  time: Schema.Finite,
  /** The fair values are of a made-up market. */
  simulated: Schema.Boolean,
  accounts: Schema.Int,
  /** Dollars. */
  debt: Schema.Finite,
  prices: Schema.Array(CoinPrice),
  /** With a health factor below 1 already. They are in no figure below. */
  below: Schema.Struct(fallen),
  /** Those that are nearest to 1, first those below it. */
  first: Schema.Array(AccountRisk),
  /** What falls under each; `already` is what is below 1 before the shock and under it, and is in no other figure. */
  shocks: Schema.Array(Schema.Struct({ shock: Shock, ...fallen, already: Schema.Struct(fallen) })),
  /** What falls by then if a coin does as badly as history's worst in so many, whichever coin: downwards for `quantile` below a half. */
  horizons: Schema.Array(
    Schema.Struct({
      horizonMinutes: Schema.Int,
      quantile: Schema.Finite,
      ...fallen,
      /** By the coin that takes them down, the one with the most debt first. An account may be in several. */
      coins: Schema.Array(Schema.Struct({ coin: Schema.String, changeBps: Schema.Finite, ...fallen }))
    })
  ),
  /** What the quantiles were made from; null where none were given. */
  quantiles: Schema.NullOr(Schema.String)
})
export type LiquidationReport = typeof LiquidationReport.Type

export interface LiquidationQuestion {
  readonly positions: Positions
  /** By coin of the positions. */
  readonly prices: ReadonlyArray<CoinPrice>
  readonly quantiles: ChangeQuantiles | undefined
  readonly shocks: ReadonlyArray<Shock>
  /** Accounts that are listed. */
  readonly first: number
  /** Unix ms. */
  readonly time: number
  readonly simulated: boolean
}

/** A report, with a stop after each slice of the work. */
export function* reportInSlices({
  first,
  positions,
  prices,
  quantiles,
  shocks,
  simulated,
  time
}: LiquidationQuestion): Generator<undefined, LiquidationReport> {
  const { accounts, coins } = positions
  const indexOf = new Map(coins.map((coin, index) => [coin, index]))
  const priceOf = Float64Array.from(prices, ({ price }) => price)
  const health = healthOf(positions, priceOf)
  const points = fallPointsOf(positions, priceOf)
  const changes = changesOf(prices, quantiles)
  const stress = new OneCoinStress(positions, points, changes)
  const { byCoin, whole } = stress.fallen(health, questions.length)
  const below = { accounts: 0, debt: 0 }
  let debt = 0
  for (let account = 0; account < accounts.length; account++) {
    debt += health.debt[account]!
    if (health.factor[account]! >= 1) continue
    below.accounts++
    below.debt += health.debt[account]!
  }
  yield
  const shocked: Array<LiquidationReport["shocks"][number]> = []
  for (const shock of shocks) {
    shocked.push({ shock, ...revalue(positions, priceOf, health, indexed(shock, indexOf)) })
    yield
  }
  return {
    time,
    simulated,
    accounts: accounts.length,
    debt,
    prices,
    below,
    first: nearest(distancesOf(health, points), first).map((account) => riskOf(positions, health, points, stress, account)),
    shocks: shocked,
    horizons: questions.map(({ horizonMinutes, quantile }, question) => ({
      horizonMinutes,
      quantile,
      ...whole[question]!,
      coins: coins
        .flatMap((coin, index) => {
          const change = changes[index]![question]
          return change === undefined ? [] : [{ coin, changeBps: change * 1e4, ...byCoin[index]![question]! }]
        })
        .sort((a, b) => b.debt - a.debt || (a.coin < b.coin ? -1 : 1))
    })),
    quantiles: quantiles?.source ?? null
  }
}

/** What is asked of each coin's history, in the order of the report: a question is a bit of `OneCoinStress`. */
const questions = horizonsMinutes.flatMap((horizonMinutes) => quantileShares.map((quantile) => ({ horizonMinutes, quantile })))

/** The share of history that was at least so bad, and so how likely a quantile is. */
const tailOf = (quantile: number): number => Math.min(quantile, 1 - quantile)
const likeliestFirst = quantileShares.toSorted((a, b) => tailOf(b) - tailOf(a) || a - b)

/** Shares by coin and question; undefined for coins without a level of their own, and where history is too short. */
const changesOf = (
  prices: ReadonlyArray<CoinPrice>,
  quantiles: ChangeQuantiles | undefined
): ReadonlyArray<ReadonlyArray<number | undefined>> =>
  prices.map(({ level }) => {
    const own = level === null || !isPriced(level) ? undefined : quantiles?.levels[level]?.changesBps.flat()
    return questions.map((_, question) => {
      const bps = own?.[question]
      return bps === undefined || bps === null ? undefined : bps / 1e4
    })
  })

const riskOf = (positions: Positions, health: Health, points: FallPoints, stress: OneCoinStress, account: number): AccountRisk => {
  const { accounts, coin, coins, start } = positions
  const leg = points.first[account]!
  const legs = Array.from({ length: start[account + 1]! - start[account]! }, (_, at) => {
    const own = start[account]! + at
    return { coin: coins[coin[own]!]!, bits: stress.legBits(own) }
  })
  return {
    account: accounts[account]!,
    healthFactor: health.factor[account]!,
    debt: health.debt[account]!,
    coin: leg < 0 ? null : coins[coin[leg]!]!,
    shockBps: leg < 0 ? null : points.shock[leg]! * 1e4,
    falls: likeliestFirst.flatMap((quantile) => {
      for (const [question, asked] of questions.entries()) {
        const taken = asked.quantile === quantile ? legs.find(({ bits }) => ((bits >>> question) & 1) === 1) : undefined
        if (taken !== undefined) return [{ quantile, horizonMinutes: asked.horizonMinutes, coin: taken.coin }]
      }
      return []
    })
  }
}

/** How far each account is from liquidation: the size of the smallest change; below 0 where it can be liquidated now; infinite where no one coin does it. */
const distancesOf = ({ factor }: Health, { first, shock }: FallPoints): Float64Array =>
  factor.map((own, account) => {
    if (own < 1) return own - 1
    const leg = first[account]!
    return leg < 0 ? Number.POSITIVE_INFINITY : Math.abs(shock[leg]!)
  })

/** The `count` smallest that are finite, in order. */
const nearest = (distance: Float64Array, count: number): ReadonlyArray<number> => {
  // Numbers alone sort fast; places are sorted of those alone that are wanted.
  const bound = distance.toSorted()[Math.min(count, distance.length) - 1] ?? Number.NEGATIVE_INFINITY
  const near: Array<number> = []
  for (let at = 0; at < distance.length; at++) if (distance[at]! <= bound && distance[at]! < Number.POSITIVE_INFINITY) near.push(at)
  return near.sort((a, b) => distance[a]! - distance[b]! || a - b).slice(0, count)
}

/** By number of the coin, as shares. */
const indexed = (shock: Shock, indexOf: ReadonlyMap<string, number>): ReadonlyMap<number, number> =>
  new Map(
    Object.entries(shock).flatMap(([coin, bps]): ReadonlyArray<[number, number]> => {
      const index = indexOf.get(coin)
      return index === undefined ? [] : [[index, bps / 1e4]]
    })
  )
