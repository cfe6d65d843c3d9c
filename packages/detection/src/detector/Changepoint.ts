/**
 * The probability that a new regime began within the last few bars: Bayesian online changepoint detection with a normal
 * likelihood of known variance and a conjugate prior on each regime's mean.
 * Source: R. P. Adams and D. J. C. MacKay, "Bayesian Online Changepoint Detection", 2007.
 */

/** Run lengths kept; longer runs are merged into the last. */
const runs = 64
/** A change is expected once in so many bars. */
const hazard = 1 / 720
/** Prior variance of a new regime's mean, in units of the observations' variance. */
const priorVariance = 25
/** A run this short is a new regime. */
const recentRuns = 5
const scoreMax = 20

/** A regime's variance depends on its length alone, and so do its predictive spread, and how far each observation moves its mean. */
const spreads = new Float64Array(runs)
const scales = new Float64Array(runs)
const gains = new Float64Array(runs)
for (let run = 0, variance = priorVariance; run < runs; run++) {
  gains[run] = variance / (1 + variance)
  spreads[run] = -0.5 / (1 + variance)
  scales[run] = 1 / Math.sqrt(1 + variance)
  variance *= 1 - gains[run]!
}

export class Changepoint {
  private readonly weights = new Float64Array(runs)
  private readonly means = new Float64Array(runs)
  private bars = 0

  constructor() {
    this.weights[0] = 1
  }

  /** Takes a bar's score; returns the probability that the regime is younger than five bars. */
  update(score: number): number {
    const x = Math.max(-scoreMax, Math.min(scoreMax, score))
    const weights = this.weights
    const means = this.means
    let total = 0
    for (let run = 0; run < runs; run++) {
      const miss = x - means[run]!
      const likelihood = weights[run]! * Math.exp(Math.max(-60, spreads[run]! * miss * miss)) * scales[run]!
      total += likelihood
      weights[run] = likelihood
    }
    const oldest = weights[runs - 1]!
    // Each run grows by a bar, oldest first, so that it moves on before its place is taken.
    const kept = total > 0 ? (1 - hazard) / total : 0
    for (let run = runs - 1; run > 0; run--) {
      weights[run] = weights[run - 1]! * kept
      means[run] = means[run - 1]! + gains[run - 1]! * (x - means[run - 1]!)
    }
    weights[runs - 1] = weights[runs - 1]! + oldest * kept
    weights[0] = total > 0 ? hazard : 1
    means[0] = 0
    let recent = 0
    for (let run = 0; run < recentRuns; run++) recent += weights[run]!
    // At the very start every run is young, which says nothing.
    return ++this.bars <= recentRuns ? 0 : recent
  }
}
