/**
 * Which features tell most of an onset within the hour, on the rows that may be seen. Plain code without Effect, to be called in a thread of the
 * worker pool.
 */
import { averagePrecision } from "@evenkeel/learning/metric/Ranking"
import { mutualInformation, permutationImportance } from "@evenkeel/learning/importance/Importance"
import { type Scaler, scaleTable } from "@evenkeel/learning/data/Scaler"
import { asksScaled, predictMember } from "@evenkeel/learning/model/Model"
import type { Span } from "@evenkeel/replay/referee/Onsets"
import { type Candidate, fitCandidate } from "../training/Candidate.ts"
import { fitScalerOf, valuesOf } from "../training/HeadJob.ts"
import { eventsIn, placesOf, rowsToLearn, rowsWithout, type SeenRows } from "../training/LeftOut.ts"
import { modelFeatures } from "../training/Recipe.ts"
import { headKeys, type TrainingSet } from "../training/TrainingSet.ts"
import { trialRows } from "./ScoreTrial.ts"

export const rankedHead = headKeys.findIndex(({ horizonMinutes, label }) => label === "onset" && horizonMinutes === 60)
/** Features that a trial may use instead of those of the shipped model. */
export const selectedFeatures = 8
const repeats = 2

export interface RankInput {
  readonly set: TrainingSet
  readonly hidden: ReadonlyArray<Span>
  readonly seed: number
}

/** The scaler of every feature, of the rows that may be seen. */
export const scalerOf = ({ hidden, set }: Omit<RankInput, "seed">): Scaler => fitScalerOf(set, hidden)

/** Nats that each feature tells by itself of whether a break begins within the hour. */
export const informationOf = ({ hidden, seed, set }: RankInput): Float64Array => {
  const { labels, rows } = rowsToLearn({ set, hidden, seed }, rankedHead, trialRows)
  return mutualInformation({
    values: valuesOf(set, rows),
    features: set.features.length,
    labels,
    weights: new Float64Array(rows.length).fill(1)
  })
}

/** Places from 1 on, the greatest first; equal values in the order of the features. */
export const ranksOf = (values: Float64Array): ReadonlyArray<number> => {
  const ranks = Array.from(values, () => 0)
  for (const [index, feature] of [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b).entries()) ranks[feature] = index + 1
  return ranks
}

/** The columns of the shipped model's features. */
export const shippedColumns = (set: TrainingSet): ReadonlyArray<number> => modelFeatures.map((name) => set.features.indexOf(name))

/** The columns that a trial sees: the shipped model's features, or the first by information. */
export const columnsFor = (set: TrainingSet, choice: number, information: Float64Array): ReadonlyArray<number> =>
  choice === 0
    ? shippedColumns(set)
    : [...ranksOf(information).entries()].flatMap(([feature, rank]) => (rank <= selectedFeatures ? [feature] : []))

export interface ImportanceInput extends SeenRows {
  /** By the event that is left out. */
  readonly candidates: ReadonlyArray<Candidate>
}

/**
 * What the average precision loses when a feature is shuffled, on events that the member has not seen, each event alike: by feature of the training
 * set, NaN where the member does not see it. The candidates have one member each.
 */
export const importanceOf = ({ candidates, ...seen }: ImportanceInput): Float64Array => {
  const { scaler, seed, set } = seen
  const learned = rowsToLearn(seen, rankedHead, trialRows)
  const judged = rowsToLearn(seen, rankedHead)
  const losses = new Float64Array(set.features.length)
  const times = new Float64Array(set.features.length)
  for (const event of eventsIn(set, judged)) {
    const own = placesOf(set, judged, event)
    const rows = own.map((place) => judged.rows[place]!)
    const labels = Uint8Array.from(own, (place) => judged.labels[place]!)
    const fitted = fitCandidate(candidates[event]!, set, rowsWithout(set, learned, event), scaler, seed)
    if (fitted === undefined || !labels.includes(1)) continue
    const { columns } = fitted
    const member = fitted.members[0]!
    const raw = { values: valuesOf(set, rows, columns), features: columns.length, labels, weights: new Float64Array(rows.length) }
    const counts = Float64Array.from(own, (place) => judged.counts[place]!)
    const lost = permutationImportance(
      asksScaled(member.kind) ? scaleTable(fitted.scaler, raw) : raw,
      (values, offset) => {
        const row = values.subarray(offset, offset + columns.length)
        return predictMember(member, row, row)
      },
      (truth, said) => averagePrecision(truth, said, counts),
      { repeats, seed }
    )
    for (const [index, column] of columns.entries()) {
      losses[column]! += lost[index]!
      times[column]!++
    }
  }
  return losses.map((loss, feature) => loss / times[feature]!)
}
