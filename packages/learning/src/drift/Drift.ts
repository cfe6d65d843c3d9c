/** Has the world changed since a model was trained: are the inputs others, and does it err more. */

import { sigmoid } from "../logistic/LogisticRegression.ts"

/** Ten bins by the training data's deciles, and one for what is missing. */
const bins = 11

/** Where a feature's training values were cut, and the share of them in each bin. */
export interface FeatureProfile {
  readonly cuts: Float64Array
  readonly shares: Float64Array
}

const binOf = (cuts: Float64Array, value: number): number => {
  if (Number.isNaN(value)) return bins - 1
  let bin = 0
  while (bin < cuts.length && value > cuts[bin]!) bin++
  return bin
}

export const profileOf = (values: Float64Array): FeatureProfile => {
  const known = values.filter((value) => !Number.isNaN(value)).sort()
  const cuts = Float64Array.from(
    new Set(Array.from({ length: known.length === 0 ? 0 : bins - 2 }, (_, i) => known[Math.floor(((i + 1) * known.length) / (bins - 1))]!))
  )
  const shares = new Float64Array(bins)
  for (const value of values) shares[binOf(cuts, value)]! += 1 / values.length
  return { cuts, shares }
}

/** A bin never weighs less than this in the index, or an empty one would make it infinite. */
const shareMin = 1e-4

/**
 * The population stability index: sum of (now - then) log(now / then) over bins. Below 0.1 nothing has moved, above 0.25 much has.
 * Source: credit scoring's practice; the symmetrised Kullback-Leibler divergence (Jeffreys 1946).
 */
export const stabilityIndex = ({ shares }: FeatureProfile, counts: Float64Array): number => {
  let total = 0
  for (const count of counts) total += count
  if (total === 0) return Number.NaN
  let index = 0
  for (let bin = 0; bin < bins; bin++) {
    const now = Math.max(shareMin, counts[bin]! / total)
    const then = Math.max(shareMin, shares[bin]!)
    index += (now - then) * Math.log(now / then)
  }
  return index
}

/** Counts what a feature is by now, for its stability index. */
export class DriftCounter {
  readonly counts = new Float64Array(bins)
  readonly #profile: FeatureProfile

  constructor(profile: FeatureProfile) {
    this.#profile = profile
  }

  update(value: number): void {
    this.counts[binOf(this.#profile.cuts, value)]!++
  }

  get index(): number {
    return stabilityIndex(this.#profile, this.counts)
  }
}

/**
 * Raises an alarm when the mean of what it is fed (a loss) has grown. Source: D. Hinkley, 1971, after Page 1954.
 */
export class PageHinkley {
  #mean = 0
  #count = 0
  #sum = 0
  #least = 0
  readonly #slack: number
  readonly #threshold: number

  constructor(options: { readonly slack: number; readonly threshold: number }) {
    this.#slack = options.slack
    this.#threshold = options.threshold
  }

  /** True when the alarm goes off; it starts anew then. */
  update(loss: number): boolean {
    if (Number.isNaN(loss)) return false
    this.#count++
    this.#mean += (loss - this.#mean) / this.#count
    this.#sum += loss - this.#mean - this.#slack
    this.#least = Math.min(this.#least, this.#sum)
    if (this.#sum - this.#least <= this.#threshold) return false
    this.#mean = this.#count = this.#sum = this.#least = 0
    return true
  }
}

/**
 * Keeps a model's probabilities honest while it serves: a logistic curve over its log odds whose two parameters follow each outcome by one
 * step of Newton's method with a forgetting factor. Source: W. Penny and S. Roberts, "Dynamic logistic regression", 1999.
 */
export class OnlineRecalibration {
  slope = 1
  intercept = 0
  readonly #covariance = Float64Array.of(0.01, 0, 0, 0.01)
  readonly #forget: number

  constructor(forget = 0.999) {
    this.#forget = forget
  }

  apply(odds: number): number {
    return sigmoid(this.slope * odds + this.intercept)
  }

  /** What was said with these log odds turned out so. */
  update(odds: number, label: 0 | 1): void {
    const p = this.#covariance
    const probability = this.apply(odds)
    for (let i = 0; i < 4; i++) p[i] = Math.min(1, p[i]! / this.#forget)
    const spread = Math.max(1e-6, probability * (1 - probability))
    const a = p[0]! * odds + p[1]!
    const b = p[2]! * odds + p[3]!
    const gain = spread / (1 + spread * (odds * a + b))
    const miss = (label - probability) / spread
    this.slope = Math.max(0.1, this.slope + gain * a * miss)
    this.intercept += gain * b * miss
    const [a0, b0] = [a, b]
    p[0]! -= gain * a0 * a0
    p[1]! -= gain * a0 * b0
    p[2]! -= gain * b0 * a0
    p[3]! -= gain * b0 * b0
  }
}
