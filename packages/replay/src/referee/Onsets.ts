/**
 * The referee: finds when a series of prices broke its peg. Everything else is judged by its rules.
 *
 * It sees a whole series at once, past and future, and shares no code with the detectors that it judges.
 *
 * - A break at a level: bars in a row beyond it on one side (three; two for bars of a quarter of an hour and more, and for rounds), no step
 *   between them longer than a quarter of an hour or three bars. Its onset is the opening of the first, confirmed the close of the last.
 * - It ends with the first bar of an hour (four bars if longer) inside half of the level, or in a hole that is longer than that.
 * - Breaks of one sign less than a day apart are one event.
 * - Calm is covered time more than a day before any onset at 50 bps and after its end.
 * - Stress is a break at 20 bps of the distance from the median of the five days before.
 */

/** One coin's prices on one source. Times are Unix ms: openings of bars, or when a round came. */
export interface PriceSeries {
  /** Every bar, traded or not. */
  readonly covered: Float64Array
  /** Bars that traded, ascending, with their distance from the peg in basis points. */
  readonly times: Float64Array
  readonly deviationsBps: Float64Array
  /** Length of a bar; 0 for rounds. */
  readonly stepMillis: number
}

export interface Break {
  readonly onset: number
  readonly confirmed: number
  readonly end: number
  readonly worstBps: number
  readonly worstAt: number
  /** -1 a loss of the peg, 1 a premium. */
  readonly sign: number
}

export interface Span {
  readonly from: number
  readonly to: number
}

export const breakLevels = [20, 50, 100] as const
const minute = 60_000
const quarterHour = 15 * minute
export const hour = 60 * minute
export const day = 24 * hour
/** The longest usual time between two rounds of an oracle. */
const roundGapMax = 26 * hour
const medianWindow = 5 * day
const stressBps = 20
/** The mean Gregorian month. */
export const month = 30.4375 * day

/** Every break of the series at `levelBps`, in order. */
export const findBreaks = (
  { deviationsBps, stepMillis, times }: Pick<PriceSeries, "deviationsBps" | "stepMillis" | "times">,
  levelBps: number
): ReadonlyArray<Break> => {
  const bars = stepMillis > 0 && stepMillis < quarterHour ? 3 : 2
  const hop = stepMillis > 0 ? Math.max(quarterHour, 3 * stepMillis) : roundGapMax
  const back = Math.max(hour, 4 * stepMillis)
  const count = times.length
  const breaks: Array<Break> = []
  for (let start = 0; start < count;) {
    if (!(Math.abs(deviationsBps[start]!) > levelBps)) {
      start++
      continue
    }
    const sign = Math.sign(deviationsBps[start]!)
    let run = start
    while (run < count && deviationsBps[run]! * sign > levelBps && (run === start || times[run]! - times[run - 1]! <= hop)) run++
    if (run - start < bars) {
      start = run
      continue
    }
    const last = endOf(start)
    let worst = start
    for (let bar = start; bar <= last; bar++) if (deviationsBps[bar]! * sign > deviationsBps[worst]! * sign) worst = bar
    breaks.push({
      onset: times[start]!,
      confirmed: times[start + bars - 1]! + stepMillis,
      end: times[last]!,
      worstBps: deviationsBps[worst]!,
      worstAt: times[worst]!,
      sign
    })
    start = Math.max(last, run)

    function endOf(first: number): number {
      let inside = -1
      for (let bar = first; bar < count; bar++) {
        if (bar > first && times[bar]! - times[bar - 1]! > Math.max(back, hop)) return bar - 1
        if (deviationsBps[bar]! * sign < levelBps / 2) {
          if (inside < 0) inside = bar
          if (times[bar]! - times[inside]! >= back) return inside
        } else inside = -1
      }
      return inside >= 0 ? inside : count - 1
    }
  }
  return breaks
}

/** Breaks of one sign that are less than a day apart, as one. */
export const mergeBreaks = (breaks: ReadonlyArray<Break>): ReadonlyArray<Break> => {
  const events: Array<Break> = []
  for (const next of breaks) {
    const last = events.at(-1)
    if (last === undefined || next.sign !== last.sign || next.onset - last.end >= day) events.push(next)
    else {
      const worse = Math.abs(next.worstBps) > Math.abs(last.worstBps) ? next : last
      events[events.length - 1] = { ...last, end: next.end, worstBps: worse.worstBps, worstAt: worse.worstAt }
    }
  }
  return events
}

/** Where there are bars, without holes longer than an hour or three bars. */
export const coverage = ({ covered, stepMillis }: PriceSeries): ReadonlyArray<Span> => {
  const holeMax = stepMillis > 0 ? Math.max(hour, 3 * stepMillis) : roundGapMax
  const spans: Array<Span> = []
  let from = 0
  for (let bar = 1; bar <= covered.length; bar++) {
    if (bar < covered.length && covered[bar]! - covered[bar - 1]! <= holeMax) continue
    spans.push({ from: covered[from]!, to: covered[bar - 1]! + stepMillis })
    from = bar
  }
  return spans
}

/** The spans without what lies from `from` to `to`. */
export const without = (spans: ReadonlyArray<Span>, { from, to }: Span): ReadonlyArray<Span> =>
  spans
    .flatMap((span) => [
      { from: span.from, to: Math.min(span.to, from) },
      { from: Math.max(span.from, to), to: span.to }
    ])
    .filter((span) => span.to > span.from)

/** Covered time more than a day away from every break. */
export const calmSpans = (series: PriceSeries, breaks: ReadonlyArray<Break>): ReadonlyArray<Span> =>
  breaks.reduce((spans, { end, onset }) => without(spans, { from: onset - day, to: end + day }), coverage(series))

export const lengthOf = (spans: ReadonlyArray<Span>): number => spans.reduce((sum, { from, to }) => sum + to - from, 0)

export const isWithin = (spans: ReadonlyArray<Span>, time: number): boolean => spans.some(({ from, to }) => time >= from && time < to)

/** Breaks at 20 bps of the distance from the median of the five days that ended with the bar before. */
export const findStress = ({ deviationsBps, stepMillis, times }: PriceSeries): ReadonlyArray<Break> => {
  const sorted: Array<number> = []
  const place = (value: number) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
  const distances = new Float64Array(Math.max(0, times.length - 1))
  let oldest = 0
  for (let bar = 0; bar + 1 < times.length; bar++) {
    sorted.splice(place(deviationsBps[bar]!), 0, deviationsBps[bar]!)
    while (times[oldest]! <= times[bar]! - medianWindow) sorted.splice(place(deviationsBps[oldest++]!), 1)
    const half = sorted.length >> 1
    const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
    distances[bar] = deviationsBps[bar + 1]! - median
  }
  return findBreaks({ deviationsBps: distances, stepMillis, times: times.subarray(1) }, stressBps)
}

/** A price's distance from the peg in basis points, rounded to 1e-6: a tie with a level is not beyond it. */
export const deviationBpsOf = (price: number): number => Math.round((price - 1) * 1e10) / 1e6
