/**
 * Cumulative sums of scores, one a side: sees a small shift that lasts, which no single bar shows.
 * Source: E. S. Page, "Continuous Inspection Schemes", Biometrika 1954.
 */

/** Shifts below this many standard deviations are let pass. */
const slack = 1
const scoreMax = 10
const sumMax = 100

export class Cusum {
  up = 0
  down = 0

  /** Takes a bar's score; returns the larger sum with its side's sign. */
  update(score: number): number {
    const bounded = Math.max(-scoreMax, Math.min(scoreMax, score))
    this.up = Math.min(sumMax, Math.max(0, this.up + bounded - slack))
    this.down = Math.min(sumMax, Math.max(0, this.down - bounded - slack))
    return this.up >= this.down ? this.up : -this.down
  }
}
