/**
 * By how much one series follows another, from all their changes: the shift at which the Hayashi-Yoshida covariance of the two is largest.
 *
 * M. Hoffmann, M. Rosenbaum, N. Yoshida, "Estimation of the lead-lag parameter from non-synchronous data", Bernoulli 19(2), 2013, 426-461
 * (https://arxiv.org/abs/1303.4871). A feed's rounds come when they like, so nothing is interpolated: each change of the feed is multiplied with all that the
 * fair value changed in the same span, so much earlier. The fair value is a step function of its own samples, whose products over one span add up to its
 * change from the span's start to its end. The cross-correlation of plain returns on a grid would be biased to no lag by rounds that are hours apart (Epps).
 */

export interface LagSeries {
  /** Unix ms, ascending. */
  readonly times: ArrayLike<number>
  readonly prices: ArrayLike<number>
}

export interface LeadLag {
  /** How far the feed follows the fair value; below 0 it leads. */
  readonly lagMillis: number
  /** Of the two at that shift, -1 to 1. */
  readonly correlation: number
  /** Changes of the feed that were used. */
  readonly changes: number
}

/** With fewer changes nothing is said. */
export const changesMin = 10

/** Shifts from `-leadMillisMax` to `lagMillisMax` in steps; undefined where the feed changed too rarely, or never with the fair value. */
export const leadLag = (
  feed: LagSeries,
  fair: LagSeries,
  {
    lagMillisMax,
    leadMillisMax,
    stepMillis
  }: { readonly lagMillisMax: number; readonly leadMillisMax: number; readonly stepMillis: number }
): LeadLag | undefined => {
  let best: LeadLag | undefined
  for (let shift = -leadMillisMax; shift <= lagMillisMax; shift += stepMillis) {
    let product = 0
    let feedSquares = 0
    let fairSquares = 0
    let changes = 0
    let at = -1
    let before = Number.NaN
    for (let round = 0; round < feed.times.length; round++) {
      while (at + 1 < fair.times.length && fair.times[at + 1]! <= feed.times[round]! - shift) at++
      const value = at < 0 ? Number.NaN : fair.prices[at]!
      const change = round === 0 ? Number.NaN : Math.log(feed.prices[round]! / feed.prices[round - 1]!)
      const moved = Math.log(value / before)
      before = value
      if (!Number.isFinite(change) || !Number.isFinite(moved) || at === fair.times.length - 1) continue
      product += change * moved
      feedSquares += change * change
      fairSquares += moved * moved
      changes++
    }
    const correlation = product / Math.sqrt(feedSquares * fairSquares)
    if (changes >= changesMin && correlation > (best?.correlation ?? 0)) best = { lagMillis: shift, correlation, changes }
  }
  return best
}
