/**
 * Terms judged on recorded prices: would this cover have been triggered, when, and what was missing?
 *
 * The prices go through the very hot path that serves live, and the readings through the trigger that judges them there. Bars longer than a minute make
 * readings that stand for as long.
 */
import { States } from "@evenkeel/detection/host/States"
import { hotPathOptionsOf, FileReplay } from "@evenkeel/replay/price/FileReplay"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { MinuteReadings } from "./MinuteReadings.ts"
import type { Reading } from "./Reading.ts"
import type { Terms } from "./Terms.ts"
import { type Gap, type Run, Trigger, type Verdict } from "./Trigger.ts"

const minute = 60_000
/** A venue's own value counts for so many bars after it came. */
const ownBars = 2

export interface TermsReplayed {
  readonly terms: Terms
  readonly verdict: Verdict
  /** While something counted, up to the verdict. */
  readonly gaps: ReadonlyArray<Gap>
  readonly runs: ReadonlyArray<Run>
  /** Readings of the coin in all. */
  readonly readings: number
  readonly stepMillis: number
}

/** Hands over each reading of a coin, in order; how long each stands for, ms. */
export const replayReadings = (
  files: ReadonlyArray<PriceFile>,
  coins: ReadonlySet<string>,
  onReading: (reading: Reading) => void
): number => {
  // Each row is scored, so that the last one of a minute is seen together with those before it.
  const replay = new FileReplay(files, { scoreGapMillis: 0 })
  const { coins: known, instruments, venues } = replay.options
  const stepMillis = Math.max(minute, hotPathOptionsOf(files).barMillis)
  const states = new States(
    replay.local.state.buffer,
    known,
    venues.map(({ id }) => id)
  )
  const watched = known.flatMap(({ symbol }, index) =>
    coins.has(symbol) ? [{ index, symbol, minutes: new MinuteReadings({ stepMillis }) }] : []
  )
  const ownOf = (symbol: string, time: number): Reading["own"] =>
    instruments.flatMap(({ base, venue }, number) => {
      const state = base === symbol ? states.instrument(number) : undefined
      return state?.ownDeviationBps == null || state.received === null || time - state.received > ownBars * stepMillis
        ? []
        : [{ venue, deviationBps: state.ownDeviationBps }]
    })
  const look = () => {
    for (const { index, minutes, symbol } of watched) {
      const state = states.coin(index)
      if (state === undefined) continue
      for (const reading of minutes.see(state, () => ownOf(symbol, state.time ?? 0))) onReading(reading)
    }
  }
  while (replay.step()) {
    replay.local.signals({})
    look()
  }
  replay.local.hotPath.finish()
  replay.local.signals({})
  for (const { minutes } of watched) {
    const last = minutes.end()
    if (last !== undefined) onReading(last)
  }
  return stepMillis
}

export const replayTerms = (files: ReadonlyArray<PriceFile>, covers: ReadonlyArray<Terms>): ReadonlyArray<TermsReplayed> => {
  const stepMillis = Math.max(minute, hotPathOptionsOf(files).barMillis)
  const triggers = covers.map((terms) => new Trigger(terms, stepMillis))
  const counts = new Map<string, number>()
  replayReadings(files, new Set(covers.map(({ coin }) => coin)), (reading) => {
    counts.set(reading.coin, (counts.get(reading.coin) ?? 0) + 1)
    for (const trigger of triggers) trigger.add(reading)
  })
  return triggers.map(({ gaps, runs, terms, verdict }) => ({
    terms,
    verdict,
    gaps: [...gaps],
    runs: [...runs],
    readings: counts.get(terms.coin) ?? 0,
    stepMillis
  }))
}
