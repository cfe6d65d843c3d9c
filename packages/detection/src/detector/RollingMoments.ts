/**
 * Mean and variance of the last `size` values, at a cost that does not depend on `size`.
 * Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", 1962, with the oldest value taken out as the newest comes in.
 *
 * What rounding leaves behind is no more than a share of the largest spread seen. So both are worked out anew once in `size` values, and whenever
 * a value that dwarfed the others has left.
 */

/** A spread that has shrunk to this share of its largest has lost too many digits. */
const shrunk = 1e-6
/** A deviation that is no more than this share of the mean is what rounding leaves of values that do not vary. */
const rounding = 1e-12

export class RollingMoments {
  private count = 0
  private mean = 0
  /** Sum of squared distances from the mean. */
  private squares = 0
  private largestSquares = 0
  private readonly values: Float64Array

  constructor(size: number) {
    this.values = new Float64Array(size)
  }

  push(value: number): void {
    const { values } = this
    const size = values.length
    const at = this.count % size
    const leaving = values[at]!
    values[at] = value
    this.count++
    if (this.count > size) {
      const before = this.mean
      this.mean += (value - leaving) / size
      this.squares += (value - leaving) * (value - this.mean + (leaving - before))
    } else {
      const miss = value - this.mean
      this.mean += miss / this.count
      this.squares += miss * (value - this.mean)
    }
    this.largestSquares = Math.max(this.largestSquares, this.squares)
    if (at === size - 1 || this.squares < shrunk * this.largestSquares) this.workOut()
  }

  /** Standard deviations of the newest value from the mean; NaN where nothing varies. */
  get score(): number {
    const { count, values } = this
    const deviation = Math.sqrt(this.squares / Math.min(count, values.length))
    return deviation > rounding * Math.abs(this.mean) ? (values[(count - 1) % values.length]! - this.mean) / deviation : Number.NaN
  }

  private workOut(): void {
    const known = Math.min(this.count, this.values.length)
    let sum = 0
    for (let i = 0; i < known; i++) sum += this.values[i]!
    this.mean = sum / known
    this.squares = 0
    for (let i = 0; i < known; i++) this.squares += (this.values[i]! - this.mean) ** 2
    this.largestSquares = this.squares
  }
}
