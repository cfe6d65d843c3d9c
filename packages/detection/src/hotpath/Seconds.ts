/**
 * Looks at a coin's books and pools between two bars, for the fast lane.
 *
 * Each venue counts once, by the pair that is nearest to the peg. What says that the coin is far below is a verified book that has just moved, or two
 * readings of a pool; what says that it is not is anything fresh, pairs in which the coin is the quote included.
 */
import { goodBook } from "../book/BookHealth.ts"
import { depthMid, fastLane } from "../risk/FastLane.ts"
import { type Market, time, venuesMax } from "./Market.ts"
import { instrumentState } from "./SignalRecord.ts"
import type { InstrumentTrack } from "./Tracks.ts"

/** A book or a price says something of these seconds for so long after its last change, and a pool after its last block. */
const freshMillis = 5000
const poolFreshMillis = 30_000

export class Seconds {
  readonly #market: Market
  /** Scratch: each venue's deviation of one coin, bps, that is nearest to the peg. */
  readonly #nearest = new Float64Array(venuesMax)

  constructor(market: Market) {
    this.#market = market
  }

  /** The number of venues by which the coin has become critical now; 0 while it has not. */
  look(index: number): number {
    const { bySource, coins, times } = this.#market
    const { fast, rateBearing, sources } = coins[index]!
    if (rateBearing) return 0
    this.#nearest.fill(Number.NEGATIVE_INFINITY)
    fast.begin()
    for (const source of sources) {
      const track = bySource[source]!
      if (track.venue < 0) continue
      const deviation = this.#nowBps(track, index)
      if (deviation > this.#nearest[track.venue]!) this.#nearest[track.venue] = deviation
    }
    for (let venue = 0; venue < venuesMax; venue++) if (this.#nearest[venue]! > Number.NEGATIVE_INFINITY) fast.count(this.#nearest[venue]!)
    return fast.judge(times[time.now]!)
  }

  /** The coin's deviation by one instrument now, bps; NaN where it says nothing of these seconds. */
  #nowBps(track: InstrumentTrack, coin: number): number {
    const { times, value } = this.#market
    const { base, book, lastMid, midBefore, quote, row, source } = track
    const now = times[time.now]!
    const other = base === coin ? quote : base
    // Where nothing connects the pair to a currency, or the other coin is disputed, who moved is not known in seconds.
    if (other >= 0 && (value.grounded[other] !== 1 || value.disputed[other] === 1)) return Number.NaN
    const through = other < 0 ? 0 : value.valueBps[other]!
    const deviationAt = (price: number) => Math.expm1(((base === coin ? 1 : -1) * Math.log(price) * 1e4 + through) / 1e4) * 1e4
    const heard = now - value.timeOf(source) <= freshMillis
    if (row[instrumentState.book] === goodBook) {
      const deviation = deviationAt(depthMid(book))
      const isBeyond = base === coin && now - row[instrumentState.received]! <= freshMillis
      return isBeyond || deviation > -fastLane.holdsBps ? deviation : Number.NaN
    }
    const isPool = !Number.isNaN(row[instrumentState.sellDepth]!)
    if (isPool && now - value.timeOf(source) <= poolFreshMillis) return Math.max(deviationAt(lastMid), deviationAt(midBefore))
    const deviation = heard ? deviationAt(lastMid) : Number.NaN
    return deviation > -fastLane.holdsBps ? deviation : Number.NaN
  }
}
