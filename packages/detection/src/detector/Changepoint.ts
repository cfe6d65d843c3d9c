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

export class Changepoint {
  private readonly weights = new Float64Array(runs)
  private readonly means = new Float64Array(runs)
  private readonly variances = new Float64Array(runs)
  private bars = 0

  constructor() {
    this.weights[0] = 1
    this.variances[0] = priorVariance
  }

  /** Takes a bar's score; returns the probability that the regime is younger than five bars. */
  update(score: number): number {
    const x = Math.max(-scoreMax, Math.min(scoreMax, score))
    const weights = this.weights
    const means = this.means
    const variances = this.variances
    let total = 0
    let change = 0
    for (let run = 0; run < runs; run++) {
      const spread = 1 + variances[run]!
      const miss = x - means[run]!
      const likelihood = (weights[run]! * Math.exp(Math.max(-60, (-0.5 * miss * miss) / spread))) / Math.sqrt(spread)
      change += likelihood * hazard
      weights[run] = likelihood * (1 - hazard)
    }
    // Oldest first, so that each run's posterior moves one place on before it is overwritten.
    const oldest = weights[runs - 1]!
    for (let run = runs - 1; run > 0; run--) {
      const gain = variances[run - 1]! / (1 + variances[run - 1]!)
      weights[run] = weights[run - 1]! + (run === runs - 1 ? oldest : 0)
      means[run] = means[run - 1]! + gain * (x - means[run - 1]!)
      variances[run] = variances[run - 1]! * (1 - gain)
    }
    weights[0] = change
    means[0] = 0
    variances[0] = priorVariance
    for (let run = 0; run < runs; run++) total += weights[run]!
    let recent = 0
    for (let run = 0; run < runs; run++) {
      weights[run] = total > 0 ? weights[run]! / total : run === 0 ? 1 : 0
      if (run < recentRuns) recent += weights[run]!
    }
    // At the very start every run is young, which says nothing.
    return ++this.bars <= recentRuns ? 0 : recent
  }
}
