/** Plays a capture of whole connections through the hot path: frames as they were received, REST snapshots at the time of their answer. */
import type { CaptureRecord } from "@evenkeel/connectors/capture/Capture"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { type Exchange, messageIn } from "@evenkeel/connectors/exchange/Exchange"
import { exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { type Coin, coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { type VenueId, sourceIds } from "@evenkeel/domain/market/Venue"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { CaptureDecoding } from "./CaptureDecoding.ts"
import { LocalHotPath } from "@evenkeel/detection/host/LocalHotPath"
import type { HotPathOptions } from "@evenkeel/detection/hotpath/HotPath"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { playSteps, type RecordedMarket } from "../market/RecordedMarket.ts"

const minute = 60_000

/** `USDC/USD`, `tUSDC:USD`, `usdcusdt`: a pair of known coins or currencies. */
const pairOf = (name: string): readonly [base: string, quote: string] | undefined => {
  const symbol = name.replace(/^t(?=[A-Z])/, "").toUpperCase()
  const [base, quote] = symbol.split(/[-/_:]/)
  if (base !== undefined && quote !== undefined) return [base, quote]
  for (let cut = 2; cut < symbol.length - 1; cut++) {
    const [left, right] = [symbol.slice(0, cut), symbol.slice(cut)]
    if (coinOf(right) !== undefined || right === "USD" || right === "EUR") return [left, right]
  }
  return undefined
}

export class CaptureReplay implements RecordedMarket {
  readonly local: LocalHotPath
  readonly options: HotPathOptions
  readonly models: KernelMemory | undefined
  readonly #records: ReadonlyArray<CaptureRecord>
  readonly #instruments: ReadonlyArray<Instrument>
  readonly #exchange: Exchange
  readonly #connections = new Map<string, number>()
  #next = 0

  /** `models` holds the model that predicts at each bar's close, see `ModelPublisher`. */
  constructor(venue: VenueId, records: ReadonlyArray<CaptureRecord>, models?: KernelMemory) {
    const scout = new CaptureDecoding(venue)
    for (const record of records) scout.feed(record)
    this.#instruments = scout.symbols().flatMap((symbol) => {
      const pair = pairOf(symbol)
      return pair === undefined ? [] : [{ venue, symbol, base: pair[0], quote: pair[1] }]
    })
    const coins = new Map<string, Coin>()
    for (const { base, quote } of this.#instruments) {
      for (const coin of [coinOf(base), coinOf(quote)]) if (coin !== undefined) coins.set(coin.symbol, coin)
    }
    this.#records = records.filter(({ kind }) => kind === "recv" || kind === "http")
    this.#exchange = exchanges[venue]
    this.options = {
      coins: [...coins.values()],
      instruments: this.#instruments,
      venues: decodedSources,
      barMillis: minute,
      scoreGapMillis: Number.POSITIVE_INFINITY
    }
    this.models = models
    this.local = new LocalHotPath(this.options, models)
  }

  nextTime(): number | undefined {
    return this.#records[this.#next]?.time
  }

  step(): boolean {
    const record = this.#records[this.#next]
    if (record === undefined) return false
    this.#next++
    this.#frame(record)
    return true
  }

  /** Plays at most `records` frames and snapshots; returns how many there were. At the end the last bar closes. */
  feed(records: number, onChange: (change: LevelChange) => void): number {
    return playSteps(this, records, onChange)
  }

  #frame(record: CaptureRecord): void {
    const symbol = record.kind === "http" ? this.#exchange.book.symbolOf(new URL(record.url)) : undefined
    const instrument = symbol === undefined ? -1 : this.#instruments.findIndex((candidate) => candidate.symbol === symbol)
    if (record.kind === "http" && instrument < 0) return
    // A capture does not say to which connection a snapshot belongs: it goes to the decoder of the first one.
    const connection = record.kind === "http" ? 0 : this.#connectionOf(record.connection)
    this.local.feed({
      source: record.kind === "http" ? FrameSource.snapshot : FrameSource.socket,
      venue: sourceIds.findIndex((id) => id === this.#exchange.id),
      connection,
      instrument,
      received: record.time,
      payload: record.kind === "http" ? record.bytes : messageIn(this.#exchange, record.bytes)
    })
  }

  #connectionOf(id: string): number {
    const known = this.#connections.get(id)
    if (known !== undefined) return known
    this.#connections.set(id, this.#connections.size)
    return this.#connections.size - 1
  }
}
