/** What the hot path remembers: one track a coin, one an instrument. Plain state; `HotPath` alone changes it. */
import type { Coin, Peg } from "@evenkeel/domain/coin/Coin"
import { changeKinds } from "@evenkeel/domain/risk/RiskLevel"
import { OrderBook } from "../book/OrderBook.ts"
import { Baseline } from "../detector/Baseline.ts"
import { Changepoint } from "../detector/Changepoint.ts"
import { Confirmation } from "../detector/Confirmation.ts"
import { Cusum } from "../detector/Cusum.ts"
import { Flow } from "../detector/Flow.ts"
import { CoinFeatures } from "../feature/coin/CoinFeatures.ts"
import { FastLane } from "../risk/FastLane.ts"
import { RiskEvidence, RiskMachine } from "../risk/RiskMachine.ts"
import { VenueRisk } from "../risk/VenueRisk.ts"
import { NewsCount } from "./NewsCount.ts"
import { horizonCount, instrumentState, stateFields } from "./SignalRecord.ts"

/** Everything of one coin that lives from bar to bar. */
export class CoinTrack {
  readonly stress = new Confirmation()
  readonly warned = new Confirmation()
  readonly broken = new Confirmation()
  readonly baseline: Baseline
  readonly cusum = new Cusum()
  readonly changepoint = new Changepoint()
  readonly machine = new RiskMachine()
  readonly fast = new FastLane()
  /** Venues by which the fast lane decided the level; 0 where bars decided it. */
  fastVenues = 0
  readonly evidence = new RiskEvidence()
  lastClose = Number.NaN
  /** Judged against its own trend instead of its peg. */
  readonly rateBearing: boolean
  /** Since when the level is what it is. */
  since = Number.NaN
  change = changeKinds.indexOf("recovery")
  /** Bars, not rounds, speak of the coin. */
  candles = false
  /** A source that touches the coin had real news since the last bar. */
  fresh = false
  lastScore = Number.NEGATIVE_INFINITY
  /** The level before a change that found no room yet; -1 when none waits. */
  previousPending = -1
  /** Fresh prices are missing. */
  stale = false
  readonly sources: Array<number> = []

  readonly peg: Peg
  readonly features = new CoinFeatures()
  readonly news = new NewsCount()
  /** Of the model that serves: probability, low and high for each horizon; see `ModelReader`. */
  readonly probabilities = new Float64Array(horizonCount * 3).fill(Number.NaN)
  /** The model that said them, 0 when none did. */
  modelVersion = 0
  /** From a confirmed break until the coin is back within half of it. */
  inBreak = false

  constructor({ peg, rateBearing = false }: Coin) {
    this.peg = peg
    this.rateBearing = rateBearing
    this.baseline = rateBearing ? new Baseline(Number.POSITIVE_INFINITY) : new Baseline()
  }
}

/** Everything of one instrument that lives from frame to frame. */
export class InstrumentTrack {
  readonly book = new OrderBook()
  /** Not traded any more: what its venue still says of it is passed over. */
  delisted = false
  /** Listed again: its book begins with a whole one, whatever changes of the old one still come. */
  awaitsWhole = false
  readonly base: number
  readonly quote: number
  /** Source number in the fair value, or -1. */
  readonly source: number
  readonly venue: number
  /** Its number where it prices a bridge, or -1. */
  leg = -1
  /** Of a crossing: its bridge, or -1. */
  bridge = -1
  readonly row = new Float64Array(stateFields)
  connection = 0
  /** Bars in a row away from the fair value, for local dislocations. */
  readonly apart = new Confirmation()
  apartBars = 0
  /** Of the base coin, by this instrument's price alone. */
  readonly risk = new VenueRisk()
  traded = false
  /** It tells rounds of an oracle. */
  oracle = false
  /** When the oracle's last round was written, Unix ms. */
  roundTime = Number.NaN
  /** Order flow; made with the first volume that the source tells. */
  flow: Flow | undefined
  /** Traded since the last bar: all of it, and what takers bought (NaN: nobody says). */
  volume = 0
  bought = 0
  quoteTime = Number.NEGATIVE_INFINITY
  lastMid = Number.NaN
  /** Of a pool: the price of the block before. */
  midBefore = Number.NaN
  /** When the book's renewal was last asked for; NaN when it need not be. */
  resyncAsked = Number.NaN
  resyncPending = false
  resyncReason = 0

  /** Adds what was traded to the bar in hand. */
  addVolume(volume: number, bought: number): void {
    this.flow ??= new Flow()
    this.volume += volume
    this.bought += bought
  }

  constructor(base: number, quote: number, source: number, venue: number) {
    this.base = base
    this.quote = quote
    this.source = source
    this.venue = venue
    this.row.fill(Number.NaN)
    this.row[instrumentState.events] = 0
    this.row[instrumentState.commits] = 0
    this.row[instrumentState.book] = 0
    this.row[instrumentState.staleReason] = 0
  }
}
