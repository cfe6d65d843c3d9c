/**
 * Drives the hot path from price files, merged in time, in this thread: the same module that serves live.
 *
 * It is deterministic: rows that became known at the same moment come in the order of the files that were named.
 */
import { HotPath, type HotPathOptions, eventPayloadBytes, counterCount, type SignalWriter } from "@evenkeel/detection/hotpath/HotPath"
import { readLevelChange } from "@evenkeel/detection/hotpath/LevelChanges"
import { signalBytes, signalIntegers, SignalKind, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { coinOf, type Coin } from "@evenkeel/domain/coin/Coin"
import { EventKind, staleReasons } from "@evenkeel/domain/market/MarketRecord"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { frameHeaderBytes, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { allocateStateTable, StateTable } from "@evenkeel/runtime/ring/StateTable"
import type { PriceFile } from "./PriceFile.ts"

const minute = 60_000

/** Signals of one frame; the replayer reads them before the next. */
const signalSlots = 1024

/** A hot path whose signals are read in place: for replays and tests. */
export class LocalHotPath {
  readonly hotPath: HotPath
  readonly state: StateTable
  readonly #options: HotPathOptions
  readonly #signals: SignalWriter
  readonly #venues: ReadonlyArray<string>
  #count = 0

  constructor(options: HotPathOptions) {
    const buffer = new ArrayBuffer(signalSlots * signalBytes)
    this.#options = options
    this.#venues = options.venues.map(({ id }) => id)
    this.#signals = {
      float64: new Float64Array(buffer),
      int32: new Int32Array(buffer),
      bytes: new Uint8Array(buffer),
      claim: () => (this.#count === signalSlots ? -1 : this.#count * signalBytes),
      commit: () => {
        this.#count++
      }
    }
    const rows = options.coins.length + options.instruments.length
    this.state = new StateTable(allocateStateTable(rows, stateFields), stateFields)
    this.hotPath = new HotPath(options, this.state, this.#signals, new Uint32Array(32 * counterCount), () => 0)
  }

  /** Hands over what was signalled since the last call. */
  signals(handlers: LocalHandlers): void {
    if (this.#count === 0) return
    const { float64, int32 } = this.#signals
    const count = this.#count
    this.#count = 0
    for (let at = 0; at < count * signalBytes; at += signalBytes) {
      const integer = (index: number) => int32[(at >> 2) + index]!
      if (integer(signalIntegers.kind) === SignalKind.levelChange) {
        handlers.levelChange?.(readLevelChange(float64, int32, at, this.#options.coins, this.#venues))
      } else if (integer(signalIntegers.kind) === SignalKind.resync) {
        handlers.resync?.(integer(signalIntegers.instrument), staleReasons[integer(signalIntegers.reason)] ?? "none")
      } else if (integer(signalIntegers.kind) === SignalKind.refusal) handlers.refusal?.(integer(signalIntegers.reason))
    }
  }
}

export interface LocalHandlers {
  readonly levelChange?: (change: LevelChange) => void
  readonly resync?: (instrument: number, reason: string) => void
  readonly refusal?: (outcome: number) => void
}

/** The coins and instruments that a set of files is about. */
export const hotPathOptionsOf = (files: ReadonlyArray<PriceFile>): HotPathOptions => {
  const instruments = files.map(({ instrument }) => instrument)
  const coins = new Map<string, Coin>()
  for (const { base, quote } of instruments) {
    for (const coin of [coinOf(base), coinOf(quote)]) if (coin !== undefined) coins.set(coin.symbol, coin)
  }
  const steps = files.map(({ stepMillis }) => stepMillis).filter((step) => step > 0)
  return {
    coins: [...coins.values()],
    instruments,
    venues: [...new Set(instruments.map(({ venue }) => venue))].map((id) => ({ id, decoder: undefined })),
    barMillis: steps.length === 0 ? minute : Math.min(...steps),
    scoreGapMillis: Number.POSITIVE_INFINITY
  }
}

export class FileReplay {
  readonly #files: ReadonlyArray<PriceFile>
  readonly #next: Int32Array
  readonly #local: LocalHotPath
  readonly #venueOf: ReadonlyArray<number>
  readonly #buffer = new ArrayBuffer(frameHeaderBytes + eventPayloadBytes)
  readonly #view = {
    bytes: new Uint8Array(this.#buffer),
    int32: new Int32Array(this.#buffer),
    float64: new Float64Array(this.#buffer),
    uint16: new Uint16Array(this.#buffer)
  }

  constructor(files: ReadonlyArray<PriceFile>) {
    const options = hotPathOptionsOf(files)
    this.#files = files
    this.#next = new Int32Array(files.length)
    this.#local = new LocalHotPath(options)
    this.#venueOf = files.map(({ instrument }) => options.venues.findIndex(({ id }) => id === instrument.venue))
    this.#view.bytes[frameOffsets.source] = FrameSource.event
    this.#view.int32[frameOffsets.payloadBytes >> 2] = eventPayloadBytes
  }

  /** When the next row becomes known, or undefined at the end. */
  nextTime(): number | undefined {
    const file = this.#earliest()
    return file < 0 ? undefined : this.#files[file]!.times[this.#next[file]!]
  }

  /** Feeds at most `rows` rows; returns how many there were. At the end the last bar closes. */
  feed(rows: number, onChange: (change: LevelChange) => void): number {
    let fed = 0
    for (; fed < rows; fed++) {
      const file = this.#earliest()
      if (file < 0) {
        this.#local.hotPath.finish()
        this.#local.signals({ levelChange: onChange })
        break
      }
      this.#row(file, this.#next[file]!++)
      this.#local.signals({ levelChange: onChange })
    }
    return fed
  }

  #earliest(): number {
    let earliest = -1
    let time = Number.POSITIVE_INFINITY
    for (let file = 0; file < this.#files.length; file++) {
      const { rows, times } = this.#files[file]!
      const next = this.#next[file]!
      if (next < rows && times[next]! < time) {
        earliest = file
        time = times[next]!
      }
    }
    return earliest
  }

  #row(file: number, row: number): void {
    const { buyVolumes, prices, stepMillis, times, volumes } = this.#files[file]!
    const { bytes, float64, int32 } = this.#view
    bytes[frameOffsets.venue] = this.#venueOf[file]!
    int32[frameOffsets.instrument >> 2] = file
    float64[frameOffsets.received >> 3] = times[row]!
    const payload = frameHeaderBytes >> 3
    float64[payload] = stepMillis > 0 ? EventKind.candle : EventKind.oracle
    float64[payload + 1] = times[row]!
    float64[payload + 2] = prices[row]!
    float64[payload + 3] = volumes[row]!
    float64[payload + 4] = buyVolumes[row]!
    float64[payload + 5] = prices[row]!
    float64[payload + 6] = prices[row]!
    float64[payload + 7] = stepMillis
    this.#local.hotPath.process(this.#view, 0)
  }
}
