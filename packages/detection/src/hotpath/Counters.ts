/**
 * What the hot path counts, in memory that others read: a block of numbers for each venue, and one for the engine as a whole.
 *
 * ```text
 * uint32  venue 0: [venueCounters]   venue 1: [venueCounters]   …   engine: [engineCounters]
 * ```
 */
import type { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"

/** The number of a frame's outcome is its counter's: the compiler holds the two together. */
const outcomes = {
  market: 0,
  control: 1,
  unknown: 2,
  malformed: 3,
  refused: 4,
  unlisted: 5
} as const satisfies typeof FrameOutcome

/**
 * Of one venue, after its frames' outcomes: books that crossed, times that ran back, decoders that threw, frames that waited too long, and events whose
 * numbers no market has; then, of the events that are measured, those whose venue time says how long they took, has no meaning, or is ahead of our clock.
 */
export const venueCounters = [
  ...(Object.keys(outcomes) as ReadonlyArray<keyof typeof outcomes>),
  "crossed",
  "clockJumps",
  "decoderCrashes",
  "late",
  "implausible",
  "timed",
  "untimed",
  "ahead"
] as const
export type VenueCounter = (typeof venueCounters)[number]

/** Scores that found the signals ring full. */
export const engineCounters = ["scoresDropped"] as const

export const counterBytes = (venues: number): number => 4 * (venues * venueCounters.length + engineCounters.length)

export class Counters {
  readonly #counts: Uint32Array
  readonly #engine: number

  /** `counts` has room for `counterBytes(venues)`. */
  constructor(counts: Uint32Array, venues: number) {
    this.#counts = counts
    this.#engine = venues * venueCounters.length
  }

  /** Counts one of a venue's; `counter` is the position in `venueCounters`, which is the outcome's number for an outcome. */
  count(venue: number, counter: number): void {
    const at = venue * venueCounters.length + counter
    if (venue >= 0 && at < this.#engine) this.#counts[at] = this.#counts[at]! + 1
  }

  countEngine(counter: number): void {
    const at = this.#engine + counter
    this.#counts[at] = this.#counts[at]! + 1
  }

  ofVenue(venue: number, counter: number): number {
    const at = venue * venueCounters.length + counter
    return at < this.#engine ? this.#counts[at]! : 0
  }

  ofEngine(counter: number): number {
    return this.#counts[this.#engine + counter]!
  }
}
