/**
 * What the hot path says to the rest of the engine: records in the signals ring, and the latest state of each coin in the state table.
 *
 * Level changes, requests for new books and listed pairs are never dropped: what finds no room waits and is written later. Scores,
 * refusals and traces are dropped when there is no room; scores are counted.
 */
import type { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { isRun } from "../risk/RiskMachine.ts"
import { type Counters, engineCounters } from "./Counters.ts"
import { type Market, time } from "./Market.ts"
import {
  horizonCount,
  instrumentState,
  sampleBytesMax,
  signalFields,
  signalIntegers,
  SignalKind,
  signalOffsets,
  stateFields
} from "./SignalRecord.ts"
import type { CoinTrack } from "./Tracks.ts"
import { agreeingVenues, carrierOf, deviationOf, fillCoinRow, levelOf, ownValues, shareOf } from "./Views.ts"

/** Where signals go: a slot to fill, and its publication. */
export interface SignalWriter {
  readonly float64: Float64Array
  readonly int32: Int32Array
  readonly bytes: Uint8Array
  /** Byte offset of a record, or -1 when there is no room. */
  readonly claim: () => number
  readonly commit: () => void
}

const scoresDropped = engineCounters.indexOf("scoresDropped")

export class Signals {
  readonly #market: Market
  readonly #writer: SignalWriter
  readonly #state: StateTable
  readonly #counters: Counters
  readonly #now: () => number
  readonly #row = new Float64Array(stateFields)
  /** The trace of the frame in hand; -1 when it is not sampled. */
  #traceAt = -1
  #traceBytes: Uint8Array | undefined
  /** Something waits that found no room. */
  pending = false
  /** Listed pairs that wait, by instrument: at most one a free place. */
  readonly #listings = new Map<number, readonly [base: number, quote: number]>()

  constructor(market: Market, writer: SignalWriter, state: StateTable, counters: Counters, now: () => number) {
    this.#market = market
    this.#writer = writer
    this.#state = state
    this.#counters = counters
    this.#now = now
  }

  /** Records until the next call carry the trace at `at` of `bytes`; -1 for none. */
  follow(bytes: Uint8Array, at: number): void {
    this.#traceBytes = bytes
    this.#traceAt = at
  }

  /** A coin's level is another than `previous` from now on. */
  levelChanged(coin: CoinTrack, previous: number): void {
    if (this.#market.times[time.now]! < this.#market.quietUntil) return
    // A change that still waits is overtaken by this one: together they lead from its previous level to this one's.
    if (coin.previousPending < 0) coin.previousPending = previous
    this.pending = true
    this.flushPending()
  }

  /** A free place has a pair from now on, of coins with these numbers; -1 for one that is not watched. */
  listed(instrument: number, base: number, quote: number): void {
    this.#listings.set(instrument, [base, quote])
    this.pending = true
    this.flushPending()
  }

  /** Writes what may not be dropped and found no room before. */
  flushPending(): void {
    this.pending = false
    const { coins, instruments } = this.#market
    for (const [instrument, [base, quote]] of this.#listings) {
      if (!this.#listing(instrument, base, quote)) return
      this.#listings.delete(instrument)
    }
    for (let index = 0; index < coins.length; index++) {
      if (coins[index]!.previousPending >= 0 && !this.#levelChange(index)) return
    }
    for (let instrument = 0; instrument < instruments.length; instrument++) {
      if (instruments[instrument]!.resyncPending && !this.#resync(instrument)) return
    }
  }

  #levelChange(index: number): boolean {
    const coin = this.#market.coins[index]!
    const at = this.#claim(SignalKind.levelChange)
    if (at < 0) return false
    const { float64, int32 } = this.#writer
    this.#describe(at, index)
    const run = isRun(coin.evidence)
    int32[(at >> 2) + signalIntegers.previous] = coin.previousPending
    int32[(at >> 2) + signalIntegers.reason] = carrierOf(this.#market, index) + 1
    int32[(at >> 2) + signalIntegers.fast] = coin.fastVenues
    float64[(at >> 3) + signalFields.time] = coin.since
    float64[(at >> 3) + signalFields.flow] = run ? coin.evidence.flowLong : Number.NaN
    float64[(at >> 3) + signalFields.surge] = run ? coin.evidence.flowSurge : Number.NaN
    coin.previousPending = -1
    this.#writer.commit()
    return true
  }

  #listing(instrument: number, base: number, quote: number): boolean {
    const at = this.#claim(SignalKind.listed)
    if (at < 0) return false
    const { int32 } = this.#writer
    int32[(at >> 2) + signalIntegers.instrument] = instrument
    int32[(at >> 2) + signalIntegers.base] = base
    int32[(at >> 2) + signalIntegers.quote] = quote
    this.#writer.commit()
    return true
  }

  #resync(instrument: number): boolean {
    const track = this.#market.instruments[instrument]!
    const at = this.#claim(SignalKind.resync)
    if (at < 0) return false
    const { int32 } = this.#writer
    int32[(at >> 2) + signalIntegers.instrument] = instrument
    int32[(at >> 2) + signalIntegers.reason] = track.resyncReason
    track.resyncPending = false
    this.#writer.commit()
    return true
  }

  /** Brings a coin's row of the state table up to date, and says so. */
  scored(index: number): void {
    this.writeCoin(index)
    const at = this.#writer.claim()
    if (at < 0) {
      this.#counters.countEngine(scoresDropped)
      return
    }
    const { int32 } = this.#writer
    int32[at >> 2] = SignalKind.score
    int32[(at >> 2) + signalIntegers.coin] = index
    this.#writer.commit()
  }

  /** A frame that could not be used, `bytes[start, end)`. */
  refused(venue: number, outcome: number, bytes: Uint8Array, start: number, end: number): void {
    const at = this.#writer.claim()
    if (at < 0) return
    this.#begin(at, SignalKind.refusal)
    const { int32 } = this.#writer
    const length = Math.min(sampleBytesMax, end - start)
    int32[(at >> 2) + signalIntegers.instrument] = venue
    int32[(at >> 2) + signalIntegers.reason] = outcome
    int32[(at + signalOffsets.sampleLength) >> 2] = length
    for (let i = 0; i < length; i++) this.#writer.bytes[at + signalOffsets.sample + i] = bytes[start + i]!
    this.#writer.commit()
  }

  /** The frame in hand was handled, if it is sampled. */
  traced(venue: number): void {
    if (this.#traceAt < 0) return
    const at = this.#writer.claim()
    if (at < 0) return
    this.#begin(at, SignalKind.trace)
    this.#writer.int32[(at >> 2) + signalIntegers.instrument] = venue
    this.#writer.commit()
  }

  /** Brings an instrument's row of the state table up to date. */
  writeInstrument(instrument: number): void {
    const { coins, instruments, value } = this.#market
    const { risk, row, source } = instruments[instrument]!
    row[instrumentState.residualBps] = source < 0 ? Number.NaN : value.residualBps[source]!
    row[instrumentState.ownDeviationBps] = risk.deviationBps
    row[instrumentState.ownLevel] = risk.level
    this.#state.write(coins.length + instrument, row)
  }

  /** Brings a coin's row of the state table up to date. */
  writeCoin(index: number): void {
    fillCoinRow(this.#market, index, this.#row)
    this.#state.write(index, this.#row)
  }

  /** A record of a kind that waits for room: -1, and `pending`, when there is none. */
  #claim(kind: SignalKind): number {
    const at = this.#writer.claim()
    if (at < 0) this.pending = true
    else this.#begin(at, kind)
    return at
  }

  #begin(at: number, kind: SignalKind): void {
    const { bytes, float64, int32 } = this.#writer
    const { times } = this.#market
    const field = at >> 3
    int32[at >> 2] = kind
    bytes[at + signalOffsets.sampled] = this.#traceAt >= 0 ? 1 : 0
    if (this.#traceAt >= 0) for (let i = 0; i < 24; i++) bytes[at + signalOffsets.trace + i] = this.#traceBytes![this.#traceAt + i]!
    float64[field + signalFields.time] = times[time.now]!
    float64[field + signalFields.published] = times[time.published]!
    float64[field + signalFields.started] = times[time.started]!
    float64[field + signalFields.scored] = this.#now()
  }

  #describe(at: number, index: number): void {
    const { float64, int32 } = this.#writer
    const market = this.#market
    const coin = market.coins[index]!
    const field = at >> 3
    int32[(at >> 2) + signalIntegers.coin] = index
    int32[(at >> 2) + signalIntegers.level] = levelOf(coin)
    int32[(at >> 2) + signalIntegers.change] = coin.change
    float64[field + signalFields.fairValue] = Math.exp(market.value.readingBps[index]! / 1e4)
    float64[field + signalFields.errorBps] = market.value.errorBps[index]!
    float64[field + signalFields.deviationBps] = deviationOf(market, index)
    float64[field + signalFields.baselineBps] = coin.baseline.medianBps
    float64[field + signalFields.score] = coin.evidence.score
    float64[field + signalFields.cusum] = coin.evidence.cusum
    float64[field + signalFields.changepoint] = coin.evidence.changepoint
    float64[field + signalFields.stressBars] = coin.evidence.stressBars
    float64[field + signalFields.breakBars] = coin.evidence.breakBars
    float64[field + signalFields.agree] = agreeingVenues(market, index, true)
    float64[field + signalFields.differ] = agreeingVenues(market, index, false)
    float64[field + signalFields.grounded] = market.value.grounded[index]!
    float64[field + signalFields.modelVersion] = coin.modelVersion
    for (let horizon = 0; horizon < horizonCount; horizon++) {
      float64[field + signalFields.probabilities + horizon] = coin.probabilities[horizon * 3]!
    }
    float64[field + signalFields.share] = shareOf(market, index)
    const own = ownValues(market, index)
    int32[(at + signalOffsets.venueCount) >> 2] = own.length
    for (const [place, { deviationBps, differs, level, venue }] of own.entries()) {
      float64[((at + signalOffsets.venueDeviations) >> 3) + place] = deviationBps
      int32[((at + signalOffsets.venues) >> 2) + place] = venue | (level << 8) | (differs ? 1 << 16 : 0)
    }
  }
}
