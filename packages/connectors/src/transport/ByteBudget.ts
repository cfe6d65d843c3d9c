/**
 * What a venue's connections may bring together: so many bytes at once, and so many a second after that. A venue that brings more is cut
 * off, because the frames of all venues wait in one ring and a giant's would keep everybody else's waiting.
 *
 * Real venues bring less than 2 MB a second for all pairs of all coins, and some tens of MB of whole books when connections begin.
 */
export const budgetBytesPerSecond = 8 << 20
export const budgetBytesAtOnce = 64 << 20

export class ByteBudget {
  #left = budgetBytesAtOnce
  /** When `#left` was so much, ms of the monotonic clock. */
  #at = Number.NaN

  /** Takes `bytes` out of the budget at `now`, ms of the monotonic clock; false when there is not as much left. */
  take(bytes: number, now: number): boolean {
    const seconds = Math.max(0, now - this.#at) / 1000
    if (seconds > 0) this.#left = Math.min(budgetBytesAtOnce, this.#left + seconds * budgetBytesPerSecond)
    this.#at = now
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }
}
