/**
 * Turns market events into observations of the fair value: which price a source gives, and how far it may be off.
 *
 * Every error is named here. A quote is off by part of its spread, a trade by more, a candle's close by how little was traded, a pool by its fee and
 * its blocks, an oracle by what it may drift between two rounds.
 */
import type { MarketRecord } from "@evenkeel/domain/market/MarketRecord"
import { type Counters, venueCounters } from "./Counters.ts"
import { type Market, time } from "./Market.ts"
import { instrumentState } from "./SignalRecord.ts"
import type { InstrumentTrack } from "./Tracks.ts"

const minute = 60_000
/** A quote is off by this share of half its spread, and by this much at least. */
const quoteSpreadShare = 0.6
const quoteErrorBpsMin = 0.5
/** A quote that cannot be traded for this much (in its quote coin), or whose quantities are not known, is off by twice as much. */
const thinNotional = 500
/** A trade is off by this much, and one for less than the notional by more. */
const tradeErrorBps = 3
const smallTradeErrorBps = 8
const smallTradeNotional = 100
/** A quote is better evidence than a trade for so long. */
const quoteFreshMillis = minute
/** A close without a known volume. */
const closeErrorBps = 3
/** What a pool's fee and its blocks leave uncertain, and the depth within 1% (in the quote) from which it is a good one. */
const poolErrorBps = 4
const poolDepthGood = 1_000_000
const poolErrorFactorMax = 8
/** What an oracle may be off by between two rounds. */
const oracleErrorBps = 5
/** A round is late by so much of its heartbeat at most: blocks and fees delay it. */
const heartbeatGrace = 1.1
/** Rounds are bars of a third of the longest time between two. */
export const oracleRoundMillis = (26 * 60 * minute) / 3
/** A price or a quantity beyond is no market's but a fault, which sums could not forget: the event is passed over and counted. */
const priceMin = 1e-9
const priceMax = 1e6
/** Bridges are dearer than coins. */
const bridgePriceMax = 1e9
const quantityMax = 1e15
const implausible = venueCounters.indexOf("implausible")
/** A fair value is solved anew for moves above this. */
const solveMoveBps = 0.005
const withdrawnFields = [
  instrumentState.lastPrice,
  instrumentState.errorBps,
  instrumentState.imbalance,
  instrumentState.sellDepth,
  instrumentState.buyDepth,
  instrumentState.averagePrice,
  instrumentState.supply,
  instrumentState.minted,
  instrumentState.burned
]

/** A close is as good as the money behind it: 1.6 bps at a volume of 100,000, 15 at 100. */
export const candleErrorBps = (volume: number): number => 1 + 20 / Math.sqrt(1 + volume / 100)

/** `depth` in the quote coin within 1%, on the thinner side; NaN when it is not known. */
export const poolErrorBpsOf = (depth: number): number =>
  Number.isNaN(depth) ? poolErrorBps : poolErrorBps * Math.min(poolErrorFactorMax, Math.max(1, Math.sqrt(poolDepthGood / (depth + 1))))

export class Observations {
  readonly #market: Market
  readonly #counters: Counters

  constructor(market: Market, counters: Counters) {
    this.#market = market
    this.#counters = counters
  }

  quote(track: InstrumentTrack, bid: number, bidQuantity: number, ask: number, askQuantity: number): void {
    const { row } = track
    // A side that is empty or a quote that crosses is no price.
    if (!(bid > 0) || !(ask >= bid) || !this.#isPlausible(track, bid, 0) || !this.#isPlausible(track, ask, 0)) return
    if (bid !== row[instrumentState.bid] || ask !== row[instrumentState.ask]) track.traded = true
    row[instrumentState.bid] = bid
    row[instrumentState.bidQuantity] = bidQuantity
    row[instrumentState.ask] = ask
    row[instrumentState.askQuantity] = askQuantity
    track.quoteTime = this.#market.times[time.now]!
    const mid = 0.5 * (bid + ask)
    const halfSpreadBps = ((ask - bid) / mid) * 0.5e4
    const thin = Math.min(bidQuantity, askQuantity) * mid < thinNotional
    this.#observe(track, mid, Math.max(quoteErrorBpsMin, quoteSpreadShare * halfSpreadBps) * (thin ? 2 : 1))
  }

  /** `side` is 1 when a taker bought, -1 when one sold, 0 when that is not known. */
  trade(track: InstrumentTrack, price: number, quantity: number, side: number): void {
    if (!(price > 0) || !this.#isPlausible(track, price, quantity)) return
    track.row[instrumentState.lastPrice] = price
    track.traded = true
    track.addVolume(quantity, side > 0 ? quantity : 0)
    const quoteIsOld = this.#market.times[time.now]! - track.quoteTime > quoteFreshMillis
    if (quoteIsOld) this.#observe(track, price, quantity * price < smallTradeNotional ? smallTradeErrorBps : tradeErrorBps)
  }

  candle(track: InstrumentTrack, { numbers }: MarketRecord): void {
    const close = numbers[1]!
    const volume = numbers[2]!
    const duration = numbers[6]!
    if (!(close > 0) || !this.#isPlausible(track, close, volume)) return
    track.row[instrumentState.lastPrice] = close
    const coin = this.#market.coins[track.base >= 0 ? track.base : track.quote]
    if (coin !== undefined && duration > 0) {
      coin.evidence.barMillis = coin.candles ? Math.min(coin.evidence.barMillis, duration) : duration
      coin.candles = true
    }
    if (volume >= 0) track.addVolume(volume, numbers[3]!)
    // A repeated price without a trade is no news.
    if (volume === 0 || (Number.isNaN(volume) && close === track.lastMid)) return
    track.traded = true
    // A coin's volume is money, a bridge's is not.
    const money = track.leg < 0 ? volume : volume * close
    this.#observe(track, close, Number.isNaN(volume) ? closeErrorBps : candleErrorBps(money))
  }

  /**
   * A round of `roundTime` (Unix ms), read now. A feed promises that the price has moved by less than `deviationBps` since, for as long as its
   * round is younger than `heartbeatMillis`; a feed that broke its promise is frozen and says nothing. NaN: nothing is promised.
   */
  oracle(track: InstrumentTrack, roundTime: number, price: number, deviationBps: number, heartbeatMillis: number): void {
    if (!(price > 0) || !this.#isPlausible(track, price, 0)) return
    if (this.#market.times[time.now]! - roundTime > heartbeatMillis * heartbeatGrace) return this.withdraw(track)
    track.row[instrumentState.lastPrice] = price
    // A round that was read before is no news.
    if (roundTime !== track.roundTime) track.traded = true
    track.roundTime = roundTime
    track.oracle = true
    // A coin of which there is nothing but oracles is judged by rounds, which may be a day apart.
    const coin = this.#market.coins[track.base]
    if (coin !== undefined && !coin.candles) coin.evidence.barMillis = oracleRoundMillis
    this.#observe(track, price, Number.isNaN(deviationBps) ? oracleErrorBps : Math.max(oracleErrorBps, deviationBps))
  }

  pool(track: InstrumentTrack, { numbers }: MarketRecord): void {
    const { row } = track
    const price = numbers[1]!
    if (!(price > 0) || !this.#isPlausible(track, price, Math.min(numbers[3]!, numbers[4]!))) return
    row[instrumentState.lastPrice] = price
    row[instrumentState.imbalance] = numbers[2]!
    row[instrumentState.sellDepth] = numbers[3]!
    row[instrumentState.buyDepth] = numbers[4]!
    row[instrumentState.averagePrice] = numbers[5]!
    if (price !== track.lastMid) track.traded = true
    track.midBefore = track.lastMid
    this.#observe(track, price, poolErrorBpsOf(Math.min(numbers[3]!, numbers[4]!) * price))
  }

  supply({ row }: InstrumentTrack, { numbers }: MarketRecord): void {
    row[instrumentState.supply] = numbers[1]!
    row[instrumentState.minted] = numbers[2]!
    row[instrumentState.burned] = numbers[3]!
  }

  gas({ row }: InstrumentTrack, price: number): void {
    row[instrumentState.lastPrice] = price
  }

  /** What the source gave is taken back until it gives another price. */
  withdraw(track: InstrumentTrack): void {
    if (track.source >= 0) this.#market.value.withdraw(track.source)
    if (track.leg >= 0) this.#market.bridges.withdraw(track.leg)
    for (const field of withdrawnFields) track.row[field] = Number.NaN
    track.lastMid = Number.NaN
    this.#market.moved = true
  }

  /** Of a pair whose coins are not watched nothing is concluded, whatever its price. */
  #isPlausible({ leg, source, venue }: InstrumentTrack, price: number, quantity: number): boolean {
    if (source < 0 && leg < 0) return true
    if (price >= priceMin && price <= (leg < 0 ? priceMax : bridgePriceMax) && !(quantity > quantityMax) && !(quantity < 0)) return true
    this.#counters.count(venue, implausible)
    return false
  }

  #observe(track: InstrumentTrack, price: number, errorBps: number): void {
    const market = this.#market
    if (track.source < 0) {
      if (track.leg < 0) return
      market.bridges.observe(track.leg, price, errorBps, market.times[time.now]!)
      track.row[instrumentState.errorBps] = errorBps
      track.lastMid = price
      return
    }
    market.value.observe(track.source, price, errorBps, market.times[time.now]!)
    track.row[instrumentState.errorBps] = errorBps
    market.touched = track.base >= 0 ? track.base : track.quote
    if (track.base >= 0 && track.traded) market.coins[track.base]!.fresh = true
    if (track.quote >= 0 && track.traded) market.coins[track.quote]!.fresh = true
    const moved = Math.abs(price / track.lastMid - 1) * 1e4
    track.lastMid = price
    if (!(moved < solveMoveBps)) market.moved = true
  }
}
