import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { serialize } from "node:v8"
import { candle, candleMarket, candles, minute, startsAt } from "../../test/support/Candles.ts"
import { type LocalFrame, LocalHotPath } from "../host/LocalHotPath.ts"
import { checkpointTime } from "./Checkpoint.ts"
import type { HotPathOptions } from "./HotPath.ts"

/** Ten days: order flow knows what is usual, then USDC is sold and breaks. */
const days = 10
const breaksAt = (days - 1) * 1440
const market = candles(days * 1440, breaksAt)

const play = (local: LocalHotPath, frames: ReadonlyArray<LocalFrame>): ReadonlyArray<LevelChange> => {
  const changes: Array<LevelChange> = []
  for (const frame of frames) {
    local.feed(frame)
    local.signals({ levelChange: (change) => changes.push(change) })
  }
  return changes
}

describe("a checkpoint", () => {
  it("lets another hot path go on to the same bits, also in the middle of a warning by order flow", () => {
    const whole = new LocalHotPath(candleMarket)
    const all = play(whole, market)
    assert.isTrue(
      all.some(({ evidence, level }) => level === "warning" && evidence.flow !== null),
      "the market has a warning by flow"
    )
    const warnedAt = all.find(({ level }) => level === "warning")!.time
    // In the flow warning, and in the middle of a bar: one of its three candles is in.
    const cut = market.findIndex(({ received }) => received > warnedAt + 5 * minute) + 1
    const first = new LocalHotPath(candleMarket)
    const before = play(first, market.slice(0, cut))
    const second = new LocalHotPath(candleMarket)
    assert.isUndefined(second.hotPath.restore(first.hotPath.snapshot()))
    const after = play(second, market.slice(cut))
    assert.deepStrictEqual([...before, ...after], all)
    assert.isAbove(after.length, 0)
    assert.isTrue(Buffer.from(second.hotPath.snapshot()).equals(whole.hotPath.snapshot()))
  })

  it("is followed by silence about what is played again, and by the levels of the log", () => {
    const first = new LocalHotPath(candleMarket)
    const cut = market.findIndex(({ received }) => received > market[0]!.received + (breaksAt - 5) * minute)
    play(first, market.slice(0, cut))
    const checkpoint = first.hotPath.snapshot()
    const after = play(first, market.slice(cut, cut + 1500))
    assert.isAbove(after.length, 1)
    const second = new LocalHotPath(candleMarket)
    assert.isUndefined(second.hotPath.restore(checkpoint))
    second.hotPath.keepQuiet(Number.POSITIVE_INFINITY)
    assert.deepStrictEqual(play(second, market.slice(cut, cut + 1500)), [])
    // The engine was killed before its last change was recorded: the coin goes on from the one before it.
    const { coin, kind, level, time } = after.at(-2)!
    second.hotPath.resume([{ coin, level, kind, since: time, stale: false }])
    const [next] = play(second, market.slice(cut + 1500))
    assert.strictEqual(next?.previous, level)
  })

  it("without it, the warning by order flow is silent", () => {
    const cut = market.findIndex(({ received }) => received > market[0]!.received + (breaksAt - 5) * minute)
    const changes = play(new LocalHotPath(candleMarket), market.slice(cut))
    assert.isFalse(changes.some(({ evidence }) => evidence.flow !== null))
  })

  it("serves an engine that watches more than the one that took it", () => {
    const more: HotPathOptions = {
      ...candleMarket,
      coins: [coinOf("DAI")!, ...candleMarket.coins],
      instruments: [{ venue: "kraken", symbol: "DAI/USD", base: "DAI", quote: "USD" }, ...candleMarket.instruments]
    }
    const first = new LocalHotPath(candleMarket)
    play(first, market.slice(0, 6000))
    const second = new LocalHotPath(more)
    assert.isUndefined(second.hotPath.restore(first.hotPath.snapshot()))
    const shifted = market.slice(6000).map((frame) => ({ ...frame, instrument: frame.instrument! + 1 }))
    const levels = (changes: ReadonlyArray<LevelChange>) => changes.map(({ coin, level, time }) => `${time} ${coin} ${level}`)
    assert.deepStrictEqual(levels(play(second, shifted)), levels(play(first, market.slice(6000))))
  })

  it("goes on with what bridges said and how much they move, and serves engines with other bridges", () => {
    const bridged: HotPathOptions = {
      ...candleMarket,
      bridges: ["BTC"],
      instruments: [
        ...candleMarket.instruments.slice(0, 2),
        { venue: "binance", symbol: "BTCUSDC", base: "BTC", quote: "USDC" },
        { venue: "kraken", symbol: "BTC/USD", base: "BTC", quote: "USD" }
      ]
    }
    const frames = Array.from({ length: 200 }, (_, n) => {
      const time = startsAt + (n + 1) * minute
      const bitcoin = 60_000 * Math.exp(0.002 * Math.sin(n) + 0.001 * Math.sin(n / 7))
      return [candle(0, time, 1 + 1e-5 * (n % 5)), candle(3, time, bitcoin, 50), candle(2, time, bitcoin * (1 + 1e-5 * (n % 3)), 50)]
    }).flat()
    const whole = new LocalHotPath(bridged)
    play(whole, frames)
    // Between the two legs of a bar.
    const cut = 3 * 120 + 2
    const first = new LocalHotPath(bridged)
    play(first, frames.slice(0, cut))
    const checkpoint = first.hotPath.snapshot()
    const second = new LocalHotPath(bridged)
    assert.isUndefined(second.hotPath.restore(checkpoint))
    play(second, frames.slice(cut))
    assert.isTrue(Buffer.from(second.hotPath.snapshot()).equals(whole.hotPath.snapshot()))
    assert.isUndefined(new LocalHotPath({ ...bridged, bridges: [] }).hotPath.restore(checkpoint))
    const without = new LocalHotPath({ ...bridged, bridges: [] })
    play(without, frames.slice(0, cut))
    assert.isUndefined(new LocalHotPath({ ...bridged, bridges: ["ETH", "BTC"] }).hotPath.restore(without.hotPath.snapshot()))
  })

  it("is refused with its reason when it is damaged, of another version, or of other bars", () => {
    const first = new LocalHotPath(candleMarket)
    play(first, market.slice(0, 300))
    const bytes = first.hotPath.snapshot()
    const refused = (over: Partial<HotPathOptions>, checkpoint: Uint8Array) =>
      new LocalHotPath({ ...candleMarket, ...over }).hotPath.restore(checkpoint)
    const damaged = "it is damaged, or of another version"
    assert.strictEqual(refused({}, bytes.subarray(0, 100)), damaged)
    assert.strictEqual(refused({}, new Uint8Array(0)), damaged)
    // As an earlier version wrote it, without a sum.
    assert.strictEqual(refused({}, serialize({ format: 1 })), damaged)
    for (let bit = 0; bit < bytes.length * 8; bit += 49_999) {
      const altered = bytes.slice()
      altered[bit >> 3]! ^= 1 << (bit & 7)
      assert.strictEqual(refused({}, altered), damaged)
      assert.isUndefined(checkpointTime(altered))
    }
    assert.strictEqual(checkpointTime(bytes), market[299]!.received)
    assert.strictEqual(refused({ barMillis: 5000 }, bytes), "it was taken with bars of 60 s, and bars are 5 s")
    const fresh = new LocalHotPath(candleMarket)
    assert.isString(fresh.hotPath.restore(bytes.subarray(0, 100)))
    assert.deepStrictEqual(play(fresh, market.slice(0, 300)), play(new LocalHotPath(candleMarket), market.slice(0, 300)))
  })
})
