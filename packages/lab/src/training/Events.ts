/**
 * Groups breaks into market events, which folds and intervals are made of: breaks of several coins in one crisis are not independent.
 *
 * Onsets less than a week apart belong to one event. The time between two events is divided in the middle, so that every row belongs to one.
 */
import { day, type Span } from "@evenkeel/replay/referee/Onsets"
import type { CoinSeries } from "./Samples.ts"

const gapMax = 7 * day
/** Rows this close to the time that judges a model are not trained on: their labels may look into it. It is the longest horizon. */
export const embargo = day
/** The time that is hidden from a model which is to judge a span. */
export const withEmbargo = ({ from, to }: Span): Span => ({ from: from - embargo, to: to + embargo })

export interface MarketEvent {
  /** First and last onset. */
  readonly from: number
  readonly to: number
  readonly coins: ReadonlyArray<string>
  /** The time whose rows belong to the event. */
  readonly begins: number
  readonly ends: number
}

export const eventsOf = (series: ReadonlyArray<CoinSeries>): ReadonlyArray<MarketEvent> => {
  const onsets = series
    .flatMap(({ coin, events }) => events.map(({ onset }) => ({ coin, onset })))
    .sort((a, b) => a.onset - b.onset || (a.coin < b.coin ? -1 : 1))
  const groups: Array<Array<(typeof onsets)[number]>> = []
  for (const each of onsets) {
    const last = groups.at(-1)
    if (last !== undefined && each.onset - last.at(-1)!.onset < gapMax) last.push(each)
    else groups.push([each])
  }
  const between = (index: number) =>
    index < 0
      ? Number.NEGATIVE_INFINITY
      : index + 1 >= groups.length
        ? Number.POSITIVE_INFINITY
        : (groups[index]!.at(-1)!.onset + groups[index + 1]![0]!.onset) / 2
  return groups.map((group, index) => ({
    from: group[0]!.onset,
    to: group.at(-1)!.onset,
    coins: [...new Set(group.map(({ coin }) => coin))],
    begins: between(index - 1),
    ends: between(index)
  }))
}

/** Index of the event that a time belongs to; 0 where there is none. */
export const eventAt = (events: ReadonlyArray<MarketEvent>, time: number): number =>
  Math.max(
    0,
    events.findIndex(({ ends }) => time < ends)
  )
