/** Are the features that a model is given still those that it was trained on, and does it err no more than it did. */
import { DriftCounter, type FeatureProfile, PageHinkley } from "@evenkeel/learning/drift/Drift"

/** A stability index above this is much of a change. */
const indexMax = 0.25
/** Share of the features that must have moved. */
const movedShare = 0.5
/** Rows before anything is said: a day of one coin's minutes. */
const rowsMin = 1440
/** Above it the squared error has grown for good. */
const pageHinkley = { slack: 0.005, threshold: 5 }

const statementsTogether = 60

export interface DriftFinding {
  readonly kind: "features" | "errors"
  readonly detail: string
}

export class DriftWatch {
  readonly #names: ReadonlyArray<string>
  readonly #columns: ReadonlyArray<number>
  readonly #counters: ReadonlyArray<DriftCounter>
  readonly #errors = new PageHinkley(pageHinkley)
  #squares = 0
  #statements = 0
  #rows = 0
  #told = false

  /** `columns` says where each of the model's features stands in a row. */
  constructor(names: ReadonlyArray<string>, columns: ReadonlyArray<number>, profiles: ReadonlyArray<FeatureProfile>) {
    this.#names = names
    this.#columns = columns
    this.#counters = profiles.map((profile) => new DriftCounter(profile))
  }

  /** A coin's features at a bar's close; a finding once when much has moved. */
  features(row: Float64Array): DriftFinding | undefined {
    for (const [index, column] of this.#columns.entries()) this.#counters[index]?.update(row[column]!)
    if (++this.#rows % rowsMin !== 0 || this.#told) return undefined
    const moved = this.#names.filter((_, index) => (this.#counters[index]?.index ?? 0) > indexMax)
    if (moved.length < movedShare * this.#names.length) return undefined
    this.#told = true
    return { kind: "features", detail: `${moved.length} of ${this.#names.length} features have moved: ${moved.slice(0, 5).join(", ")}` }
  }

  /** The squared error of a statement whose outcome is known. Those of an hour stand or fall together, and count as one. */
  error(squared: number): DriftFinding | undefined {
    this.#squares += squared
    if (++this.#statements < statementsTogether) return undefined
    const mean = this.#squares / this.#statements
    this.#squares = this.#statements = 0
    return this.#errors.update(mean) ? { kind: "errors", detail: "the model errs more than it did" } : undefined
  }
}
