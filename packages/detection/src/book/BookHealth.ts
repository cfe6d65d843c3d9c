/**
 * Which books can be trusted: a commit makes a book good, a gap, a wrong checksum, crossed or impossible prices or a lost frame make it stale, and a stale one
 * is asked for anew until it is good again. Frames that come late make books stale as well; those are good again with the first commit that
 * comes in time, and asked for only when there is none.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { staleReasonCode } from "@evenkeel/domain/market/MarketRecord"
import { type Counters, venueCounters } from "../hotpath/Counters.ts"
import { type Market, time } from "../hotpath/Market.ts"
import type { Signals } from "../hotpath/Signals.ts"
import { instrumentState } from "../hotpath/SignalRecord.ts"
import type { InstrumentTrack } from "../hotpath/Tracks.ts"

/** In `instrumentState.book`. */
const noBook = 0
export const goodBook = 1
const staleBook = 2
/** A book that stays stale is asked for again after this long. */
const resyncAgainMillis = 10_000

const crossed = venueCounters.indexOf("crossed")
const crossedReason = staleReasonCode("crossed")
const lostReason = staleReasonCode("lost-frame")
const malformedReason = staleReasonCode("malformed")
const lateReason = staleReasonCode("late")
const disconnectedReason = staleReasonCode("disconnected")

export class BookHealth {
  readonly #market: Market
  readonly #signals: Signals
  readonly #counters: Counters

  constructor(market: Market, signals: Signals, counters: Counters) {
    this.#market = market
    this.#signals = signals
    this.#counters = counters
  }

  /** The levels so far are one book; true when it is good. */
  commit(track: InstrumentTrack): boolean {
    const { book, row } = track
    row[instrumentState.commits] = row[instrumentState.commits]! + 1
    row[instrumentState.bidLevels] = book.count(0)
    row[instrumentState.askLevels] = book.count(1)
    if (book.impossible) {
      this.stale(track, malformedReason)
      return false
    }
    if (book.crossed()) {
      this.#counters.count(track.venue, crossed)
      this.stale(track, crossedReason)
      return false
    }
    if (this.#market.late) {
      this.#behind(track)
      return false
    }
    row[instrumentState.book] = goodBook
    row[instrumentState.staleReason] = 0
    track.resyncAsked = Number.NaN
    return true
  }

  /** The book can no longer be trusted, for a `StaleReason`: it is asked for anew. */
  stale(track: InstrumentTrack, reason: number): void {
    track.row[instrumentState.book] = staleBook
    track.row[instrumentState.staleReason] = reason
    track.resyncReason = reason
    this.#ask(track)
    this.#signals.flushPending()
  }

  /** The frame's connection began, ended or lost frames: what its books hold can no longer be trusted. */
  interrupted(venue: number, source: number): void {
    const { connection, instruments } = this.#market
    for (const [index, track] of instruments.entries()) {
      if (track.venue !== venue || track.connection !== connection || track.row[instrumentState.book] === noBook) continue
      if (source === FrameSource.lost) this.stale(track, lostReason)
      else {
        // The connector builds them anew by itself; until then they are stale.
        track.row[instrumentState.book] = staleBook
        track.row[instrumentState.staleReason] = disconnectedReason
      }
      this.#signals.writeInstrument(index)
    }
  }

  /** The frame in hand comes late: what its venue's books hold, or all books where it is time that is late, was true once. */
  late(venue?: number): void {
    for (const [index, track] of this.#market.instruments.entries()) {
      if (track.row[instrumentState.book] !== goodBook || (venue !== undefined && track.venue !== venue)) continue
      this.#behind(track)
      this.#signals.writeInstrument(index)
    }
  }

  #behind(track: InstrumentTrack): void {
    track.row[instrumentState.book] = staleBook
    track.row[instrumentState.staleReason] = lateReason
    track.resyncReason = lateReason
    track.resyncAsked = this.#market.times[time.now]!
  }

  /** Asks again for books that stayed stale. */
  askAgain(): void {
    const now = this.#market.times[time.now]!
    for (const track of this.#market.instruments) if (now - track.resyncAsked >= resyncAgainMillis) this.#ask(track)
  }

  #ask(track: InstrumentTrack): void {
    track.resyncAsked = this.#market.times[time.now]!
    track.resyncPending = true
    this.#signals.pending = true
  }
}
