/**
 * Means that forget with time instead of with ticks, so that they mean the same on any spacing of bars: what is `span` old weighs 1/e.
 * Source: A. Eckner, "Algorithms for Unevenly Spaced Time Series: Moving Averages and Other Rolling Operators", 2012 (EMA_last).
 */
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** The weight that what was known keeps after `elapsed`. */
export const kept = (elapsed: number, span: number): number => Math.exp(-elapsed / span)

/** Keeps the last weight at hand: bars are evenly spaced as a rule. */
class Forgetting {
  protected weight = Number.NaN
  protected elapsed = Number.NaN
  private readonly span: number

  constructor(span: number) {
    this.span = span
  }

  protected pass(elapsed: number): void {
    this.elapsed = elapsed
    this.weight = kept(elapsed, this.span)
  }
}

export class Mean extends Forgetting {
  value = Number.NaN

  /** NaN changes nothing. */
  update(value: number, elapsed: number): number {
    if (Number.isNaN(value)) return this.value
    if (elapsed !== this.elapsed) this.pass(elapsed)
    this.value = Number.isNaN(this.value) ? value : value + (this.value - value) * this.weight
    return this.value
  }
}

/** A total that forgets: of what was added over about the last `span`. */
export class Total extends Forgetting {
  value = 0

  update(added: number, elapsed: number): number {
    if (elapsed !== this.elapsed) this.pass(elapsed)
    this.value = this.value * this.weight + (Number.isNaN(added) ? 0 : added)
    return this.value
  }
}

/** Mean and covariance of two series that forget. Source: West 1979, with decayed weights. */
export class Pair extends Forgetting {
  private meanX = 0
  private meanY = 0
  private count = 0
  private xx = 0
  private yy = 0
  private xy = 0

  update(x: number, y: number, elapsed: number): void {
    if (Number.isNaN(x) || Number.isNaN(y)) return
    if (elapsed !== this.elapsed) this.pass(elapsed)
    const keep = this.weight
    const count = this.count * keep + 1
    const missX = x - this.meanX
    const missY = y - this.meanY
    this.meanX += missX / count
    this.meanY += missY / count
    this.xx = keep * this.xx + missX * (x - this.meanX)
    this.yy = keep * this.yy + missY * (y - this.meanY)
    this.xy = keep * this.xy + missX * (y - this.meanY)
    this.count = count
  }

  /** NaN until both have moved. */
  get correlation(): number {
    const scale = this.xx * this.yy
    return scale > flat ? Math.max(-1, Math.min(1, this.xy / Math.sqrt(scale))) : Number.NaN
  }

  /** Slope of y on x. */
  get beta(): number {
    return this.xx > flat ? this.xy / this.xx : Number.NaN
  }

  /** What y is above its regression on x, in standard deviations of what the regression leaves. */
  residualScore(x: number, y: number): number {
    const { beta } = this
    const left = Math.sqrt(Math.max(0, this.yy - beta * this.xy) / this.count)
    return left > flat ? (y - this.meanY - beta * (x - this.meanX)) / left : Number.NaN
  }
}

/** Below this a variance is the rounding of what never moved. */
export const flat = 1e-9

export const ratioLog = (a: number, b: number): number => (a > 0 && b > 0 ? Math.max(-10, Math.min(10, Math.log(a / b))) : Number.NaN)
