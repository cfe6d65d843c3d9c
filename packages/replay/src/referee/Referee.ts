/** The verdict on a price file: when its base coin was in a break, in stress or calm, by the rules of `Onsets`. */
import {
  type Break,
  breakLevels,
  calmSpans,
  coverage,
  deviationBpsOf,
  findBreaks,
  findStress,
  lengthOf,
  mergeBreaks,
  month,
  type PriceSeries,
  type Span
} from "./Onsets.ts"
import type { PriceFile } from "../price/PriceFile.ts"

export interface Verdict {
  readonly series: PriceSeries
  /** Breaks by level, in the order of `breakLevels`. */
  readonly breaks: ReadonlyArray<ReadonlyArray<Break>>
  /** Breaks at 50 bps, those less than a day apart as one. */
  readonly events: ReadonlyArray<Break>
  readonly stress: ReadonlyArray<Break>
  readonly calm: ReadonlyArray<Span>
  readonly coveredMillis: number
  readonly calmMillis: number
}

const hardlyPegged = 0.5

/** True for a coin with little calm time: false alarms cannot be judged by it. */
export const isHardlyPegged = ({ calmMillis, coveredMillis }: Pick<Verdict, "calmMillis" | "coveredMillis">): boolean =>
  calmMillis < hardlyPegged * coveredMillis && coveredMillis > 3 * month

/** Bars that traded, by opening time; of two rows of one time the later counts. */
const seriesOf = ({ prices, rows, stepMillis, times, volumes }: PriceFile): PriceSeries => {
  const kept = Array.from({ length: rows }, (_, row) => row).filter((row) => row + 1 === rows || times[row + 1] !== times[row])
  const traded = kept.filter((row) => stepMillis === 0 || !(volumes[row]! <= 0))
  return {
    covered: Float64Array.from(kept, (row) => times[row]! - stepMillis),
    times: Float64Array.from(traded, (row) => times[row]! - stepMillis),
    deviationsBps: Float64Array.from(traded, (row) => deviationBpsOf(prices[row]!)),
    stepMillis
  }
}

export const refereeOf = (file: PriceFile): Verdict => {
  const series = seriesOf(file)
  const breaks = breakLevels.map((level) => findBreaks(series, level))
  const calm = calmSpans(series, breaks[breakLevels.indexOf(50)]!)
  return {
    series,
    breaks,
    events: mergeBreaks(breaks[breakLevels.indexOf(50)]!),
    stress: findStress(series),
    calm,
    coveredMillis: lengthOf(coverage(series)),
    calmMillis: lengthOf(calm)
  }
}
