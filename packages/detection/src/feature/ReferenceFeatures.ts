/**
 * The same features computed anew from the whole history at each tick, formula by formula: what `Features` is tested and
 * timed against.
 */
import { type FeatureInput, featureCount, flat, longWindow, returnWindow, shortWindow, smoothing } from "./Features.ts"

interface Tick {
  readonly bid: number
  readonly bidQuantity: number
  readonly ask: number
  readonly askQuantity: number
  readonly tradePrice: number
  readonly tradeQuantity: number
  readonly tradeSide: number
  readonly time: number
}

export class ReferenceFeatures {
  readonly #history: number
  readonly #ticks: Array<Tick> = []
  readonly output = new Float64Array(featureCount)

  /** Ticks kept: 4000 are enough that what is older weighs nothing in the slowest average, 256 fill the longest window. */
  constructor(history = 4000) {
    this.#history = history
  }

  update(input: FeatureInput): void {
    this.skip(input)
    this.#compute(this.#ticks)
  }

  /** Takes a tick in without computing what it means. */
  skip(input: FeatureInput): void {
    const [bid = 0, bidQuantity = 0, ask = 0, askQuantity = 0, tradePrice = 0, tradeQuantity = 0, tradeSide = 0, time = 0] = input.values
    this.#ticks.push({ bid, bidQuantity, ask, askQuantity, tradePrice, tradeQuantity, tradeSide, time })
    if (this.#ticks.length > this.#history) this.#ticks.shift()
  }

  #compute(ticks: ReadonlyArray<Tick>): void {
    const f = this.output
    const mids = ticks.map(({ ask, bid }) => 0.5 * (bid + ask))
    const first = mids[0]!
    const price = mids.at(-1)!
    const unit = 1e4 / price
    const returns = mids.map((mid, index) => (index === 0 ? 0 : Math.log(mid / mids[index - 1]!)))
    const moves = mids.map((mid, index) => (index === 0 ? 0 : mid - mids[index - 1]!))
    const { ask, askQuantity, bid, bidQuantity } = ticks.at(-1)!
    const depth = bidQuantity + askQuantity
    f[0] = (ask - bid) * unit
    f[1] = depth > 0 ? (bidQuantity - askQuantity) / depth : Number.NaN
    f[2] = depth > 0 ? ((bid * askQuantity + ask * bidQuantity) / depth - price) * unit : Number.NaN
    f[3] = returns.at(-1)! * 1e4
    const squares = returns.map((r) => r * r)
    const fast = Math.sqrt(smoothed(squares, smoothing.volatilityFast, 0))
    const slow = Math.sqrt(smoothed(squares, smoothing.volatilitySlow, 0))
    f[4] = fast * 1e4
    f[5] = slow * 1e4
    f[6] = slow > 0 ? fast / slow : Number.NaN
    let ema12 = first
    let ema26 = first
    let signal = 0
    for (const mid of mids) {
      ema12 += smoothing.macdFast * (mid - ema12)
      ema26 += smoothing.macdSlow * (mid - ema26)
      signal += smoothing.macdSignal * (ema12 - ema26 - signal)
    }
    f[7] = (ema12 - ema26) * unit
    f[8] = signal * unit
    const up = smoothed(
      moves.map((move) => Math.max(0, move)),
      smoothing.wilder,
      0
    )
    const down = smoothed(
      moves.map((move) => Math.max(0, -move)),
      smoothing.wilder,
      0
    )
    f[9] = up + down > 0 ? (100 * up) / (up + down) : Number.NaN
    const short = padded(mids, shortWindow, first)
    const long = padded(mids, longWindow, first)
    const [mean32, deviation32] = meanAndDeviation(short)
    const [mean256, deviation256] = meanAndDeviation(long)
    f[10] = (price - mean32) * unit
    f[11] = deviation32 > flat ? (price - mean32) / deviation32 : Number.NaN
    f[12] = deviation32 > flat ? (price - mean32 + 2 * deviation32) / (4 * deviation32) : Number.NaN
    f[13] = 4 * deviation32 * unit
    f[14] = (price - mean256) * unit
    f[15] = deviation256 > flat ? (price - mean256) / deviation256 : Number.NaN
    const window = padded(returns, returnWindow, 0)
    const previous = padded(returns.slice(0, -1), returnWindow, 0)
    const mean = sum(window) / returnWindow
    const central = (power: number) => sum(window.map((r) => (r - mean) ** power)) / returnWindow
    const variance = central(2)
    const known = variance > 1e-18
    f[16] = known ? central(3) / variance ** 1.5 : Number.NaN
    f[17] = known ? central(4) / variance ** 2 - 3 : Number.NaN
    f[18] = known ? (sum(window.map((r, index) => r * previous[index]!)) / returnWindow - mean * mean) / variance : Number.NaN
    const signed = smoothed(
      ticks.map((tick) => tick.tradeSide * tick.tradeQuantity),
      smoothing.flow,
      0
    )
    const total = smoothed(
      ticks.map((tick) => tick.tradeQuantity),
      smoothing.flow,
      0
    )
    f[19] = total > 0 ? signed / total : Number.NaN
    const imbalances = ticks.map((tick, index) => {
      const before = ticks[index - 1] ?? tick
      return (
        (tick.bid >= before.bid ? tick.bidQuantity : 0) -
        (tick.bid <= before.bid ? before.bidQuantity : 0) -
        (tick.ask <= before.ask ? tick.askQuantity : 0) +
        (tick.ask >= before.ask ? before.askQuantity : 0)
      )
    })
    const size = smoothed(
      ticks.map((tick) => tick.bidQuantity + tick.askQuantity),
      smoothing.flow,
      0
    )
    f[20] = size > 0 ? smoothed(imbalances, smoothing.flow, 0) / size : Number.NaN
    const gap = smoothed(
      ticks.map((tick, index) => (index === 0 ? 0 : tick.time - ticks[index - 1]!.time)),
      smoothing.flow,
      0
    )
    f[21] = gap > 0 ? 1000 / gap : Number.NaN
    const recent = mids.slice(-shortWindow)
    f[22] = (Math.max(...recent) - price) * unit
    f[23] = (price - Math.min(...recent)) * unit
    f[24] = (price / (mids.at(-11) ?? first) - 1) * 1e4
    f[25] = (price / (mids.at(-61) ?? first) - 1) * 1e4
    const traded = ticks.slice(-longWindow)
    const quantity = sum(traded.map((tick) => tick.tradeQuantity))
    const value = sum(traded.map((tick) => tick.tradePrice * tick.tradeQuantity))
    f[26] = quantity > 1e-12 ? (price - value / quantity) * unit : Number.NaN
    f[27] = smoothed(moves.map(Math.abs), smoothing.flow, 0) * unit
  }
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

const smoothed = (values: ReadonlyArray<number>, factor: number, start: number): number =>
  values.reduce((average, value) => average + factor * (value - average), start)

/** The last `length` values, with `filler` before the first. */
const padded = (values: ReadonlyArray<number>, length: number, filler: number): ReadonlyArray<number> => [
  ...Array.from({ length: Math.max(0, length - values.length) }, () => filler),
  ...values.slice(-length)
]

const meanAndDeviation = (values: ReadonlyArray<number>): readonly [mean: number, deviation: number] => {
  const mean = sum(values) / values.length
  return [mean, Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length)]
}
