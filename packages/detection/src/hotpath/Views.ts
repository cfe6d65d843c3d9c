/** What follows from the market's state without changing it: deviations, who agrees, and what a coin's fall may come from. */
import { riskLevels, severity } from "@evenkeel/domain/risk/RiskLevel"
import { riskThresholds } from "../risk/RiskMachine.ts"
import { type Market, time } from "./Market.ts"
import { coinState, crossingVenue, horizonCount, signalVenuesMax } from "./SignalRecord.ts"
import type { CoinTrack } from "./Tracks.ts"

const warning = severity("warning")
const staleLevel = riskLevels.indexOf("stale")
/** A source that is older says nothing of whether it agrees. */
const agreeMillis = 15 * 60_000
/** A source agrees within this distance of the fair value, or within so many of its own errors. */
const agreeBps = 15
const agreeSignificance = 3

/** Fair value over the peg less one, in basis points, rounded to 1e-6. */
export const offPegOf = ({ value }: Market, coin: number): number => Math.round(Math.expm1(value.readingBps[coin]! / 1e4) * 1e10) / 1e6

/** Share of belief in what the coin is judged by; NaN where the split of its pairs is known. */
export const shareOf = ({ value }: Market, coin: number): number => value.share[coin]!

/** Fair value against the peg, bps; of a rate-bearing coin against its own slow trend. */
export const deviationOf = (market: Market, coin: number): number => {
  const offPeg = offPegOf(market, coin)
  const track = market.coins[coin]!
  if (!track.rateBearing) return offPeg
  // It stands above its peg by all the rate that it bore; what it departs from is its own slow trend.
  const { medianBps } = track.baseline
  return Number.isNaN(medianBps) ? 0 : ((1 + offPeg / 1e4) / (1 + medianBps / 1e4) - 1) * 1e4
}

/** Venues of the coin's fresh sources as bits: those that agree with the fair value, or those that differ. */
export const agreeingVenues = ({ bySource, coins, times, value }: Market, coin: number, agreeing: boolean): number => {
  let bits = 0
  for (const source of coins[coin]!.sources) {
    const { venue } = bySource[source]!
    if (venue < 0 || Number.isNaN(value.residualBps[source]!) || times[time.now]! - value.timeOf(source) > agreeMillis) continue
    if (agrees(value, source) === agreeing) bits |= 1 << venue
  }
  return bits
}

const agrees = ({ residualBps, sourceErrorBps }: Market["value"], source: number): boolean =>
  Math.abs(residualBps[source]!) <= Math.max(agreeBps, agreeSignificance * sourceErrorBps[source]!)

/** The base coin's deviation from its peg by one source alone, bps. */
export const ownDeviationOf = ({ value }: Market, source: number): number => Math.expm1(value.ownValueBps(source) / 1e4) * 1e4

/**
 * A venue's own value of a coin: its number (of a crossing, see `crossingVenue`), the deviation from the peg in bps, the severity of its level, and whether it
 * differs from the fair value.
 */
export interface OwnValue {
  readonly venue: number
  readonly deviationBps: number
  readonly level: number
  readonly differs: boolean
}

/** What each venue with a fresh price of the coin says of it by itself, the farthest from the fair value first; of several pairs the farthest. */
export const ownValues = (market: Market, coin: number): ReadonlyArray<OwnValue> => {
  const { bySource, coins, times, value } = market
  const far = (source: number) => Math.abs(value.residualBps[source]!)
  const farthest = new Map<number, number>()
  for (const source of coins[coin]!.sources) {
    const { base, bridge, risk, venue: own } = bySource[source]!
    const venue = bridge < 0 ? own : crossingVenue + bridge
    if (base !== coin || venue < 0 || Number.isNaN(risk.deviationBps) || times[time.now]! - value.timeOf(source) > agreeMillis) continue
    const other = farthest.get(venue)
    if (other === undefined || far(source) > far(other)) farthest.set(venue, source)
  }
  return [...farthest]
    .sort(([, a], [, b]) => far(b) - far(a))
    .slice(0, signalVenuesMax)
    .map(([venue, source]) => {
      const deviationBps = Math.round(ownDeviationOf(market, source) * 1e6) / 1e6
      return { venue, deviationBps, level: bySource[source]!.risk.level, differs: !agrees(value, source) }
    })
}

/** The coin that fell before this one and farther, or -1: what is held or redeemed in it falls with it. */
export const carrierOf = ({ coins }: Market, index: number): number => {
  const { evidence, peg, since } = coins[index]!
  let carrier = -1
  if (evidence.deviationBps >= 0) return carrier
  for (let other = 0; other < coins.length; other++) {
    const track = coins[other]!
    if (other === index || track.peg !== peg || track.machine.level < warning || !(track.since < since)) continue
    const farther = track.evidence.deviationBps < Math.min(-riskThresholds.breakBps, evidence.deviationBps)
    if (farther && (carrier < 0 || track.since < coins[carrier]!.since)) carrier = other
  }
  return carrier
}

/** When a source of the coin was last observed, Unix ms; -Infinity when none was. */
export const observedAt = ({ coins, value }: Market, coin: number): number => {
  let newest = Number.NEGATIVE_INFINITY
  for (const source of coins[coin]!.sources) newest = Math.max(newest, value.timeOf(source))
  return newest
}

/** A coin's level in `riskLevels`: its machine's, or `stale`. */
export const levelOf = ({ machine, stale }: CoinTrack): number => (stale ? staleLevel : machine.level)

/** Writes what the state table says of a coin, by `coinState`, into `row`. */
export const fillCoinRow = (market: Market, index: number, row: Float64Array): void => {
  const coin = market.coins[index]!
  row[coinState.time] = market.times[time.now]!
  // Where no source has ever spoken there is no value.
  row[coinState.fairValue] = observedAt(market, index) > 0 ? Math.exp(market.value.readingBps[index]! / 1e4) : Number.NaN
  row[coinState.errorBps] = market.value.errorBps[index]!
  row[coinState.deviationBps] = deviationOf(market, index)
  row[coinState.level] = levelOf(coin)
  row[coinState.change] = coin.change
  row[coinState.score] = coin.evidence.score
  row[coinState.cusum] = coin.evidence.cusum
  row[coinState.changepoint] = coin.evidence.changepoint
  row[coinState.baselineBps] = coin.baseline.medianBps
  row[coinState.agree] = agreeingVenues(market, index, true)
  row[coinState.differ] = agreeingVenues(market, index, false)
  row[coinState.grounded] = market.value.grounded[index]!
  row[coinState.share] = shareOf(market, index)
  row[coinState.since] = coin.since
  row[coinState.modelVersion] = coin.modelVersion
  for (let horizon = 0; horizon < horizonCount; horizon++) {
    row[coinState.probabilities + horizon] = coin.probabilities[horizon * 3]!
    row[coinState.intervals + horizon * 2] = coin.probabilities[horizon * 3 + 1]!
    row[coinState.intervals + horizon * 2 + 1] = coin.probabilities[horizon * 3 + 2]!
  }
}
