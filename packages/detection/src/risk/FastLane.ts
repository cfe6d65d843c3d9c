/**
 * The lane for seconds: a coin can lose nine hundredths within one minute's bar, and bars say so when they close.
 *
 * It looks at books that are verified and at pools, never at prints: each venue's mid between the average prices that a sum of money finds on both
 * sides, so that neither a thin print nor a thin best level moves it. Critical at once is a coin
 *
 * - beyond 100 bps below its peg on two venues or more for three seconds, and on more venues than hold; or
 * - beyond 300 bps on one venue for ten seconds, where no other says otherwise.
 *
 * A premium is never critical. The bars let the level go, as they let go what they raised.
 */
import { type OrderBook } from "../book/OrderBook.ts"

export const fastLane = {
  beyondBps: 100,
  forMillis: 3000,
  aloneBps: 300,
  aloneForMillis: 10_000,
  /** A venue within this distance of the peg says otherwise. */
  holdsBps: 50,
  venuesMin: 2
} as const

/** Between two looks there is no more than this, or the seconds are counted anew. */
const pauseMillisMax = 2000

/** What the average price is taken for, in units of the quote coin; a book with less on either side says nothing. */
const notional = 2000

/** The middle between the average prices of both sides; NaN where a side is too thin. */
export const depthMid = (book: Pick<OrderBook, "count" | "price" | "quantity">): number =>
  0.5 * (averagePrice(book, 0) + averagePrice(book, 1))

const averagePrice = (book: Pick<OrderBook, "count" | "price" | "quantity">, side: 0 | 1): number => {
  let left: number = notional
  let bought = 0
  for (let depth = 0; depth < book.count(side); depth++) {
    const price = book.price(side, depth)
    const spent = Math.min(left, price * book.quantity(side, depth))
    bought += spent / price
    left -= spent
    if (left <= 0) return notional / bought
  }
  return Number.NaN
}

export class FastLane {
  /** Venues far below the peg, and those that hold, as they were counted last. */
  private beyond = 0
  private far = 0
  private holds = 0
  /** Since when the coin has been beyond on enough venues, and far on one that nobody contradicts; NaN while it is not. */
  private since = Number.NaN
  private aloneSince = Number.NaN
  private judgedAt = Number.NaN
  /** It has been said, and is not said again before the coin has been away from it. */
  private said = false

  begin(): void {
    this.beyond = this.far = this.holds = 0
  }

  /** One venue's own deviation of the coin, bps; of several pairs of one venue the nearest to the peg. */
  count(deviationBps: number): void {
    if (deviationBps < -fastLane.beyondBps) this.beyond++
    if (deviationBps < -fastLane.aloneBps) this.far++
    if (deviationBps > -fastLane.holdsBps) this.holds++
  }

  /** Judges what was counted at `now` (Unix ms): the number of venues that made the coin critical now, 0 while none did. */
  judge(now: number): number {
    // Nobody looked meanwhile: what stood before and stands again may have been otherwise in between.
    if (!(now - this.judgedAt <= pauseMillisMax)) this.since = this.aloneSince = Number.NaN
    this.judgedAt = now
    const together = this.beyond >= fastLane.venuesMin && this.beyond > this.holds
    const alone = this.far > 0 && this.holds === 0
    if (!together) this.since = Number.NaN
    else if (Number.isNaN(this.since)) this.since = now
    if (!alone) this.aloneSince = Number.NaN
    else if (Number.isNaN(this.aloneSince)) this.aloneSince = now
    const critical = now - this.since >= fastLane.forMillis || now - this.aloneSince >= fastLane.aloneForMillis
    const fresh = critical && !this.said
    this.said = critical
    return fresh ? this.beyond : 0
  }
}
