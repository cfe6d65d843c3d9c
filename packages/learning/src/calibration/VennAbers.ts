/**
 * A conformal interval around a probability: what isotonic calibration would say if the row at hand turned out 0, and if it turned out 1.
 * One of the two is calibrated whatever the data's distribution; they lie apart where little is known.
 * Source: V. Vovk, I. Petej and V. Fedorova, "Large-scale probabilistic predictors with and without guarantees of validity", 2015.
 */
import { fitIsotonic, interpolate } from "./Isotonic.ts"

/** The two answers at ascending scores; straight in between. */
export interface VennAbers {
  readonly scores: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
}

const points = 65

export const fitVennAbers = (scores: Float64Array, labels: Uint8Array, weights?: Float64Array): VennAbers => {
  const sorted = scores.slice().sort()
  const grid = Float64Array.from(
    new Set(Array.from({ length: points }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (points - 1))]!))
  )
  const answer = (label: number) =>
    grid.map((score) => {
      const fitted = fitIsotonic(
        Float64Array.of(score, ...scores),
        Uint8Array.of(label, ...labels),
        weights === undefined ? undefined : Float64Array.of(1, ...weights)
      )
      return interpolate(fitted.scores, fitted.values, score)
    })
  return { scores: grid, low: answer(0), high: answer(1) }
}

export const intervalOf = ({ high, low, scores }: VennAbers, score: number): readonly [low: number, high: number] => [
  interpolate(scores, low, score),
  interpolate(scores, high, score)
]
