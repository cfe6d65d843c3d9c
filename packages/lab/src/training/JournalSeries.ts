/**
 * Training series from an engine's own journal: its closed segments, played through the hot path in the order in which they were written.
 *
 * Segments of one run go on with one another, books included. A new run takes up what the detectors of the one before had learned, as the engine
 * itself does when it starts. The newest segments are read, as many as the bounds allow; one that cannot be read is left out.
 */
import { sha256Of } from "@evenkeel/detection/model/ModelFiles"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { TrainedFile } from "@evenkeel/learning/model/ModelFile"
import { JournalReplay } from "@evenkeel/replay/journal/JournalReplay"
import { calmSpans, coverage, day, lengthOf } from "@evenkeel/replay/referee/Onsets"
import { isHardlyPegged } from "@evenkeel/replay/referee/Referee"
import {
  type ClosedSegment,
  closedSegmentsIn,
  decodeJournal,
  type JournalSegment,
  JournalUnreadable,
  readJournalBytes
} from "@evenkeel/store/journal/JournalReader"
import { Effect, Result } from "effect"
import { modelFeatures } from "./Recipe.ts"
import { CollectedBars, type CoinSeries } from "./Samples.ts"

/** What is read of a journal at most, compressed. One segment at a time is in memory. */
const bytesMax = 8 * 2 ** 30
/** A segment that is larger than an engine writes is none. */
const segmentBytesMax = 2 ** 29
/** Bars that are remembered, of all coins together: at most 40 MB, with the room in which they grow, and the largest coin's once more in the end. */
const barsMax = 500_000

/** What a journal has to learn from. */
export interface JournalSeries {
  readonly series: ReadonlyArray<CoinSeries>
  readonly files: ReadonlyArray<TrainedFile>
}

/** The newest segments that the bounds allow, oldest first. */
export const segmentsToRead = (segments: ReadonlyArray<ClosedSegment>, most = bytesMax): ReadonlyArray<ClosedSegment> => {
  const usable = segments.filter(({ bytes }) => bytes <= segmentBytesMax)
  let bytes = 0
  const first = usable.findLastIndex((segment) => (bytes += segment.bytes) > most)
  return usable.slice(first + 1)
}

/** Plays segments one after the other, and collects every coin's bars. */
export class JournalCollector {
  readonly #barsMax: number
  readonly #bars = new Map<string, CollectedBars>()
  #replay: JournalReplay | undefined
  #startedAt = Number.NaN
  #barMillis = Number.NaN
  /** The last bar's close. */
  #last = Number.NEGATIVE_INFINITY
  #segment = { rows: 0, from: Number.NaN, to: Number.NaN }

  constructor(bars = barsMax) {
    this.#barsMax = bars
  }

  /** Plays a segment; the bars that it brought, of all coins. Throws where its bytes cannot be unpacked. */
  play(segment: JournalSegment): { readonly rows: number; readonly from: number; readonly to: number } {
    this.#segment = { rows: 0, from: Number.NaN, to: Number.NaN }
    const replay = this.#replayOf(segment)
    while (replay.step()) replay.local.signals({})
    return this.#segment
  }

  /** After a segment that could not be played to its end the next one begins a run. */
  interrupt(): void {
    this.#startedAt = Number.NaN
  }

  /** All that was collected, and no longer kept here. */
  series(): ReadonlyArray<CoinSeries> {
    this.#end()
    this.#replay = undefined
    this.interrupt()
    return [...this.#bars.keys()].map((coin) => {
      const series = this.#bars.get(coin)!.series("journal", coin, this.#barMillis)
      this.#bars.delete(coin)
      return series
    })
  }

  #replayOf(segment: JournalSegment): JournalReplay {
    const { manifest } = segment
    if (this.#replay !== undefined && manifest.startedAt === this.#startedAt) {
      this.#replay.follow(segment)
      return this.#replay
    }
    this.#end()
    const before = this.#replay
    const replay = new JournalReplay(segment)
    const begins = replay.nextTime() ?? manifest.startedAt
    // A clock may have been set by a little; where the market began anew, or in bars of another length, nothing goes together.
    if (manifest.barMillis !== this.#barMillis || begins < this.#last - day) {
      this.#bars.clear()
      this.#last = Number.NEGATIVE_INFINITY
    } else if (before !== undefined && begins >= this.#last) replay.local.hotPath.restore(before.local.hotPath.snapshot())
    this.#barMillis = manifest.barMillis
    this.#startedAt = manifest.startedAt
    this.#replay = replay
    const priced = new Set(manifest.instruments.flatMap(({ base }) => (coinOf(base) === undefined ? [] : [base])))
    const barsOfCoin = Math.ceil(this.#barsMax / (2 * manifest.coins.length))
    replay.local.hotPath.onJudged = (coin, { deviationBps, time }, features) => {
      const { symbol } = manifest.coins[coin]!
      if (!priced.has(symbol)) return
      const bars = this.#bars.get(symbol) ?? new CollectedBars(modelFeatures)
      this.#bars.set(symbol, bars)
      if (time <= (bars.times.at(-1) ?? Number.NEGATIVE_INFINITY)) return
      if (bars.times.length >= 2 * barsOfCoin) bars.keepLast(barsOfCoin)
      bars.push(time, deviationBps, features)
      this.#last = Math.max(this.#last, time)
      this.#segment = { rows: this.#segment.rows + 1, from: Number.isNaN(this.#segment.from) ? time : this.#segment.from, to: time }
    }
    return replay
  }

  /** The last bar of a run closes. */
  #end(): void {
    this.#replay?.local.hotPath.finish()
    this.#replay?.local.signals({})
  }
}

/** A coin that hardly keeps its peg teaches nothing of breaks. */
const isPegged = ({ breaks, deviationsBps, stepMillis, times }: CoinSeries): boolean => {
  const prices = { covered: times, times, deviationsBps, stepMillis }
  return !isHardlyPegged({ coveredMillis: lengthOf(coverage(prices)), calmMillis: lengthOf(calmSpans(prices, breaks)) })
}

/** `simulated`: of markets that are made up, or of real ones; those of the other kind are passed over, and those that do not say which. */
export const readJournalSeries = Effect.fn("readJournalSeries")(function* (directory: string, simulated: boolean) {
  const collector = new JournalCollector()
  const files: Array<TrainedFile> = []
  const leaveOut = ({ file, problem }: JournalUnreadable) =>
    Effect.andThen(
      Effect.logWarning("a segment of the journal is left out of the training", { file, problem }),
      Effect.sync(() => collector.interrupt())
    )
  const closed = yield* closedSegmentsIn(directory)
  const chosen = segmentsToRead(closed)
  if (chosen.length < closed.length)
    yield* Effect.logWarning("the training reads the journal's newest segments alone", {
      read: chosen.length,
      passedOver: closed.length - chosen.length
    })
  let unknown = 0
  for (const { file, name } of chosen) {
    yield* Effect.gen(function* () {
      const bytes = yield* readJournalBytes(file)
      const segment = yield* decodeJournal(file, bytes)
      if (segment.manifest.simulated === undefined) unknown++
      if (segment.manifest.simulated !== simulated) return
      if (segment.damagedBytes > 0)
        yield* Effect.logWarning("a segment of the journal is damaged; what is whole of it is learned from", {
          file,
          bytes: segment.damagedBytes
        })
      const played = Result.try(() => collector.play(segment))
      if (Result.isFailure(played)) return yield* new JournalUnreadable({ file, problem: String(played.failure) })
      const { rows, ...span } = played.success
      if (rows > 0) files.push({ name: `journal/${name}`, sha256: sha256Of(bytes), rows, span })
    }).pipe(Effect.catchTag("JournalUnreadable", leaveOut))
  }
  if (unknown > 0)
    yield* Effect.logWarning(
      "segments of the journal are left out of the training: earlier versions did not record whether their market was made up",
      { segments: unknown }
    )
  return { series: collector.series().filter(isPegged), files } satisfies JournalSeries
})
