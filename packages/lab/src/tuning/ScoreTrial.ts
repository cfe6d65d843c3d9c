/**
 * The score of one trial: the geometric mean over the horizons of the average precision, pooled over the events that may be seen, each of which
 * is left out in turn. Plain code without Effect, to be called in a thread of the worker pool.
 */
import type { RowBounds } from "@evenkeel/learning/ensemble/FitHead"
import { averagePrecision } from "@evenkeel/learning/metric/Ranking"
import { type Candidate, meanOdds } from "../training/Candidate.ts"
import { geometricMean, oddsOfLeftOut, rowsToLearn, type SeenRows } from "../training/LeftOut.ts"
import { onsetRows } from "../training/Recipe.ts"
import { onsetHeads } from "../training/TrainingSet.ts"

export interface TrialInput extends SeenRows {
  /** By the event that is left out: its features may have been chosen without the event. */
  readonly candidates: ReadonlyArray<Candidate>
}

/** A search fits members by the thousand: from fewer rows than a training. What it finds is judged as a training would fit it. */
export const trialRows: RowBounds = { ...onsetRows, negativesMin: 6000, positivesMax: 1500 }

/** NaN where there is no horizon of which two events that may be seen have a break. */
export const scoreTrial = ({ candidates, ...seen }: TrialInput): number =>
  geometricMean(
    onsetHeads.flatMap((head) => {
      const judged = rowsToLearn(seen, head)
      const odds = oddsOfLeftOut(seen, rowsToLearn(seen, head, trialRows), judged, (event) => candidates[event]!)
      return odds === undefined ? [] : [averagePrecision(judged.labels, meanOdds(odds), judged.counts)]
    })
  )
