/**
 * What one instrument's recent ticks look like, as numbers, updated with each tick in constant time and without allocation.
 *
 * One row of a Float64Array holds an instrument's whole state. Sliding sums lose digits slowly, so they are taken anew every
 * `refreshTicks`. A feature that cannot be known yet (no trade so far, no spread) is NaN: missing, not guessed.
 *
 * Sources: Welford 1962 (sliding variance); Wilder 1978 (RSI); Appel 1979 (MACD); Bollinger 2002 (bands); Cont, Kukanov and
 * Stoikov 2014 (order-flow imbalance); Stoikov 2018 (microprice).
 */
export const featureNames = [
  "spread_bps",
  "book_imbalance",
  "microprice_bps",
  "return_bps",
  "volatility_fast_bps",
  "volatility_slow_bps",
  "volatility_ratio",
  "macd_bps",
  "macd_signal_bps",
  "rsi",
  "mean_distance_bps",
  "mean_score",
  "bollinger_position",
  "band_width_bps",
  "slow_mean_distance_bps",
  "slow_mean_score",
  "skewness",
  "kurtosis",
  "autocorrelation",
  "trade_flow",
  "order_flow",
  "tick_rate",
  "high_distance_bps",
  "low_distance_bps",
  "momentum_10_bps",
  "momentum_60_bps",
  "vwap_distance_bps",
  "average_move_bps"
] as const
export type FeatureName = (typeof featureNames)[number]
export const featureCount = featureNames.length

/** Ticks in the windows. */
export const shortWindow = 32
export const returnWindow = 128
export const longWindow = 256
const refreshTicks = 4096
/** A deviation below this is the rounding of a price that never moved. */
export const flat = 1e-12

/** Smoothing factors: RiskMetrics-style volatilities, MACD's 12/26/9, Wilder's 14, flows and rates. */
export const smoothing = {
  volatilityFast: 0.06,
  volatilitySlow: 0.01,
  macdFast: 2 / 13,
  macdSlow: 2 / 27,
  macdSignal: 2 / 10,
  wilder: 1 / 14,
  flow: 0.05
} as const

// Row layout: scalars, then rings.
const ticks = 0
const mid = 1
const lastBid = 2
const lastAsk = 3
const lastBidQuantity = 4
const lastAskQuantity = 5
const varianceFast = 6
const varianceSlow = 7
const macdFast = 8
const macdSlow = 9
const macdSignal = 10
const gain = 11
const loss = 12
const shortMean = 13
const shortSquares = 14
const longMean = 15
const longSquares = 16
const moment1 = 17
const moment2 = 18
const moment3 = 19
const moment4 = 20
const lagProduct = 21
const flowSigned = 22
const flowTotal = 23
const orderFlow = 24
const orderSize = 25
const interval = 26
const lastTime = 27
const tradedValue = 28
const tradedQuantity = 29
const averageMove = 30
const maxHead = 31
const maxTail = 32
const minHead = 33
const minTail = 34
const scalars = 40
const mids = scalars
const returns = mids + longWindow
const values = returns + longWindow
const quantities = values + longWindow
/** Monotonic deques: value and tick, 64 slots each. */
const maxima = quantities + longWindow
const minima = maxima + 128
const stride = minima + 128

const longMask = longWindow - 1
const dequeMask = 63

/** One tick: a two-sided quote, and the trade since the last tick if there was one. Fill the fields, then `update`. */
export class FeatureInput {
  /** `[bid, bidQuantity, ask, askQuantity, tradePrice, tradeQuantity, tradeSide, time ms]` */
  readonly values = new Float64Array(8)
}

export class Features {
  readonly #state: Float64Array
  /** `[instrument * featureCount + feature]` */
  readonly output: Float64Array

  constructor(instruments: number) {
    this.#state = new Float64Array(instruments * stride)
    this.output = new Float64Array(instruments * featureCount).fill(Number.NaN)
  }

  update(instrument: number, input: FeatureInput): void {
    const s = this.#state
    const f = this.output
    const b = instrument * stride
    const o = instrument * featureCount
    const bid = input.values[0]!
    const bidQuantity = input.values[1]!
    const ask = input.values[2]!
    const askQuantity = input.values[3]!
    const tradePrice = input.values[4]!
    const tradeQuantity = input.values[5]!
    const time = input.values[7]!
    const n = s[b + ticks]!
    const price = 0.5 * (bid + ask)
    if (n === 0) this.#begin(b, price, bid, ask, bidQuantity, askQuantity, time)
    const at = n & longMask
    const last = s[b + mid]!
    s[b + ticks] = n + 1
    s[b + mid] = price
    const inverse = 1 / price
    const unit = inverse * 1e4
    const move = price - last
    const change = move / last
    // log1p's series is exact to 1e-12 below 1%, and five times as fast.
    const r =
      change < 0.01 && change > -0.01
        ? change * (1 - change * (0.5 - change * (0.3333333333333333 - change * (0.25 - change * 0.2))))
        : Math.log(price / last)
    const r2 = r * r

    // Quote
    const depth = bidQuantity + askQuantity
    f[o] = (ask - bid) * unit
    f[o + 1] = depth > 0 ? (bidQuantity - askQuantity) / depth : Number.NaN
    f[o + 2] = depth > 0 ? ((bid * askQuantity + ask * bidQuantity) / depth - price) * unit : Number.NaN
    f[o + 3] = r * 1e4

    // Volatility
    const fast = s[b + varianceFast]! + smoothing.volatilityFast * (r2 - s[b + varianceFast]!)
    const slow = s[b + varianceSlow]! + smoothing.volatilitySlow * (r2 - s[b + varianceSlow]!)
    s[b + varianceFast] = fast
    s[b + varianceSlow] = slow
    const fastDeviation = Math.sqrt(fast)
    const slowDeviation = Math.sqrt(slow)
    f[o + 4] = fastDeviation * 1e4
    f[o + 5] = slowDeviation * 1e4
    f[o + 6] = slowDeviation > 0 ? fastDeviation / slowDeviation : Number.NaN

    // Trend
    const ema12 = s[b + macdFast]! + smoothing.macdFast * (price - s[b + macdFast]!)
    const ema26 = s[b + macdSlow]! + smoothing.macdSlow * (price - s[b + macdSlow]!)
    const macd = ema12 - ema26
    const signal = s[b + macdSignal]! + smoothing.macdSignal * (macd - s[b + macdSignal]!)
    s[b + macdFast] = ema12
    s[b + macdSlow] = ema26
    s[b + macdSignal] = signal
    f[o + 7] = macd * unit
    f[o + 8] = signal * unit
    const up = s[b + gain]! + smoothing.wilder * ((move > 0 ? move : 0) - s[b + gain]!)
    const down = s[b + loss]! + smoothing.wilder * ((move < 0 ? -move : 0) - s[b + loss]!)
    s[b + gain] = up
    s[b + loss] = down
    f[o + 9] = up + down > 0 ? (100 * up) / (up + down) : Number.NaN

    // Windows on the mid price
    const leavesShort = s[b + mids + ((at + longWindow - shortWindow) & longMask)]!
    const leavesLong = s[b + mids + at]!
    s[b + mids + at] = price
    const mean32 = s[b + shortMean]! + (price - leavesShort) / shortWindow
    let squares32 = s[b + shortSquares]! + (price - leavesShort) * (price - mean32 + leavesShort - s[b + shortMean]!)
    if (squares32 < 0) squares32 = 0
    s[b + shortMean] = mean32
    s[b + shortSquares] = squares32
    const deviation32 = Math.sqrt(squares32 / shortWindow)
    const distance32 = price - mean32
    f[o + 10] = distance32 * unit
    f[o + 11] = deviation32 > flat ? distance32 / deviation32 : Number.NaN
    f[o + 12] = deviation32 > flat ? (distance32 + 2 * deviation32) / (4 * deviation32) : Number.NaN
    f[o + 13] = 4 * deviation32 * unit
    const mean256 = s[b + longMean]! + (price - leavesLong) / longWindow
    let squares256 = s[b + longSquares]! + (price - leavesLong) * (price - mean256 + leavesLong - s[b + longMean]!)
    if (squares256 < 0) squares256 = 0
    s[b + longMean] = mean256
    s[b + longSquares] = squares256
    const deviation256 = Math.sqrt(squares256 / longWindow)
    f[o + 14] = (price - mean256) * unit
    f[o + 15] = deviation256 > flat ? (price - mean256) / deviation256 : Number.NaN

    // Moments of returns
    const leaving = s[b + returns + ((at + longWindow - returnWindow) & longMask)]!
    const beforeLeaving = s[b + returns + ((at + longWindow - returnWindow - 1) & longMask)]!
    const before = s[b + returns + ((at + longMask) & longMask)]!
    const leaving2 = leaving * leaving
    s[b + returns + at] = r
    const m1 = (s[b + moment1]! += r - leaving) / returnWindow
    const m2 = (s[b + moment2]! += r2 - leaving2) / returnWindow
    const m3 = (s[b + moment3]! += r2 * r - leaving2 * leaving) / returnWindow
    const m4 = (s[b + moment4]! += r2 * r2 - leaving2 * leaving2) / returnWindow
    const lag = (s[b + lagProduct]! += r * before - leaving * beforeLeaving) / returnWindow
    const variance = m2 - m1 * m1
    if (variance > 1e-18) {
      f[o + 16] = (m3 - 3 * m1 * m2 + 2 * m1 * m1 * m1) / (variance * Math.sqrt(variance))
      f[o + 17] = (m4 - 4 * m1 * m3 + 6 * m1 * m1 * m2 - 3 * m1 * m1 * m1 * m1) / (variance * variance) - 3
      f[o + 18] = (lag - m1 * m1) / variance
    } else f[o + 16] = f[o + 17] = f[o + 18] = Number.NaN

    // Flow
    const signed = s[b + flowSigned]! + smoothing.flow * (input.values[6]! * tradeQuantity - s[b + flowSigned]!)
    const total = s[b + flowTotal]! + smoothing.flow * (tradeQuantity - s[b + flowTotal]!)
    s[b + flowSigned] = signed
    s[b + flowTotal] = total
    f[o + 19] = total > 0 ? signed / total : Number.NaN
    const imbalance =
      (bid >= s[b + lastBid]! ? bidQuantity : 0) -
      (bid <= s[b + lastBid]! ? s[b + lastBidQuantity]! : 0) -
      (ask <= s[b + lastAsk]! ? askQuantity : 0) +
      (ask >= s[b + lastAsk]! ? s[b + lastAskQuantity]! : 0)
    const flow = s[b + orderFlow]! + smoothing.flow * (imbalance - s[b + orderFlow]!)
    const size = s[b + orderSize]! + smoothing.flow * (depth - s[b + orderSize]!)
    s[b + orderFlow] = flow
    s[b + orderSize] = size
    f[o + 20] = size > 0 ? flow / size : Number.NaN
    s[b + lastBid] = bid
    s[b + lastAsk] = ask
    s[b + lastBidQuantity] = bidQuantity
    s[b + lastAskQuantity] = askQuantity
    const gap = s[b + interval]! + smoothing.flow * (time - s[b + lastTime]! - s[b + interval]!)
    s[b + interval] = gap
    s[b + lastTime] = time
    f[o + 21] = gap > 0 ? 1000 / gap : Number.NaN

    // Range of the last 32 mids, by monotonic deques
    this.#range(b, n, price)
    f[o + 22] = (s[b + maxima + 2 * (s[b + maxHead]! & dequeMask)]! - price) * unit
    f[o + 23] = (price - s[b + minima + 2 * (s[b + minHead]! & dequeMask)]!) * unit
    f[o + 24] = (price / s[b + mids + ((at + longWindow - 10) & longMask)]! - 1) * 1e4
    f[o + 25] = (price / s[b + mids + ((at + longWindow - 60) & longMask)]! - 1) * 1e4

    // Volume-weighted price of the last 256 ticks
    const value = tradePrice * tradeQuantity
    const sumValue = (s[b + tradedValue]! += value - s[b + values + at]!)
    const sumQuantity = (s[b + tradedQuantity]! += tradeQuantity - s[b + quantities + at]!)
    s[b + values + at] = value
    s[b + quantities + at] = tradeQuantity
    f[o + 26] = sumQuantity > 1e-12 ? (price - sumValue / sumQuantity) * unit : Number.NaN
    const step = s[b + averageMove]! + smoothing.flow * (Math.abs(move) - s[b + averageMove]!)
    s[b + averageMove] = step
    f[o + 27] = step * unit

    if ((n + 1) % refreshTicks === 0) this.#refresh(b)
  }

  #begin(b: number, price: number, bid: number, ask: number, bidQuantity: number, askQuantity: number, time: number): void {
    const s = this.#state
    s[b + mid] = s[b + macdFast] = s[b + macdSlow] = s[b + shortMean] = s[b + longMean] = price
    s[b + lastBid] = bid
    s[b + lastAsk] = ask
    s[b + lastBidQuantity] = bidQuantity
    s[b + lastAskQuantity] = askQuantity
    s[b + lastTime] = time
    s.fill(price, b + mids, b + mids + longWindow)
  }

  #range(b: number, n: number, price: number): void {
    const s = this.#state
    const expires = n - shortWindow
    let head = s[b + maxHead]!
    let tail = s[b + maxTail]!
    while (tail > head && s[b + maxima + 2 * ((tail - 1) & dequeMask)]! <= price) tail--
    s[b + maxima + 2 * (tail & dequeMask)] = price
    s[b + maxima + 2 * (tail & dequeMask) + 1] = n
    tail++
    while (s[b + maxima + 2 * (head & dequeMask) + 1]! <= expires) head++
    s[b + maxHead] = head
    s[b + maxTail] = tail
    head = s[b + minHead]!
    tail = s[b + minTail]!
    while (tail > head && s[b + minima + 2 * ((tail - 1) & dequeMask)]! >= price) tail--
    s[b + minima + 2 * (tail & dequeMask)] = price
    s[b + minima + 2 * (tail & dequeMask) + 1] = n
    tail++
    while (s[b + minima + 2 * (head & dequeMask) + 1]! <= expires) head++
    s[b + minHead] = head
    s[b + minTail] = tail
  }

  /** Takes every sliding sum anew from its window. */
  #refresh(b: number): void {
    const s = this.#state
    const n = s[b + ticks]!
    const window = (ring: number, length: number, back: number) => s[b + ring + ((n - length + back + 2 * longWindow) & longMask)]!
    const meanAndSquares = (length: number, mean: number, squares: number) => {
      let total = 0
      for (let i = 0; i < length; i++) total += window(mids, length, i)
      const average = total / length
      let sum = 0
      for (let i = 0; i < length; i++) sum += (window(mids, length, i) - average) ** 2
      s[b + mean] = average
      s[b + squares] = sum
    }
    meanAndSquares(shortWindow, shortMean, shortSquares)
    meanAndSquares(longWindow, longMean, longSquares)
    s[b + moment1] = s[b + moment2] = s[b + moment3] = s[b + moment4] = s[b + lagProduct] = 0
    for (let i = 0; i < returnWindow; i++) {
      const r = window(returns, returnWindow, i)
      s[b + moment1]! += r
      s[b + moment2]! += r * r
      s[b + moment3]! += r * r * r
      s[b + moment4]! += r * r * r * r
      s[b + lagProduct]! += r * window(returns, returnWindow, i - 1)
    }
    s[b + tradedValue] = s[b + tradedQuantity] = 0
    for (let i = 0; i < longWindow; i++) {
      s[b + tradedValue]! += s[b + values + i]!
      s[b + tradedQuantity]! += s[b + quantities + i]!
    }
  }
}
