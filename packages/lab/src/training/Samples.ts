/**
 * Training samples: each coin's features at every bar's close, and the labels that are known in hindsight.
 *
 * The features come from the hot path itself while it plays the market, so that a model is trained on exactly what it is given when it serves.
 */
import { coinFeatureNames } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { type Break, coverage, findBreaks, hour, mergeBreaks } from "@evenkeel/replay/referee/Onsets"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FileReplay, hotPathOptionsOf } from "@evenkeel/replay/price/FileReplay"
import { isHardlyPegged, type Verdict } from "@evenkeel/replay/referee/Referee"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { isOracle, isOracleMarket, type Market } from "@evenkeel/replay/price/Markets"

const minute = 60_000
const breakBps = 50
export const featureCount = coinFeatureNames.length

/** One coin of one market. */
export interface CoinSeries {
  readonly market: string
  readonly coin: string
  readonly stepMillis: number
  /** Closes of its bars. */
  readonly times: Float64Array
  readonly deviationsBps: Float64Array
  /** All of the hot path's features where the series comes from price files, those of a model where it comes from a journal. */
  readonly featureNames: ReadonlyArray<string>
  /** `[bar * featureNames + feature]` */
  readonly features: Float32Array
  /** Breaks of its fair value at 50 bps, and `events`, in which those less than a day apart are one. */
  readonly breaks: ReadonlyArray<Break>
  readonly events: ReadonlyArray<Break>
}

/** Bars of one coin as they are judged, with some of their features or all. */
export class CollectedBars {
  readonly #names: ReadonlyArray<string>
  readonly #columns: ReadonlyArray<number>
  times: Array<number> = []
  #deviations: Array<number> = []
  #features = new Float32Array(1 << 12)

  constructor(names: ReadonlyArray<string> = coinFeatureNames) {
    this.#names = names
    this.#columns = names.map((name) => coinFeatureNames.indexOf(name))
  }

  push(time: number, deviationBps: number, features: Float64Array): void {
    const at = this.times.length * this.#columns.length
    if (at + this.#columns.length > this.#features.length) {
      const grown = new Float32Array(this.#features.length * 2)
      grown.set(this.#features)
      this.#features = grown
    }
    for (let index = 0; index < this.#columns.length; index++) this.#features[at + index] = features[this.#columns[index]!]!
    this.times.push(time)
    this.#deviations.push(deviationBps)
  }

  /** Forgets the oldest bars, all but `count`. */
  keepLast(count: number): void {
    const gone = Math.max(0, this.times.length - count)
    this.#features.copyWithin(0, gone * this.#columns.length, this.times.length * this.#columns.length)
    this.times = this.times.slice(gone)
    this.#deviations = this.#deviations.slice(gone)
  }

  series(market: string, coin: string, stepMillis: number): CoinSeries {
    const times = Float64Array.from(this.times)
    const deviationsBps = Float64Array.from(this.#deviations)
    const breaks = findBreaks({ times: times.map((time) => time - stepMillis), deviationsBps, stepMillis }, breakBps)
    const features = this.#features.slice(0, times.length * this.#columns.length)
    return { market, coin, stepMillis, times, deviationsBps, featureNames: this.#names, features, breaks, events: mergeBreaks(breaks) }
  }
}

/** Plays a market through the hot path; gives a series for each coin that is the base of one of its files. */
export const seriesOfMarket = (market: Market): ReadonlyArray<CoinSeries> => {
  const { coins } = hotPathOptionsOf(market.files)
  const priced = new Set(market.files.flatMap(({ instrument }) => (coinOf(instrument.base) === undefined ? [] : [instrument.base])))
  const collected = coins.map(() => new CollectedBars())
  const replay = new FileReplay(market.files, {
    onJudged: (coin, evidence, features) => {
      if (priced.has(coins[coin]!.symbol)) collected[coin]!.push(evidence.time, evidence.deviationBps, features)
    }
  })
  while (replay.feed(Number.POSITIVE_INFINITY, () => undefined) > 0);
  return coins.flatMap(({ symbol }, index) => {
    const bars = collected[index]!
    return bars.times.length === 0 ? [] : bars.series(market.name, symbol, market.stepMillis)
  })
}

/**
 * The series to train on and to judge by: those of coins that kept their peg at least half of the time. An oracle's rounds are left out, as long as
 * there is anything else: hours apart, they know little of what comes before a break.
 */
export const seriesToLearn = (
  markets: ReadonlyArray<Market>,
  series: ReadonlyArray<CoinSeries>,
  verdicts: ReadonlyArray<{ readonly file: PriceFile; readonly verdict: Verdict }>
): ReadonlyArray<CoinSeries> => {
  const hardly = new Set(
    verdicts.filter(({ file, verdict }) => !isOracle(file) && isHardlyPegged(verdict)).map(({ file }) => file.instrument.base)
  )
  const oracles = new Set(markets.filter(isOracleMarket).map(({ name }) => name))
  const ofMarkets = series.filter(({ coin, market }) => !oracles.has(market) && !hardly.has(coin))
  return ofMarkets.length > 0 ? ofMarkets : series
}

/** The label of a row that a head is not trained on; the others are 1 and 0. */
export const unlabelled = 255

/**
 * The label of each bar. `onset`: a break begins after the bar's close and within the horizon; bars within a break have no label. `state`: a
 * bar within the horizon lies beyond 50 bps; where bars are longer than the horizon, or irregular, there may be no bar within it, so there is no
 * label. Bars after which the data ends too soon have no label either.
 */
export const labelsOf = (series: CoinSeries, label: "onset" | "state", horizonMinutes: number): Uint8Array => {
  const { breaks, deviationsBps, stepMillis, times } = series
  const horizon = horizonMinutes * minute
  const labels = new Uint8Array(times.length)
  if (label === "state" && (stepMillis === 0 || stepMillis > horizon)) return labels.fill(unlabelled)
  const spans = coverage({ covered: times, times, deviationsBps, stepMillis })
  let span = 0
  let next = 0
  let within = 0
  let beyond = 0
  for (let bar = 0; bar < times.length; bar++) {
    const time = times[bar]!
    while (spans[span]!.to < time) span++
    const knownUntil = spans[span]!.to
    if (label === "onset") {
      // An onset is the opening time of a bar: a break whose first bar opens at this bar's close is still ahead.
      while (next < breaks.length && breaks[next]!.onset < time) next++
      while (within < breaks.length && breaks[within]!.end < time) within++
      const inside = within < breaks.length && breaks[within]!.onset < time
      const ahead = next < breaks.length && breaks[next]!.onset < time + horizon
      labels[bar] = inside ? unlabelled : ahead ? 1 : knownUntil >= time + Math.min(horizon, 4 * hour) ? 0 : unlabelled
    } else {
      beyond = Math.max(beyond, bar + 1)
      while (beyond < times.length && !(Math.abs(deviationsBps[beyond]!) > breakBps)) beyond++
      const ahead = beyond < times.length && times[beyond]! <= time + horizon
      labels[bar] = ahead ? 1 : knownUntil >= time + Math.min(horizon, 4 * hour) ? 0 : unlabelled
    }
  }
  return labels
}
