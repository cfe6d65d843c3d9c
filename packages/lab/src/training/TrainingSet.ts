/** Puts the rows of many series into one table, in memory that threads share: a job is given the table without copying it. */
import { horizonsMinutes } from "@evenkeel/detection/hotpath/SignalRecord"
import type { Span } from "@evenkeel/replay/referee/Onsets"
import { headLabels } from "@evenkeel/learning/model/Model"
import { eventAt, type MarketEvent } from "./Events.ts"
import { type CoinSeries, labelsOf } from "./Samples.ts"

/** One head of the model: a label and a horizon. */
export const headKeys = headLabels.flatMap((label) => horizonsMinutes.map((horizonMinutes) => ({ label, horizonMinutes })))

/** Heads that say whether a break begins, by number. */
export const onsetHeads: ReadonlyArray<number> = headKeys.flatMap(({ label }, head) => (label === "onset" ? [head] : []))

export interface TrainingSet {
  readonly features: ReadonlyArray<string>
  /** 32-bit floats, `[row * features + feature]` */
  readonly values: Float32Array
  /** Closes, Unix ms. */
  readonly times: Float64Array
  /** Minutes that each row stands for: the bar's length, or the time to the next reading, an hour at most. */
  readonly minutes: Float32Array
  /** Which event each row belongs to, and when the time of each event begins and ends. */
  readonly events: Uint16Array
  readonly spans: ReadonlyArray<Span>
  /** `[head * rows + row]`: 1, 0 or `unlabelled`. */
  readonly labels: Uint8Array
}

const minute = 60_000
const minutesMax = 60

const minutesOf = ({ stepMillis, times }: CoinSeries, bar: number): number =>
  Math.min(minutesMax, Math.max(1, (stepMillis > 0 ? stepMillis : (times[bar + 1] ?? times[bar]!) - times[bar]!) / minute))

const shared = <A extends Float32Array | Float64Array | Uint16Array | Uint8Array>(
  Kind: new (buffer: SharedArrayBuffer) => A,
  bytes: number
): A => new Kind(new SharedArrayBuffer(bytes))

export const trainingSetOf = (
  series: ReadonlyArray<CoinSeries>,
  events: ReadonlyArray<MarketEvent>,
  features: ReadonlyArray<string>
): TrainingSet => {
  const rows = series.reduce((sum, { times }) => sum + times.length, 0)
  const values = shared(Float32Array, rows * features.length * 4)
  const times = shared(Float64Array, rows * 8)
  const eventOf = shared(Uint16Array, rows * 2)
  const minutes = shared(Float32Array, rows * 4)
  const labels = shared(Uint8Array, rows * headKeys.length)
  let at = 0
  for (const each of series) {
    const columns = features.map((name) => each.featureNames.indexOf(name))
    const width = each.featureNames.length
    for (const [head, { horizonMinutes, label }] of headKeys.entries()) labels.set(labelsOf(each, label, horizonMinutes), head * rows + at)
    for (let bar = 0; bar < each.times.length; bar++, at++) {
      times[at] = each.times[bar]!
      minutes[at] = minutesOf(each, bar)
      eventOf[at] = eventAt(events, each.times[bar]!)
      for (const [index, column] of columns.entries()) values[at * features.length + index] = each.features[bar * width + column]!
    }
  }
  return {
    features,
    values,
    times,
    minutes,
    events: eventOf,
    spans: events.map(({ begins, ends }) => ({ from: begins, to: ends })),
    labels
  }
}
