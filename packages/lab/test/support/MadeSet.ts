/** A small training set of every feature, whose breaks and features are as a test says. */
import { coinFeatureNames } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { Random } from "@evenkeel/learning/data/Random"
import { unlabelled } from "../../src/training/Samples.ts"
import { headKeys, type TrainingSet } from "../../src/training/TrainingSet.ts"
import { startsAt } from "./PriceFiles.ts"

const hour = 3_600_000
const rowsAnEvent = 100
const daysApart = 30
/** Rows before the onset that are labelled as ahead of it. */
const ahead = 12

export interface MadeSetOptions {
  readonly events: number
  readonly seed: number
  /** Value of a feature; `random` draws noise. */
  readonly valueOf: (feature: string, row: { readonly event: number; readonly label: number }, random: Random) => number
}

/** Bars of an hour; horizons of an hour and a day alone have labels. */
export const madeSet = ({ events, seed, valueOf }: MadeSetOptions): TrainingSet => {
  const random = new Random(seed)
  const rows = events * rowsAnEvent
  const features = coinFeatureNames.length
  const set: TrainingSet = {
    features: coinFeatureNames,
    values: new Float32Array(new SharedArrayBuffer(rows * features * 4)),
    times: new Float64Array(new SharedArrayBuffer(rows * 8)),
    minutes: new Float32Array(new SharedArrayBuffer(rows * 4)).fill(60),
    events: new Uint16Array(new SharedArrayBuffer(rows * 2)),
    spans: Array.from({ length: events }, (_, event) => ({
      from: startsAt + event * daysApart * 24 * hour,
      to: startsAt + (event + 1) * daysApart * 24 * hour
    })),
    labels: new Uint8Array(new SharedArrayBuffer(rows * headKeys.length)).fill(unlabelled)
  }
  const heads = headKeys.flatMap(({ horizonMinutes, label }, head) =>
    label === "onset" && [60, 1440].includes(horizonMinutes) ? [head] : []
  )
  for (let row = 0; row < rows; row++) {
    const event = Math.floor(row / rowsAnEvent)
    const place = row % rowsAnEvent
    const label = place >= rowsAnEvent - ahead ? 1 : 0
    set.times[row] = set.spans[event]!.from + (5 * 24 + place) * hour
    set.events[row] = event
    for (const head of heads) set.labels[head * rows + row] = label
    for (const [feature, name] of coinFeatureNames.entries()) set.values[row * features + feature] = valueOf(name, { event, label }, random)
  }
  return set
}
