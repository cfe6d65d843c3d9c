/** Gathers what is known of a coin at a bar's close from its sources, the fair value and the other coins. */
import { CoinBar } from "../feature/coin/CoinBar.ts"
import type { FairValue } from "../value/FairValue.ts"
import { instrumentState } from "./SignalRecord.ts"
import type { CoinTrack, InstrumentTrack } from "./Tracks.ts"

const quarterHour = 15 * 60_000
const day = 24 * 3_600_000
const stressBps = 20

export class CoinBars {
  readonly bar = new CoinBar()
  readonly #coins: ReadonlyArray<CoinTrack>
  readonly #bySource: ReadonlyArray<InstrumentTrack>
  readonly #value: FairValue

  constructor(coins: ReadonlyArray<CoinTrack>, bySource: ReadonlyArray<InstrumentTrack>, value: FairValue) {
    this.#coins = coins
    this.#bySource = bySource
    this.#value = value
  }

  /** The bar of coin `index`, whose evidence has been judged; valid until the next call. */
  gather(index: number, elapsed: number, marketPrice: number): CoinBar {
    const { bar } = this
    const { evidence, news } = this.#coins[index]!
    bar.time = evidence.time
    bar.elapsed = elapsed
    bar.deviationBps = evidence.deviationBps
    bar.errorBps = evidence.errorBps
    bar.baselineBps = evidence.baselineBps
    bar.scaleBps = evidence.scaleBps
    bar.flowShort = evidence.flowShort
    bar.flowLong = evidence.flowLong
    bar.flowSurge = evidence.flowSurge
    bar.cusum = evidence.cusum
    bar.changepoint = evidence.changepoint
    bar.stressBars = evidence.stressBars
    bar.breakBars = evidence.breakBars
    bar.marketPrice = marketPrice
    bar.newsCount = news.countAt(bar.time)
    bar.newsScore = news.scoreAt(bar.time)
    this.#trades(index)
    this.#sources(index)
    this.#quotes(index)
    this.#peers(index)
    return bar
  }

  #trades(index: number): void {
    const { bar } = this
    let volume = 0
    let bought = 0
    let told = false
    let sided = false
    for (const source of this.#coins[index]!.sources) {
      const track = this.#bySource[source]!
      if (track.base !== index || track.flow === undefined) continue
      told = true
      volume += track.volume
      const unknown = Number.isNaN(track.bought)
      sided ||= !unknown
      // Volume without a taker side counts as half bought.
      bought += unknown ? 0.5 * track.volume : track.bought
    }
    bar.volume = told ? volume : Number.NaN
    bar.bought = sided ? bought : Number.NaN
  }

  #sources(index: number): void {
    const { bar } = this
    const value = this.#value
    const limit = Math.max(quarterHour, 3 * this.#coins[index]!.evidence.barMillis)
    let live = 0
    let sum = 0
    let squares = 0
    let farthest = 0
    let direct = 0
    let directs = 0
    let indirect = 0
    let newest = Number.NEGATIVE_INFINITY
    bar.leaderBps = bar.poolImbalance = bar.poolDepth = bar.supply = bar.oracleGapBps = bar.oracleAge = Number.NaN
    for (const source of this.#coins[index]!.sources) {
      const track = this.#bySource[source]!
      // A crossing is no pair: the model has learned nothing of it.
      if (track.base !== index || track.bridge >= 0) continue
      const { row } = track
      const time = value.timeOf(source)
      const residual = value.residualBps[source]!
      if (track.oracle) {
        bar.oracleGapBps = residual
        bar.oracleAge = bar.time - time
      }
      if (!Number.isNaN(row[instrumentState.imbalance]!)) {
        bar.poolImbalance = row[instrumentState.imbalance]!
        bar.poolDepth = row[instrumentState.sellDepth]!
      }
      if (!Number.isNaN(row[instrumentState.supply]!)) bar.supply = row[instrumentState.supply]!
      if (Number.isNaN(residual) || bar.time - time > limit) continue
      live++
      sum += residual
      squares += residual * residual
      if (Math.abs(residual) > Math.abs(farthest)) farthest = residual
      if (track.quote < 0) {
        direct += residual
        directs++
      } else indirect += residual
      if (time > newest) {
        newest = time
        bar.leaderBps = residual
      }
    }
    const indirects = live - directs
    bar.sources = live
    bar.dispersionBps = live > 1 ? Math.sqrt(Math.max(0, squares / live - (sum / live) ** 2)) : Number.NaN
    bar.farthestBps = live > 1 ? farthest : Number.NaN
    bar.basisBps = directs > 0 && indirects > 0 ? direct / directs - indirect / indirects : Number.NaN
  }

  /** Of the source with the narrowest fresh quote. */
  #quotes(index: number): void {
    const { bar } = this
    bar.spreadBps = bar.micropriceBps = bar.imbalance = bar.depth = Number.NaN
    for (const source of this.#coins[index]!.sources) {
      const track = this.#bySource[source]!
      if (track.base !== index || bar.time - track.quoteTime > quarterHour) continue
      const { row } = track
      const bid = row[instrumentState.bid]!
      const ask = row[instrumentState.ask]!
      const middle = 0.5 * (bid + ask)
      const spread = (1e4 * (ask - bid)) / middle
      if (spread >= bar.spreadBps) continue
      const bidQuantity = row[instrumentState.bidQuantity]!
      const askQuantity = row[instrumentState.askQuantity]!
      const depth = bidQuantity + askQuantity
      bar.spreadBps = spread
      bar.depth = depth
      bar.imbalance = depth > 0 ? (bidQuantity - askQuantity) / depth : Number.NaN
      bar.micropriceBps = depth > 0 ? (1e4 * ((bid * askQuantity + ask * bidQuantity) / depth - middle)) / middle : Number.NaN
    }
  }

  #peers(index: number): void {
    const { bar } = this
    const { peg } = this.#coins[index]!
    let count = 0
    let worst = Number.POSITIVE_INFINITY
    let sum = 0
    let distance = 0
    let stressed = 0
    for (let other = 0; other < this.#coins.length; other++) {
      const { evidence, lastClose, peg: otherPeg } = this.#coins[other]!
      if (other === index || otherPeg !== peg || !(bar.time - lastClose < day)) continue
      const { deviationBps } = evidence
      count++
      worst = Math.min(worst, deviationBps)
      sum += deviationBps
      distance += Math.abs(deviationBps)
      if (Math.abs(deviationBps) > stressBps) stressed++
    }
    bar.peersWorstBps = count > 0 ? worst : Number.NaN
    bar.peersMeanBps = count > 0 ? sum / count : Number.NaN
    bar.peersDistanceBps = count > 0 ? distance / count : Number.NaN
    bar.peersStressed = count > 0 ? stressed / count : Number.NaN
  }
}
