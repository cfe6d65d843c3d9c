/**
 * Tells when a model no longer fits the market: its features are distributed otherwise than in training, or its error has grown.
 *
 * Features are compared by their stability index against the training profiles, and one finding is made per model: while the market stays as
 * it is, every later row would repeat it. The error is watched by a Page-Hinkley test, which starts anew after each alarm.
 */
import { DriftCounter, type FeatureProfile, PageHinkley } from "@evenkeel/learning/drift/Drift"

/** A feature whose stability index is above this has moved; the usual limit for a large change. */
const stabilityIndexMax = 0.25
/** Share of the features that must have moved before it is a finding. */
const movedShareMin = 0.5
/** Rows between two comparisons, and before the first: one day of one coin's minutes. */
export const comparedEvery = 1440
/** Squared errors are averaged over so many predictions before they are tested: those of one hour share one outcome and are not independent. */
export const errorsAveraged = 60
const pageHinkley = { slack: 0.005, threshold: 5 }
/** Features named in a finding. */
const namedMax = 5

export interface DriftFinding {
  readonly kind: "features" | "errors"
  readonly detail: string
}

export interface DriftWatchOptions {
  /** The model's features. */
  readonly names: ReadonlyArray<string>
  /** Where each of them stands in the rows that are given. */
  readonly columns: ReadonlyArray<number>
  /** What each was like in training. */
  readonly profiles: ReadonlyArray<FeatureProfile>
}

export class DriftWatch {
  readonly #names: ReadonlyArray<string>
  readonly #columns: ReadonlyArray<number>
  readonly #counters: ReadonlyArray<DriftCounter>
  readonly #errors = new PageHinkley(pageHinkley)
  #squaredErrors = 0
  #predictions = 0
  #rows = 0
  #featuresReported = false

  constructor({ columns, names, profiles }: DriftWatchOptions) {
    this.#names = names
    this.#columns = columns
    this.#counters = profiles.map((profile) => new DriftCounter(profile))
  }

  /** Takes a coin's features at a bar's close; a finding, once, when enough of them have moved. */
  features(row: Float64Array): DriftFinding | undefined {
    for (const [index, column] of this.#columns.entries()) this.#counters[index]?.update(row[column]!)
    if (++this.#rows % comparedEvery !== 0 || this.#featuresReported) return undefined
    const moved = this.#names.filter((_, index) => (this.#counters[index]?.index ?? 0) > stabilityIndexMax)
    if (moved.length < movedShareMin * this.#names.length) return undefined
    this.#featuresReported = true
    return {
      kind: "features",
      detail: `${moved.length} of ${this.#names.length} features have moved since training: ${moved.slice(0, namedMax).join(", ")}`
    }
  }

  /** Nothing came of the finding about features: it is made again, if it still holds, after the next comparison. */
  again(): void {
    this.#featuresReported = false
  }

  /** Takes the squared error of a prediction whose outcome is known. */
  error(squared: number): DriftFinding | undefined {
    this.#squaredErrors += squared
    if (++this.#predictions < errorsAveraged) return undefined
    const mean = this.#squaredErrors / this.#predictions
    this.#squaredErrors = this.#predictions = 0
    return this.#errors.update(mean) ? { kind: "errors", detail: "the squared error of the predictions has grown" } : undefined
  }
}
