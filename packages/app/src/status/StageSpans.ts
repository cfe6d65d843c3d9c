/** The stages from a venue to a receiver, in their order: from what to what each one goes. */
import { stageWeight, workStages } from "@evenkeel/detection/hotpath/Stages"
import type { Histogram } from "@evenkeel/runtime/telemetry/Histogram"

export const stageSpans = {
  receive: "the venue's time of an event to its receipt here",
  ring_wait: "a frame's publication to its turn in the hot path",
  decode: "a frame's bytes to events",
  book: "an event to its book",
  value: "a price to fair values",
  signal: "results to the state table and the signals ring",
  score: "a frame's publication to the end of its handling",
  judge: "at a bar's close: detectors and levels of all coins",
  features: "at a bar's close: features of all coins",
  model: "at a bar's close: probabilities of all coins",
  level: "a frame's publication to the levels that were decided by it",
  record: "a level change to its fact in the log",
  alert: "the fact to its notification, with what its group waits",
  delivery: "the notification to its receiver's answer"
} as const
export type StageName = keyof typeof stageSpans

export const stageNames = Object.keys(stageSpans) as ReadonlyArray<StageName>

/** Of the hot path's work, by stage. `histograms` of one span of time. */
export const workShares = (
  histograms: ReadonlyMap<string, Histogram>
): ReadonlyArray<{ readonly stage: string; readonly share: number }> => {
  const spent = workStages.map((stage) => ({ stage, nanos: (histograms.get(stage)?.sum() ?? 0) * stageWeight(stage) }))
  const all = spent.reduce((sum, { nanos }) => sum + nanos, 0)
  return all === 0 ? [] : spent.map(({ nanos, stage }) => ({ stage, share: nanos / all }))
}

export interface Receipts {
  readonly venue: string
  readonly timed: number
  readonly untimed: number
  readonly ahead: number
}

/** Of which venues it is not known how long their events take to arrive, and why; empty where it is known of all. */
export const receiptsUnknown = (simulated: boolean, receipts: ReadonlyArray<Receipts>): string => {
  if (simulated) return "the market's time is not the clock's"
  const named = receipts.flatMap(({ ahead, timed, untimed, venue }) =>
    ahead > timed ? [`${venue}'s clock is ahead of ours`] : untimed > timed ? [`${venue} gives no time`] : []
  )
  return named.join("; ")
}
