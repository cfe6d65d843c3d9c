/**
 * The items that named a coin, each weighed by its age: how many there are, and how good or bad they are together.
 *
 * Nothing is known while no feed has been read: then both are NaN, and not zero, which would say that nobody speaks of the coin.
 */
import { hour, kept } from "../feature/coin/Decay.ts"

/** An item that is this old weighs 1/e. */
const newsSpan = 12 * hour
/** After so long without a reading of any feed, that nobody speaks of the coin is not known. Feeds are read once an hour at least. */
const unreadAfterMillis = 3 * hour

export class NewsCount {
  private weight = 0
  private sum = 0
  /** When both were so much. */
  private at = Number.NaN
  private readAt = Number.NaN

  /** A feed was read. */
  read(now: number): void {
    this.readAt = now
  }

  /** An item of `published`, Unix ms, that scores -1 to 1; one from the future counts as one of now. */
  add(score: number, published: number, now: number): void {
    const keep = Number.isNaN(this.at) ? 0 : kept(Math.max(0, now - this.at), newsSpan)
    const weight = kept(Math.max(0, now - published), newsSpan)
    this.weight = this.weight * keep + weight
    this.sum = this.sum * keep + weight * score
    this.at = now
  }

  countAt(now: number): number {
    return this.isKnown(now) ? this.weight * this.keptAt(now) : Number.NaN
  }

  /** The mean score. What weighs less than one new item counts as one, so that a single old item says little. */
  scoreAt(now: number): number {
    const keep = this.keptAt(now)
    return this.isKnown(now) ? (this.sum * keep) / Math.max(1, this.weight * keep) : Number.NaN
  }

  private isKnown(now: number): boolean {
    return now - this.readAt <= unreadAfterMillis
  }

  private keptAt(now: number): number {
    return Number.isNaN(this.at) ? 0 : kept(Math.max(0, now - this.at), newsSpan)
  }
}
