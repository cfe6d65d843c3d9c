import { assert, describe, it } from "@effect/vitest"
import { Random } from "@evenkeel/learning/data/Random"
import { CoinBar } from "./CoinBar.ts"
import { CoinFeatures, coinFeatureNames, families } from "./CoinFeatures.ts"
import { Mean, Pair, Total } from "./Decay.ts"
import { normalTail } from "./Detectors.ts"

const minute = 60_000
const hour = 60 * minute

/** Features after each bar; what a bar does not say is missing. */
const play = (bars: number, step: number, fill: (bar: CoinBar, index: number) => void) => {
  const features = new CoinFeatures()
  const bar = new CoinBar()
  return Array.from({ length: bars }, (_, index) => {
    bar.time = index * step
    bar.elapsed = index === 0 ? 0 : step
    bar.errorBps = 1
    fill(bar, index)
    features.update(bar)
    return features.values.slice()
  })
}
const of = (row: Float64Array, name: string) => {
  const index = coinFeatureNames.indexOf(name)
  assert.isAtLeast(index, 0, name)
  return row[index]!
}
const random = new Random(12)

describe("CoinFeatures", () => {
  it("are at least forty, each with a name of its own, in families of known directions", () => {
    assert.isAtLeast(coinFeatureNames.length, 40)
    assert.strictEqual(new Set(coinFeatureNames).size, coinFeatureNames.length)
    for (const { names, outward } of families) for (const name of outward) assert.include(names, name)
  })

  for (const [kind, step, fill] of [
    ["candles", minute, (bar: CoinBar) => ((bar.volume = 1000 + 100 * random.normal()), (bar.bought = 500))],
    ["hourly candles without sides", hour, (bar: CoinBar) => (bar.volume = 1000)],
    ["quotes", minute, (bar: CoinBar) => ((bar.spreadBps = 2), (bar.imbalance = 0.1), (bar.depth = 1e5), (bar.micropriceBps = 0.1))],
    ["trades", minute, (bar: CoinBar) => ((bar.volume = 10), (bar.bought = 4))],
    ["oracle rounds, hours apart", 7 * hour, (bar: CoinBar) => ((bar.oracleGapBps = 1), (bar.oracleAge = hour))]
  ] as const) {
    it(`answer, or say that they cannot, when only ${kind} exist`, () => {
      const rows = play(400, step, (bar) => {
        bar.deviationBps = random.normal()
        bar.scaleBps = 1
        fill(bar)
      })
      const last = rows.at(-1)!
      assert.isTrue(last.every((value) => Number.isNaN(value) || Number.isFinite(value)))
      assert.isAtLeast(last.filter((value) => !Number.isNaN(value)).length, 35)
      for (const name of ["distance_bps", "slope_1h", "volatility_1h", "rsi", "first_passage_1h"])
        assert.isFalse(Number.isNaN(of(last, name)), name)
      if (kind !== "quotes") assert.isNaN(of(last, "spread_bps"))
      if (kind === "quotes" || kind.startsWith("oracle")) assert.isNaN(of(last, "volume_surge_1h"))
      assert.isNaN(of(last, "peers_mean_bps"))
    })
  }

  it("tell a fall and a rise of the same size alike, but for the sign", () => {
    const walk = Array.from({ length: 300 }, () => random.normal())
    const go = (side: number) =>
      play(300, minute, (bar, index) => {
        bar.deviationBps = side * (3 + index * 0.2 + walk[index]!)
        bar.cusum = side * index
        bar.volume = 1000
        bar.bought = 500 + side * 300
      }).at(-1)!
    const down = go(-1)
    const up = go(1)
    for (const [index, name] of coinFeatureNames.entries()) {
      if (name === "deviation_bps") assert.closeTo(down[index]!, -up[index]!, 1e-9)
      // A drawdown is a fall, and a profile counts from below: they have sides by nature.
      else if (name !== "drawdown_bps" && name !== "profile_position" && !Number.isNaN(up[index]!))
        assert.closeTo(down[index]!, up[index]!, 1e-6, name)
    }
    assert.isAbove(of(down, "slope_1h"), 0)
    assert.isAbove(of(down, "flow_1h"), 0)
  })

  it("mean the same on any spacing of bars", () => {
    const at = (step: number) =>
      play(Math.round((48 * hour) / step), step, (bar) => {
        bar.deviationBps = -10 * (bar.time / hour / 48)
        bar.scaleBps = 1
      }).at(-1)!
    const fine = at(minute)
    const coarse = at(15 * minute)
    for (const name of ["slope_1h", "slope_4h", "slope_24h", "week_distance_bps", "macd_bps"]) {
      assert.closeTo(of(coarse, name) / of(fine, name), 1, 0.3, name)
    }
  })

  it("see a run, a jump, contagion and a drain where they happen", () => {
    const rows = play(3000, minute, (bar, index) => {
      const late = index >= 2940
      bar.deviationBps = random.normal() - (late ? 8 + (index - 2940) / 2 : 0)
      bar.scaleBps = 1
      bar.volume = late ? 20_000 : 1000
      bar.bought = bar.volume * (late ? 0.1 : 0.5)
      bar.peersWorstBps = late ? -200 : -1
      bar.peersMeanBps = late ? -100 : 0
      bar.poolDepth = late ? 1e5 : 1e6
      bar.poolImbalance = late ? 0.6 : 0
      bar.marketPrice = 20_000 * (late ? 0.95 : 1)
    })
    const before = rows[2900]!
    const after = rows[2990]!
    for (const [name, least] of [
      ["volume_surge_1h", 1],
      ["flow_1h", 0.4],
      ["robust_score", 8],
      ["slope_1h", 5],
      ["peers_worst_bps", 100],
      ["pool_imbalance", 0.5],
      ["drawdown_bps", 8]
    ] as const) {
      assert.isAbove(of(after, name) - of(before, name), least, name)
    }
    assert.isBelow(of(after, "pool_drain"), -1)
    assert.isAbove(of(after, "market_return_bps"), 100)
  })

  it("allocate next to nothing while they are brought up to date", () => {
    const features = new CoinFeatures()
    const bar = new CoinBar()
    const run = (count: number) => {
      for (let index = 0; index < count; index++) {
        bar.time += minute
        bar.elapsed = minute
        bar.deviationBps = (index % 17) - 8
        bar.volume = index % 100
        features.update(bar)
      }
    }
    run(50_000)
    const grown = Array.from({ length: 5 }, () => {
      const before = process.memoryUsage().heapUsed
      run(10_000)
      return process.memoryUsage().heapUsed - before
    })
    // One box of 16 bytes for each of the features would take 13 MB of 10,000 bars. A call that V8 does not inline boxes its numbers, some 50 bytes a bar:
    // how many there are hangs on what ran before. What runs beside the test allocates as well: the least counts.
    assert.isBelow(Math.min(...grown), 2_000_000)
  })
})

describe("Decay", () => {
  it("is the mean, the total and the covariance with weights that fall by e in a span", () => {
    const span = 10 * minute
    const xs = Array.from({ length: 60 }, () => random.normal())
    const ys = xs.map((x) => 2 * x + random.normal())
    const weights = xs.map((_, index) => Math.exp((-(59 - index) * minute) / span))
    const total = new Total(span)
    const pair = new Pair(span)
    const mean = new Mean(span)
    for (const [index, x] of xs.entries()) {
      total.update(x, index === 0 ? 0 : minute)
      pair.update(x, ys[index]!, minute)
      mean.update(x, minute)
    }
    assert.closeTo(
      total.value,
      xs.reduce((sum, x, index) => sum + x * weights[index]!, 0),
      1e-9
    )
    const mass = weights.reduce((sum, weight) => sum + weight, 0)
    const centre = (values: ReadonlyArray<number>) => values.reduce((sum, value, index) => sum + value * weights[index]!, 0) / mass
    const [mx, my] = [centre(xs), centre(ys)]
    const moment = (a: ReadonlyArray<number>, ma: number, b: ReadonlyArray<number>, mb: number) =>
      a.reduce((sum, value, index) => sum + weights[index]! * (value - ma) * (b[index]! - mb), 0)
    assert.closeTo(pair.beta, moment(xs, mx, ys, my) / moment(xs, mx, xs, mx), 1e-9)
    assert.closeTo(pair.correlation, moment(xs, mx, ys, my) / Math.sqrt(moment(xs, mx, xs, mx) * moment(ys, my, ys, my)), 1e-9)
    assert.isNaN(new Pair(span).beta)
    const known = mean.value
    assert.strictEqual(mean.update(Number.NaN, minute), known)
  })

  it("the normal tail is right on both sides", () => {
    for (const [x, tail] of [
      [0, 0.5],
      [1, 0.15865525],
      [-1, 0.84134475],
      [3, 0.001349898]
    ] as const)
      assert.closeTo(normalTail(x), tail, 1e-7)
  })
})
