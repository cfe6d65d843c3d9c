import { assert, describe, it } from "@effect/vitest"
import { Bridges } from "./Bridges.ts"

const second = 1000
/** One bridge and its pairs, all at 100 at first, seen every `step` ms; `bpsOf` is how far a pair has moved by then, NaN while it is silent. */
const play = (bpsOf: (pair: number, at: number) => number, until: number, step = second, pairs = 3) => {
  const bridges = new Bridges(1, pairs)
  for (let pair = 0; pair < pairs; pair++) bridges.connect(pair, 0, pair, pair)
  for (let at = 0; at <= until; at += step) {
    for (let pair = 0; pair < pairs; pair++) bridges.observe(pair, 100 * Math.exp(bpsOf(pair, at) / 1e4), 1, at)
    bridges.sample(at)
  }
  return bridges
}

describe("Bridges", () => {
  it("has a floor under the volatility of a bridge that stands still", () => {
    assert.strictEqual(play(() => 0, 300 * second).volatilityBps(0), 5)
  })

  it("sees a fall while it lasts, and forgets it over the following hour", () => {
    const falls = (_: number, at: number) => -Math.min(1000, Math.max(0, ((at - 60 * second) * 1000) / (60 * second)))
    assert.isAbove(play(falls, 80 * second).volatilityBps(0), 300)
    assert.isAbove(play(falls, 120 * second).volatilityBps(0), 900)
    const after = play(falls, 3720 * second).volatilityBps(0)
    assert.isBelow(after, 200)
    assert.isAbove(after, 50)
  })

  it("takes the move of one pair of two or three for the coin's, and that of the only one that speaks for the bridge's", () => {
    const one = (pair: number, at: number) => (pair === 0 && at >= 60 * second ? 300 : 0)
    for (const pairs of [2, 3]) assert.strictEqual(play(one, 70 * second, second, pairs).volatilityBps(0), 5)
    const alone = (pair: number, at: number) => (pair === 0 ? one(pair, at) : at < 30 * second ? 0 : Number.NaN)
    assert.isAbove(play(alone, 70 * second).volatilityBps(0), 250)
  })

  it("measures moves of minutes and of hours alike", () => {
    const wave = (_: number, at: number) => ((at / (3600 * second)) % 2 === 0 ? 0 : 60)
    assert.closeTo(play(wave, 40 * 3600 * second, 3600 * second).volatilityBps(0), 60 / Math.sqrt(60), 0.1)
  })

  it("passes over what is no price, and forgets what is withdrawn or another instrument's", () => {
    const bridges = play(() => 0, 10 * second)
    for (const price of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) bridges.observe(0, price, 1, 11 * second)
    bridges.observe(0, 100, Number.NaN, 11 * second)
    assert.strictEqual(bridges.time[0], 10 * second)
    bridges.withdraw(0)
    bridges.connect(1, -1, -1, -1)
    assert.deepStrictEqual(
      [0, 1, 2].map((pair) => bridges.speaks(pair, 0, 11 * second)),
      [false, false, true]
    )
    assert.isFalse(bridges.speaks(2, 0, 200 * second), "it has been silent for too long")
  })

  it("goes on from what was saved to the same bits", () => {
    const moves = (pair: number, at: number) => 30 * Math.sin(at / 7000 + pair / 9)
    const whole = play(moves, 200 * second)
    const first = play(moves, 100 * second)
    const other = new Bridges(1, 3)
    other.loadBridge(0, first.saveBridge(0))
    for (let pair = 0; pair < 3; pair++) {
      other.connect(pair, 0, pair, pair)
      other.load(pair, first.save(pair))
    }
    for (let at = 101 * second; at <= 200 * second; at += second) {
      for (let pair = 0; pair < 3; pair++) other.observe(pair, 100 * Math.exp(moves(pair, at) / 1e4), 1, at)
      other.sample(at)
    }
    assert.deepStrictEqual(other.saveBridge(0), whole.saveBridge(0))
    assert.deepStrictEqual(other.save(1), whole.save(1))
  })
})
