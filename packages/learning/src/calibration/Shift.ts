/**
 * Calibration in the large while a model serves: one shift of a head's log odds, so that it expects as many events as come. The order stays.
 *
 * The shift is the maximum of a penalised likelihood: the prior is worth a number of events that came as they were expected (a log-gamma prior with
 * its mode at 0), so with little evidence the shift is small. Source: D. Cox, "Two further applications of a model for binary regression", 1958;
 * E. Steyerberg, "Clinical Prediction Models", 2009 (recalibration of the intercept alone).
 */
import type { Calibration, Head } from "../model/Model.ts"
import { logit, sigmoid } from "../logistic/LogisticRegression.ts"

/** Log odds are gathered in bins of this width, from `-binsHalf` to `binsHalf`, each with the mean of its own. */
const binWidth = 0.25
const binsHalf = 20
const bins = (2 * binsHalf) / binWidth
const roundsMax = 50
const precision = 1e-9

/** What a head said, and how often what it was asked about came. A few kilobytes, however long it served. */
export class ShiftEvidence {
  readonly #weights: Float64Array
  readonly #sums: Float64Array
  /** Events that came, each counted once. */
  seen = 0

  constructor(parts?: ShiftEvidenceParts) {
    this.#weights = Float64Array.from(parts?.weights ?? new Float64Array(bins))
    this.#sums = Float64Array.from(parts?.sums ?? new Float64Array(bins))
    this.seen = parts?.seen ?? 0
  }

  /** A prediction of these log odds came true or not. Those of overlapping spans of time share a weight of 1 a span. */
  add(odds: number, weight: number, came: boolean): void {
    if (Number.isNaN(odds)) return
    const bounded = Math.max(-binsHalf, Math.min(binsHalf, odds))
    const bin = Math.min(bins - 1, Math.floor((bounded + binsHalf) / binWidth))
    this.#weights[bin]! += weight
    this.#sums[bin]! += weight * bounded
    if (came) this.seen += weight
  }

  /** Lets all that was seen count `factor` times as much. */
  fade(factor: number): void {
    for (let bin = 0; bin < bins; bin++) {
      this.#weights[bin]! *= factor
      this.#sums[bin]! *= factor
    }
    this.seen *= factor
  }

  /** Events that the head expected, its log odds shifted. */
  expected(shift = 0): number {
    let sum = 0
    for (let bin = 0; bin < bins; bin++) {
      const weight = this.#weights[bin]!
      if (weight > 0) sum += weight * sigmoid(this.#sums[bin]! / weight + shift)
    }
    return sum
  }

  /** The shift, at most `most` either way; `priorEvents` came as they were expected. */
  fit(priorEvents: number, most: number): number {
    // Too many events are expected above the solution and too few below it: halved until it is found.
    const excess = (shift: number) => this.expected(shift) - this.seen + priorEvents * (Math.exp(shift) - 1)
    let low = -most
    let high = most
    if (excess(low) >= 0) return low
    if (excess(high) <= 0) return high
    for (let round = 0; round < roundsMax && high - low > precision; round++) {
      const middle = 0.5 * (low + high)
      if (excess(middle) > 0) high = middle
      else low = middle
    }
    return 0.5 * (low + high)
  }

  get parts(): ShiftEvidenceParts {
    return { weights: [...this.#weights], sums: [...this.#sums], seen: this.seen }
  }
}

export interface ShiftEvidenceParts {
  readonly weights: ReadonlyArray<number>
  readonly sums: ReadonlyArray<number>
  readonly seen: number
}

export const shiftEvidenceBins = bins

const shiftedProbability = (probability: number, shift: number): number => sigmoid(logit(probability) + shift)

const shiftedCalibration = (calibration: Calibration, shift: number): Calibration =>
  calibration.kind === "platt"
    ? { kind: "platt", curve: { slope: calibration.curve.slope, intercept: calibration.curve.intercept + shift } }
    : {
        kind: "isotonic",
        curve: { scores: calibration.curve.scores, values: calibration.curve.values.map((value) => shiftedProbability(value, shift)) }
      }

/** The head with its probabilities and its interval shifted in log odds. */
export const shiftHead = (head: Head, shift: number): Head =>
  shift === 0
    ? head
    : {
        ...head,
        calibration: shiftedCalibration(head.calibration, shift),
        interval: {
          scores: head.interval.scores,
          low: head.interval.low.map((value) => shiftedProbability(value, shift)),
          high: head.interval.high.map((value) => shiftedProbability(value, shift))
        }
      }
