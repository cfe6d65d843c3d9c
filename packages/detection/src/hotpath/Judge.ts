/**
 * Decides levels where bars close: solves the fair value, gathers each coin's evidence, brings its features up to date, asks the model, and lets
 * the coin's risk machine decide. Between bars it decides two things: a coin without a fresh price is `stale`, and one that falls within seconds is
 * `critical` (see `FastLane`).
 */
import { changeKinds, riskLevels, severity } from "@evenkeel/domain/risk/RiskLevel"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { barsToConfirm } from "../detector/Confirmation.ts"
import { ModelReader } from "../model/ModelMemory.ts"
import { isRun, type RiskEvidence, riskThresholds, warningLevelBps } from "../risk/RiskMachine.ts"
import { CoinBars } from "./CoinBars.ts"
import { Crossings } from "./Crossings.ts"
import { type Market, time } from "./Market.ts"
import { oracleRoundMillis } from "./Observations.ts"
import { Seconds } from "./Seconds.ts"
import type { Signals } from "./Signals.ts"
import { stage, type Stages } from "./Stages.ts"
import { instrumentState } from "./SignalRecord.ts"
import type { CoinTrack, InstrumentTrack } from "./Tracks.ts"
import { deviationOf, observedAt, offPegOf, ownDeviationOf, shareOf } from "./Views.ts"

const minute = 60_000
const warning = severity("warning")
const critical = severity("critical")
/** Below this share of belief another reading is likelier. */
const even = 0.5
/** A venue this far from the fair value, and by so many of its errors, for so many bars, is dislocated while two other sources hold. */
const localBps = 30
const localSignificance = 4
const localBars = 3
const holdersMin = 2
const holderMillis = 15 * minute
/** A source whose usual volume is below this share of the coin's largest does not speak for the coin's flow. */
const flowShareMin = 0.1

const stale = riskLevels.indexOf("stale")
const kind = Object.fromEntries(changeKinds.map((name, number) => [name, number])) as Readonly<Record<(typeof changeKinds)[number], number>>

export interface JudgeOptions {
  readonly barMillis: number
  readonly staleAfterMillis: number
  /** Where the model that serves is published; none serves without. */
  readonly models: KernelMemory | undefined
  /** Whether the model is asked at each bar's close, or only for a change of level: replays that write nothing else need no more. */
  readonly predictAlways: boolean
}

export class Judge {
  readonly #market: Market
  readonly #signals: Signals
  readonly #stages: Stages
  readonly #options: JudgeOptions
  readonly #bars: CoinBars
  readonly #seconds: Seconds
  readonly #crossings: Crossings
  readonly #model: ModelReader | undefined
  /** Called with what every fresh coin was judged by, at each bar's close; valid during the call alone. */
  onJudged: ((coin: number, evidence: RiskEvidence, features: Float64Array) => void) | undefined
  /** Called when the level of those who trade a coin on one instrument has changed: see `VenueRisk`. */
  onVenueLevel: ((track: InstrumentTrack, time: number) => void) | undefined

  constructor(market: Market, signals: Signals, stages: Stages, options: JudgeOptions) {
    this.#market = market
    this.#signals = signals
    this.#stages = stages
    this.#options = options
    this.#seconds = new Seconds(market)
    this.#crossings = new Crossings(market)
    this.#bars = new CoinBars(market.coins, market.bySource, market.value)
    this.#model = options.models === undefined ? undefined : new ModelReader(options.models)
  }

  solve(at: number): void {
    const before = this.#stages.running ? this.#stages.enter(stage.value) : 0
    this.#crossings.refresh(at, false)
    this.#market.value.solve(at)
    this.#market.times[time.lastSolve] = at
    this.#market.moved = false
    if (this.#stages.running) this.#stages.leave(before)
  }

  /** Judges every coin at a bar's close; false when no source had news since the last. */
  closeBar(close: number): boolean {
    const { bySource, coins } = this.#market
    this.#crossings.refresh(close, true)
    let news = false
    for (const coin of coins) news ||= coin.fresh
    if (!news) return false
    this.#stages.beginBar()
    const before = this.#stages.enter(stage.judge)
    this.solve(close)
    this.#model?.beginBar()
    for (const track of bySource) if (track.traded) this.#judgeVenue(track, close)
    for (const track of bySource) {
      if (track.flow === undefined) continue
      track.flow.add(track.volume, track.bought, Math.log(track.lastMid) * 1e4)
      track.flow.close(close)
    }
    for (let index = 0; index < coins.length; index++) {
      const coin = coins[index]!
      if (!coin.fresh) continue
      coin.fresh = false
      this.#judge(index, coin, close)
    }
    for (const track of bySource) {
      track.traded = false
      track.volume = track.bought = 0
    }
    this.#stages.leave(before)
    this.#stages.decided(this.#market.times[time.published]!)
    return true
  }

  #judge(index: number, coin: CoinTrack, close: number): void {
    const { evidence, machine } = coin
    this.#returnIfFresh(index, coin)
    const offPeg = offPegOf(this.#market, index)
    this.#gatherEvidence(index, coin, close, offPeg)
    const elapsed = Number.isNaN(coin.lastClose) ? 0 : close - coin.lastClose
    coin.lastClose = close
    this.#takeSides(index, coin)
    this.#takeHardestSold(index, coin)
    const previous = machine.level
    const changed = machine.update(evidence)
    const marketPrice = this.#market.whole?.row[instrumentState.lastPrice] ?? Number.NaN
    const before = this.#stages.enter(stage.features)
    coin.features.update(this.#bars.gather(index, elapsed, marketPrice))
    this.#stages.leave(before)
    // What is critical at its first bar is asked about as the break that it is.
    if (evidence.breakBars >= barsToConfirm(evidence.barMillis) || (evidence.breakBars > 0 && machine.level === critical))
      coin.inBreak = true
    else if (Math.abs(evidence.deviationBps) < riskThresholds.breakBps / 2) coin.inBreak = false
    if (changed || this.#options.predictAlways) this.#predict(coin)
    this.onJudged?.(index, evidence, coin.features.values)
    if (machine.acceptedAsNormal) coin.baseline.rebase(offPeg)
    if (changed) {
      coin.fastVenues = 0
      coin.change = this.#changeOf(coin, previous)
      coin.since = close
      this.#signals.levelChanged(coin, previous)
    }
    this.#signals.writeCoin(index)
  }

  #gatherEvidence(index: number, coin: CoinTrack, close: number, offPeg: number): void {
    const { evidence } = coin
    const deviation = deviationOf(this.#market, index)
    const { barMillis } = evidence
    const score = Number.isNaN(coin.baseline.medianBps) ? 0 : coin.baseline.score(offPeg)
    evidence.time = close
    evidence.deviationBps = deviation
    evidence.errorBps = this.#market.value.errorBps[index]!
    evidence.share = shareOf(this.#market, index)
    evidence.rounds = barMillis === oracleRoundMillis
    evidence.score = score
    evidence.cusum = coin.cusum.update(score)
    evidence.changepoint = coin.changepoint.update(score)
    evidence.stressBars = coin.stress.update(close, deviation, riskThresholds.stressBps, barMillis)
    evidence.warningBars = coin.warned.update(close, deviation, warningLevelBps(evidence), barMillis)
    evidence.breakBars = coin.broken.update(close, deviation, riskThresholds.breakBps, barMillis)
    coin.baseline.update(close, offPeg, coin.machine.level >= warning)
    evidence.baselineBps = coin.rateBearing ? 0 : coin.baseline.medianBps
    evidence.scaleBps = coin.baseline.scaleBps
  }

  #predict(coin: CoinTrack): void {
    const before = this.#stages.enter(stage.model)
    const predicted = this.#model?.predict(coin.features.values, coin.inBreak, coin.probabilities) === true
    coin.modelVersion = predicted ? this.#model!.version : 0
    this.#stages.leave(before)
  }

  /** Looks at each coin's books and pools between two bars, as time passes: see `FastLane`. */
  checkSeconds(): void {
    const { coins, times } = this.#market
    const now = times[time.now]!
    for (let index = 0; index < coins.length; index++) {
      const coin = coins[index]!
      const venues = this.#seconds.look(index)
      if (venues === 0) continue
      const previous = coin.machine.level
      this.solve(now)
      const deviation = deviationOf(this.#market, index)
      // What all sources together say has the last word.
      if (!(deviation < -riskThresholds.breakBps) || !coin.machine.raise(now, deviation)) continue
      coin.change = kind.break
      coin.since = now
      coin.fastVenues = venues
      this.#stages.decided(this.#market.times[time.published]!)
      this.#signals.levelChanged(coin, previous)
      this.#signals.writeCoin(index)
    }
  }

  /** Makes coins stale that have had no price for too long, and takes those back that have one again. Called as time passes. */
  checkFreshness(): void {
    const { coins, times } = this.#market
    const now = times[time.now]!
    if (Number.isNaN(times[time.firstTick]!)) times[time.firstTick] = now
    this.#crossings.refresh(now, false)
    for (let index = 0; index < coins.length; index++) {
      const coin = coins[index]!
      this.#returnIfFresh(index, coin)
      // After a start, venues are given as long as ever to bring a first price.
      const since = Math.max(observedAt(this.#market, index), times[time.firstTick]!)
      if (coin.stale || now - since <= this.#options.staleAfterMillis) continue
      this.#markStale(index, coin, true, kind.stale)
    }
  }

  #returnIfFresh(index: number, coin: CoinTrack): void {
    if (!coin.stale) return
    if (this.#market.times[time.now]! - observedAt(this.#market, index) > this.#options.staleAfterMillis) return
    this.#markStale(index, coin, false, kind.recovery)
  }

  #markStale(index: number, coin: CoinTrack, isStale: boolean, change: number): void {
    const now = this.#market.times[time.now]!
    // Error bars widen with the age of what they stand on.
    this.solve(now)
    coin.stale = isStale
    coin.fastVenues = 0
    coin.change = change
    coin.since = now
    this.#stages.decided(this.#market.times[time.published]!)
    this.#signals.levelChanged(coin, isStale ? coin.machine.level : stale)
    this.#signals.writeCoin(index)
  }

  /** Takes the flow of the source whose takers sell hardest, among those that trade much of the coin. */
  #takeHardestSold(index: number, { evidence, sources }: CoinTrack): void {
    const { bySource } = this.#market
    let largest = 0
    for (const source of sources) {
      const { base, flow } = bySource[source]!
      if (base === index && flow !== undefined) largest = Math.max(largest, flow.usualVolume)
    }
    evidence.flowShort = evidence.flowLong = evidence.flowSurge = Number.NaN
    for (const source of sources) {
      const { base, flow } = bySource[source]!
      if (base !== index || flow === undefined || !(flow.usualVolume >= flowShareMin * largest)) continue
      if (flow.longScore >= evidence.flowLong) continue
      evidence.flowShort = flow.shortScore
      evidence.flowLong = flow.longScore
      evidence.flowSurge = flow.surge
      evidence.flowInferred = flow.inferred
      evidence.leanBps = flow.leanBps
    }
  }

  #changeOf({ evidence, machine }: CoinTrack, previous: number): number {
    if (machine.level < previous) return kind.recovery
    if (isRun(evidence)) return kind.break
    if (evidence.share < even) return kind.unattributed
    if (evidence.disputed && machine.level <= warning) return kind.disputed
    if (evidence.local && machine.level <= warning && Math.abs(evidence.deviationBps) < riskThresholds.stressBps) return kind.local
    return evidence.deviationBps > 0 ? kind.premium : kind.break
  }

  /** Judges the coin by the source alone, and counts the bars in a row in which it has stood apart from the fair value. */
  #judgeVenue(track: InstrumentTrack, close: number): void {
    const { value } = this.#market
    const { source } = track
    const residual = value.residualBps[source]!
    const apart = value.apart[source] === 1 || Math.abs(residual) > localSignificance * value.sourceErrorBps[source]!
    track.apartBars = track.apart.update(close, apart ? residual : 0, localBps, this.#options.barMillis)
    const coin = this.#market.coins[track.base]
    if (coin === undefined || coin.rateBearing || Number.isNaN(residual)) return
    const { level } = track.risk
    track.risk.update(close, ownDeviationOf(this.#market, source), coin.evidence.barMillis)
    if (track.risk.level !== level && track.bridge < 0) this.onVenueLevel?.(track, close)
  }

  /** Whether some of the coin's own sources stand apart while others hold, and whether those have broken. */
  #takeSides(index: number, { evidence, sources }: CoinTrack): void {
    const { bySource, times, value } = this.#market
    const silentAfter = Math.max(holderMillis, 3 * evidence.barMillis)
    let apart = 0
    let outvoted = false
    let hold = 0
    let unbroken = 0
    let broken = 0
    for (const source of sources) {
      const track = bySource[source]!
      if (track.base !== index) continue
      if (times[time.now]! - value.timeOf(source) > silentAfter) {
        track.apartBars = 0
        track.risk.reset()
        continue
      }
      if (track.risk.level === critical) broken++
      else unbroken++
      if (track.apartBars >= localBars) {
        apart++
        outvoted ||= value.apart[source] === 1
      } else hold++
    }
    evidence.disputed = value.disputed[index] === 1 && apart > 0
    evidence.local = apart > 0 && !evidence.disputed && (hold >= holdersMin || outvoted)
    evidence.brokenElsewhere = broken > 0
    evidence.brokenEverywhere = broken > 0 && unbroken === 0
  }
}
