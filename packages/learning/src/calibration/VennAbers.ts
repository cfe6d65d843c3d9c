/**
 * A conformal interval around a probability: what isotonic calibration would say if the row at hand turned out 0, and if it turned out 1.
 * One of the two is calibrated whatever the data's distribution; they lie apart where little is known.
 * Source: V. Vovk, I. Petej and V. Fedorova, "Large-scale probabilistic predictors with and without guarantees of validity", 2015.
 */
import { fitSorted, interpolate } from "./Isotonic.ts"

/** The two answers at ascending scores; straight in between. */
export interface VennAbers {
  readonly scores: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
}

const points = 65

export const fitVennAbers = (scores: Float64Array, labels: Uint8Array, weights?: Float64Array): VennAbers => {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!)
  const count = order.length
  const sorted = Float64Array.from(order, (row) => scores[row]!)
  const grid = Float64Array.from(new Set(Array.from({ length: points }, (_, i) => sorted[Math.round((i * (count - 1)) / (points - 1))]!)))
  // The rows in order, with a place for the row at hand, which weighs 1.
  const around = {
    scores: new Float64Array(count + 1),
    labels: new Uint8Array(count + 1),
    weights: new Float64Array(count + 1)
  }
  const answer = (label: number) =>
    grid.map((score) => {
      let at = 0
      while (at < count && sorted[at]! < score) at++
      for (let row = 0; row <= count; row++) {
        const from = order[row < at ? row : row - 1]
        around.scores[row] = row === at ? score : scores[from!]!
        around.labels[row] = row === at ? label : labels[from!]!
        around.weights[row] = row === at ? 1 : (weights?.[from!] ?? 1)
      }
      const fitted = fitSorted(around.scores, around.labels, around.weights)
      return interpolate(fitted.scores, fitted.values, score)
    })
  return { scores: grid, low: answer(0), high: answer(1) }
}

export const intervalOf = ({ high, low, scores }: VennAbers, score: number): readonly [low: number, high: number] => [
  interpolate(scores, low, score),
  interpolate(scores, high, score)
]
