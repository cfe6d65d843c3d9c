/**
 * Drives the hot path from price files, merged in time, in this thread: the same module that serves live.
 *
 * It is deterministic: rows that became known at the same moment come in the order of the files that were named.
 */
import type { HotPath, HotPathOptions } from "@evenkeel/detection/hotpath/HotPath"
import { type Coin, coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import type { PriceFile } from "./PriceFile.ts"

const minute = 60_000

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

  /** `onJudged` sees what every coin is judged by, at each bar's close. */
  constructor(files: ReadonlyArray<PriceFile>, onJudged?: HotPath["onJudged"]) {
    const options = hotPathOptionsOf(files)
    this.#files = files
    this.#next = new Int32Array(files.length)
    this.#local = new LocalHotPath(options)
    this.#local.hotPath.onJudged = onJudged
    this.#venueOf = files.map(({ instrument }) => options.venues.findIndex(({ id }) => id === instrument.venue))
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
    const time = times[row]!
    const price = prices[row]!
    const kind = stepMillis > 0 ? EventKind.candle : EventKind.oracle
    this.#local.feed({
      source: FrameSource.event,
      venue: this.#venueOf[file]!,
      instrument: file,
      received: time,
      payload: eventPayload(kind, [time, price, volumes[row]!, buyVolumes[row]!, price, price, stepMillis])
    })
  }
}
