/**
 * From a venue's bytes to a coin's risk level: decode, verify, book, fair value, features, detectors, level.
 *
 * One pure module that the worker, the replayer, the backtester and the tests all call, so that what was tested is what runs.
 * Time comes with the frames. Nothing here waits, reads a clock or, once instruments are known, allocates per frame.
 *
 * Prices move the fair value with each tick. Levels are decided where bars close (on a grid of the frames' own time), because a
 * break is a statement about bars in a row; see `RiskMachine`.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import { type FrameDecoderFactory, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { LevelReader } from "@evenkeel/domain/market/MarketRecord"
import { decodeLevels, type StandingLevel } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import type { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Option } from "effect"
import { BookHealth } from "../book/BookHealth.ts"
import { loadCheckpoint, saveCheckpoint } from "./Checkpoint.ts"
import { Counters, venueCounters } from "./Counters.ts"
import { type FrameView, Intake } from "./Intake.ts"
import { Judge } from "./Judge.ts"
import { Market, time } from "./Market.ts"
import { Observations } from "./Observations.ts"
import { type SignalWriter, Signals } from "./Signals.ts"
import { allocateStages, type StageMemory, Stages } from "./Stages.ts"

export interface HotPathOptions {
  readonly coins: ReadonlyArray<Coin>
  /** Instruments by number; those whose coins are unknown are decoded and kept in books, and say nothing of any coin. */
  readonly instruments: ReadonlyArray<Instrument>
  /** Places kept free behind them for pairs that are listed while running. */
  readonly spareInstruments?: number
  /** Venues by wire number, with their decoders; undefined where only events come. */
  readonly venues: ReadonlyArray<{ readonly id: string; readonly decoder: FrameDecoderFactory | undefined }>
  /** Assets whose prices in coins and in currencies say what coins are worth: see `Crossings`. None unless said otherwise. */
  readonly bridges?: ReadonlyArray<string>
  /** Length of the bars on which levels are decided. */
  readonly barMillis: number
  /** Two scores of one coin are at least this far apart; 0 scores every tick. */
  readonly scoreGapMillis: number
  /** A coin without a price for so long is `stale`; a minute unless said otherwise. Only clock frames let it happen. */
  readonly staleAfterMillis?: number
  /** False: the model is asked for changes of level alone. True unless said otherwise. */
  readonly predictAlways?: boolean
}

const staleAfterMillisUsual = 60_000
/** A fair value is solved anew when this much time has passed, though nothing moved. */
const solveGapMillis = 100
/**
 * A frame that waited longer for its turn is late: the engine cannot keep up. What it says is taken up, as everything that follows
 * stands on it, but no book is called good by it.
 */
const lateAfterNanos = 5e9
const late = venueCounters.indexOf("late")
const clockJumps = venueCounters.indexOf("clockJumps")

export class HotPath {
  readonly #options: HotPathOptions
  readonly #market: Market
  readonly #counters: Counters
  readonly #signals: Signals
  readonly #books: BookHealth
  readonly #judge: Judge
  readonly #intake: Intake
  readonly #stages: Stages
  readonly #now: () => number

  /**
   * `now` reads the process's Nanoclock for latency alone (a constant in replays); `counters` holds `counterBytes` of the venues;
   * `state` one row a coin, then one an instrument; `models` the model that serves (see `ModelMemory`), none without it; `stages` where its parts are measured.
   */
  constructor(
    options: HotPathOptions,
    state: StateTable,
    signals: SignalWriter,
    counters: Uint32Array,
    now: () => number,
    models?: KernelMemory,
    stages: StageMemory = allocateStages()
  ) {
    this.#options = options
    this.#now = now
    this.#stages = new Stages(stages, now)
    this.#market = new Market(options)
    this.#counters = new Counters(counters, options.venues.length)
    this.#signals = new Signals(this.#market, signals, state, this.#counters, now)
    this.#books = new BookHealth(this.#market, this.#signals, this.#counters)
    this.#judge = new Judge(this.#market, this.#signals, this.#stages, {
      barMillis: options.barMillis,
      staleAfterMillis: options.staleAfterMillis ?? staleAfterMillisUsual,
      predictAlways: options.predictAlways ?? true,
      models
    })
    const observations = new Observations(this.#market, this.#counters)
    this.#intake = new Intake(this.#market, options.venues, observations, this.#books, this.#signals, this.#counters, this.#stages)
  }

  /** Called when the level of those who trade a coin on one instrument has changed: for evaluation. */
  set onVenueLevel(listener: Judge["onVenueLevel"]) {
    this.#judge.onVenueLevel = listener
  }

  /** Called at each bar's close with what every fresh coin was judged by: for evaluation and training. Valid during the call alone. */
  set onJudged(listener: Judge["onJudged"]) {
    this.#judge.onJudged = listener
  }

  book(instrument: number): LevelReader {
    return this.#intake.book(instrument)
  }

  /** Handles the frame at `offset` of `view`. */
  process(view: FrameView, offset: number): void {
    const market = this.#market
    const { times } = market
    const venue = view.bytes[offset + frameOffsets.venue]!
    times[time.started] = this.#now()
    times[time.published] = view.float64[(offset + frameOffsets.published) >> 3]!
    if (view.bytes[offset + frameOffsets.source] === FrameSource.levels) return this.#resume(view, offset)
    this.#stages.begin(times[time.published]!, times[time.started]!)
    this.#signals.follow(view.bytes, view.bytes[offset + frameOffsets.sampled] === 1 ? offset + frameOffsets.trace : -1)
    market.touched = -1
    market.late = times[time.started]! - times[time.published]! > lateAfterNanos
    market.connection = view.uint16[(offset + frameOffsets.connection) >> 1]!
    this.#advance(view.float64[(offset + frameOffsets.received) >> 3]!, venue)
    if (view.bytes[offset + frameOffsets.source] === FrameSource.clock) {
      if (market.late) this.#books.late()
      else {
        this.#books.askAgain()
        this.#judge.checkSeconds()
      }
      this.#judge.checkFreshness()
    } else {
      if (market.late) {
        this.#counters.count(venue, late)
        this.#books.late(venue)
      }
      const start = offset + frameOffsets.payload
      this.#intake.take(view, offset, start, start + view.int32[(offset + frameOffsets.payloadBytes) >> 2]!)
    }
    if (market.touched >= 0) this.#score(market.touched)
    this.#signals.traced(venue)
    if (this.#signals.pending) this.#signals.flushPending()
    if (this.#stages.running) this.#stages.end()
  }

  /** When the frame that was handled last was taken up, ns of the Nanoclock. */
  get startedAt(): number {
    return this.#market.times[time.started]!
  }

  /** Closes every bar up to and including the last one: the end of a replay. */
  finish(): void {
    const nextClose = this.#market.times[time.nextClose]!
    if (!Number.isNaN(nextClose)) this.#judge.closeBar(nextClose)
    if (this.#signals.pending) this.#signals.flushPending()
    this.#stages.end()
  }

  /** What the detectors have learned, for a hot path that goes on from here. */
  snapshot(): Uint8Array<ArrayBuffer> {
    return saveCheckpoint(this.#market, this.#options)
  }

  /** Takes up what another hot path had learned, of the coins and instruments that both know; the problem where it cannot be used. */
  restore(checkpoint: Uint8Array): string | undefined {
    return loadCheckpoint(this.#market, this.#options, checkpoint)
  }

  /** Reports no change of a level until the levels of the log have come, or market time is `until` (Unix ms): for what is played again after a start. */
  keepQuiet(until: number): void {
    this.#market.quietUntil = until
  }

  /** Puts coins at the levels that the log has, where theirs differ. No change is reported: it was, when it happened. */
  resume(levels: ReadonlyArray<StandingLevel>): void {
    this.#market.resume(levels)
    // A run begins here, whatever was replayed before: venues are given as long as ever to bring a first price.
    this.#market.times[time.firstTick] = Number.NaN
  }

  #resume(view: FrameView, offset: number): void {
    const start = offset + frameOffsets.payload
    const levels = decodeLevels(view.bytes.subarray(start, start + view.int32[(offset + frameOffsets.payloadBytes) >> 2]!))
    if (Option.isSome(levels)) this.resume(levels.value)
  }

  /** Lets bars close that ended before `received`; time never runs backwards. */
  #advance(received: number, venue: number): void {
    const { times } = this.#market
    const bar = this.#options.barMillis
    if (!(received >= times[time.now]!)) {
      if (Number.isNaN(received) || received < times[time.now]! - bar) this.#counters.count(venue, clockJumps)
      return
    }
    times[time.now] = received
    if (Number.isNaN(times[time.nextClose]!)) times[time.nextClose] = Math.ceil(received / bar) * bar
    while (received > times[time.nextClose]!) {
      const fresh = this.#judge.closeBar(times[time.nextClose]!)
      // Where nothing happened, the bars in between say nothing either.
      times[time.nextClose] = fresh ? times[time.nextClose]! + bar : Math.ceil(received / bar) * bar
    }
  }

  /** Scores the coin that the frame touched, at most once a gap. */
  #score(coin: number): void {
    const { coins, moved, times } = this.#market
    const now = times[time.now]!
    const track = coins[coin]!
    const gap = this.#options.scoreGapMillis
    if (gap > 0 && now - track.lastScore < gap) return
    track.lastScore = now
    if (moved || now - times[time.lastSolve]! > solveGapMillis) this.#judge.solve(now)
    this.#signals.scored(coin)
  }
}
