/**
 * Plays price files, merged in time, through the hot path in the caller's thread: the same module that serves live.
 *
 * The order is fixed, so that a replay can be repeated: rows that became known at the same time come in the order of the files.
 */
import type { HotPath, HotPathOptions } from "@evenkeel/detection/hotpath/HotPath"
import { type Coin, coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayloadBytes } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { playSteps, type RecordedMarket } from "../market/RecordedMarket.ts"
import { FileMerge } from "./FileMerge.ts"
import type { PriceFile } from "./PriceFile.ts"

const minute = 60_000

/** The coins and instruments that a set of files is about, priced by `bridges` as well where the files have pairs of them. */
export const hotPathOptionsOf = (files: ReadonlyArray<PriceFile>, bridges: ReadonlyArray<string> = []): HotPathOptions => {
  const instruments = files.map(({ instrument }) => instrument)
  const coins = new Map<string, Coin>()
  for (const { base, quote } of instruments) {
    for (const coin of [coinOf(base), coinOf(quote)]) if (coin !== undefined) coins.set(coin.symbol, coin)
  }
  const steps = files.map(({ stepMillis }) => stepMillis).filter((step) => step > 0)
  return {
    coins: [...coins.values()],
    instruments,
    bridges,
    venues: [...new Set(instruments.map(({ venue }) => venue))].map((id) => ({ id, decoder: undefined })),
    barMillis: steps.length === 0 ? minute : Math.min(...steps),
    scoreGapMillis: Number.POSITIVE_INFINITY
  }
}

export interface FileReplayOptions {
  /** Sees what every coin is judged by, at each bar's close. Its arguments are valid during the call alone. */
  readonly onJudged?: HotPath["onJudged"]
  /** Called when the level of a coin on one venue has changed. */
  readonly onVenueLevel?: HotPath["onVenueLevel"]
  /**
   * Where a model is published; see `ModelPublisher`. It is asked for what is told: at each change of a level, and with `scoreGapMillis` at each bar's
   * close. Without it the detectors alone decide.
   */
  readonly models?: KernelMemory
  /** Assets by which coins are priced as well; none when left out. */
  readonly bridges?: ReadonlyArray<string>
  /** Scores of one coin are at least this far apart; only levels are signalled unless said otherwise. */
  readonly scoreGapMillis?: number
}

export class FileReplay implements RecordedMarket {
  readonly local: LocalHotPath
  readonly options: HotPathOptions
  readonly models: KernelMemory | undefined
  readonly #files: ReadonlyArray<PriceFile>
  readonly #merge: FileMerge
  readonly #venueOf: Int32Array

  constructor(files: ReadonlyArray<PriceFile>, { bridges, models, onJudged, onVenueLevel, scoreGapMillis }: FileReplayOptions = {}) {
    this.options = {
      ...hotPathOptionsOf(files, bridges),
      predictAlways: scoreGapMillis !== undefined,
      ...(scoreGapMillis === undefined ? {} : { scoreGapMillis })
    }
    this.models = models
    this.local = new LocalHotPath(this.options, models)
    this.local.hotPath.onJudged = onJudged
    this.local.hotPath.onVenueLevel = onVenueLevel
    this.#files = files
    this.#merge = new FileMerge(files)
    this.#venueOf = Int32Array.from(files, ({ instrument }) => this.options.venues.findIndex(({ id }) => id === instrument.venue))
  }

  nextTime(): number | undefined {
    const { file } = this.#merge
    return file < 0 ? undefined : this.#files[file]!.times[this.#merge.row]
  }

  step(): boolean {
    const { file } = this.#merge
    if (file < 0) return false
    this.#row(file, this.#merge.row)
    this.#merge.advance()
    return true
  }

  /** Plays at most `rows` rows; returns how many there were. At the end the last bar closes. */
  feed(rows: number, onChange: (change: LevelChange) => void): number {
    return playSteps(this, rows, onChange)
  }

  /** One row as the frame of an event; nothing is allocated. */
  #row(file: number, row: number): void {
    const { buyVolumes, prices, stepMillis, times, volumes } = this.#files[file]!
    const { bytes, float64, int32, uint16 } = this.local.claim(eventPayloadBytes)
    const time = times[row]!
    const price = prices[row]!
    bytes[frameOffsets.source] = FrameSource.event
    bytes[frameOffsets.venue] = this.#venueOf[file]!
    uint16[frameOffsets.connection >> 1] = 0
    int32[frameOffsets.instrument >> 2] = file
    float64[frameOffsets.received >> 3] = time
    // The event's kind, then its numbers; see `eventPayload`.
    const at = frameOffsets.payload >> 3
    float64[at] = stepMillis > 0 ? EventKind.candle : EventKind.oracle
    float64[at + 1] = time
    float64[at + 2] = price
    // A round has no volume: in its place stands what a feed promises, and nothing is promised of a file.
    float64[at + 3] = stepMillis > 0 ? volumes[row]! : Number.NaN
    float64[at + 4] = stepMillis > 0 ? buyVolumes[row]! : Number.NaN
    float64[at + 5] = price
    float64[at + 6] = price
    float64[at + 7] = stepMillis
    float64[at + 8] = Number.NaN
    this.local.process()
  }
}
