/**
 * Breaks of many coins at once are one event: what was learned from one of them was learned of all.
 *
 * Onsets less than a week apart are one event, and the time between two events is divided in the middle, so that every row belongs to one.
 */
import { day } from "@evenkeel/replay/referee/Onsets"
import type { CoinSeries } from "./Samples.ts"

const gapMax = 7 * day
/** Nothing is trained on that is so near to what it is judged by: the longest horizon. */
export const embargo = day

export interface MarketEvent {
  /** First and last onset. */
  readonly from: number
  readonly to: number
  readonly coins: ReadonlyArray<string>
  /** The time that belongs to it. */
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
