/**
 * Who is in a hurry: net taker volume over one and two hours, against what the trailing week calls usual.
 *
 * A run begins in the order flow: holders sell into bids long before the price gives way. Volume is summed in buckets of five
 * minutes, so that the figures mean the same whatever arrives: trades, bars of a minute or of a quarter of an hour.
 *
 * Where nobody says which side took, a bar's volume is split by how far the price moved in it (bulk volume classification,
 * D. Easley, M. López de Prado and M. O'Hara, "The Volume Clock", 2012): `inferred` says so, and the judge asks for more.
 */
import { insertInto, removeFrom } from "./Ascending.ts"
import { RollingMoments } from "./RollingMoments.ts"

const bucketMillis = 5 * 60_000
/** Buckets of a week. */
const week = 2016
const shortBuckets = 12
const longBuckets = 24
/** Below this many buckets nothing is usual yet. */
const bucketsMin = week / 4
/** A move of so many usual moves puts all of a bar's volume on one side. */
const decisiveMoves = 2
/** Pace at which the usual move is learned. */
const moveFactor = 0.002
const moveFloorBps = 0.5

export class Flow {
  /** Standard deviations of net taker volume over an hour and over two from the week's mean; NaN while nothing is usual. */
  shortScore = Number.NaN
  longScore = Number.NaN
  /** Volume of two hours over the week's median of the same. */
  surge = Number.NaN
  /** That median; 0 while nothing is usual. */
  usualVolume = 0
  /** Sides were inferred from prices. */
  inferred = false
  /** The source's own price: its mean of an hour less its mean of a week, bps. */
  leanBps = 0
  private hourMean = Number.NaN
  private weekMean = Number.NaN
  private readonly net = new Float64Array(week)
  private readonly volume = new Float64Array(week)
  private readonly shortSums = new RollingMoments(week)
  private readonly longSums = new RollingMoments(week)
  private readonly volumeSums = new Float64Array(week)
  /** The same as `volumeSums`, ascending. */
  private readonly sorted = new Float64Array(week)
  private bucket = Number.NaN
  private count = 0
  private pendingNet = 0
  private pendingVolume = 0
  private lastPriceBps = Number.NaN
  private move = moveFloorBps

  /** Takes `volume` traded since the last call, `bought` of it by takers (NaN: unknown), at a price of `priceBps` (log, bps). */
  add(volume: number, bought: number, priceBps: number): void {
    const moved = Number.isNaN(this.lastPriceBps) ? 0 : priceBps - this.lastPriceBps
    this.lastPriceBps = priceBps
    this.inferred = Number.isNaN(bought)
    const share = Math.max(-1, Math.min(1, moved / (decisiveMoves * (1.25 * this.move + moveFloorBps))))
    this.move += moveFactor * (Math.abs(moved) - this.move)
    if (!(volume > 0)) return
    this.pendingVolume += volume
    this.pendingNet += this.inferred ? share * volume : 2 * bought - volume
  }

  /** Closes every bucket that ended by `time` (Unix ms). */
  close(time: number): void {
    const bucket = Math.floor(time / bucketMillis)
    if (Number.isNaN(this.bucket)) this.bucket = bucket - 1
    if (this.bucket >= bucket) return
    if (bucket - this.bucket > week) this.bucket = bucket - week
    while (this.bucket < bucket) {
      this.bucket++
      this.push(this.pendingNet, this.pendingVolume)
      this.lean()
      this.pendingNet = this.pendingVolume = 0
    }
    this.rate()
  }

  /** Rates the last bucket against the week. */
  private rate(): void {
    const known = Math.min(this.count, week)
    if (known < bucketsMin) return
    const at = (this.count - 1) % week
    this.usualVolume = this.sorted[known >> 1]!
    this.surge = this.usualVolume > 0 ? this.volumeSums[at]! / this.usualVolume : Number.NaN
    this.shortScore = this.shortSums.score
    this.longScore = this.longSums.score
  }

  private lean(): void {
    const price = this.lastPriceBps
    if (Number.isNaN(price)) return
    if (Number.isNaN(this.hourMean)) this.hourMean = this.weekMean = price
    this.hourMean += (price - this.hourMean) / shortBuckets
    this.weekMean += (price - this.weekMean) / week
    this.leanBps = this.hourMean - this.weekMean
  }

  private push(net: number, volume: number): void {
    const at = this.count % week
    const full = this.count >= week
    this.net[at] = net
    this.volume[at] = volume
    const leaving = this.volumeSums[at]!
    this.shortSums.push(this.sum(this.net, at, shortBuckets))
    this.longSums.push(this.sum(this.net, at, longBuckets))
    this.volumeSums[at] = this.sum(this.volume, at, longBuckets)
    const length = full ? week : this.count
    this.replace(length, full ? leaving : Number.NaN, this.volumeSums[at]!)
    this.count++
  }

  private sum(ring: Float64Array, at: number, buckets: number): number {
    let total = 0
    for (let back = 0; back < Math.min(buckets, this.count + 1); back++) total += ring[(at - back + week) % week]!
    return total
  }

  /** Takes `leaving` (NaN: nothing) out of the sorted sums, and puts `coming` in. */
  private replace(length: number, leaving: number, coming: number): void {
    const isFull = !Number.isNaN(leaving)
    if (isFull) removeFrom(this.sorted, length, leaving)
    insertInto(this.sorted, isFull ? length - 1 : length, coming)
  }
}
