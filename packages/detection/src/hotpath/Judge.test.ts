import { assert, describe, it } from "@effect/vitest"
import { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { Schema } from "effect"
import { candle, candleMarket, minute, startsAt, tick } from "../../test/support/Candles.ts"
import { type LocalFrame, LocalHotPath } from "../host/LocalHotPath.ts"
import { venueCounters } from "./Counters.ts"
import type { HotPathOptions } from "./HotPath.ts"
import { coinState } from "./SignalRecord.ts"

const setup = (over: Partial<HotPathOptions> = {}) => {
  const local = new LocalHotPath({ ...candleMarket, ...over })
  const changes: Array<LevelChange> = []
  const row = new Float64Array(local.state.fields)
  return {
    local,
    changes,
    feed: (...frames: ReadonlyArray<LocalFrame>) => {
      for (const frame of frames) local.feed(frame)
      local.signals({ levelChange: (change) => changes.push(change) })
    },
    errorBps: (coin: number) => {
      local.state.read(coin, row)
      return row[coinState.errorBps]!
    }
  }
}

const at = (minutes: number) => startsAt + minutes * minute
const words = (changes: ReadonlyArray<LevelChange>) =>
  changes.map(({ coin, kind, level, previous, time }) => `${(time - startsAt) / minute} ${coin} ${previous} → ${level} (${kind})`)

/** USDC at a price on its dollar pair, with USDT at one dollar. */
const bar = (minutes: number, usdc: number): ReadonlyArray<LocalFrame> => [candle(0, at(minutes), usdc), candle(1, at(minutes), 1)]

describe("Judge", () => {
  it("decides on the grid of bars, and confirms with the third", () => {
    const { changes, feed } = setup()
    for (let n = 0; n < 60; n++) feed(...bar(n, 1 + (n % 2) * 1e-5))
    for (let n = 60; n < 65; n++) feed(...bar(n, 0.99))
    assert.deepStrictEqual(words(changes), ["60 USDC normal → watch (break)", "62 USDC watch → critical (break)"])
  })

  it("is not blinded by a price that no market has", () => {
    for (const absurd of [1e300, 1e-300, 1e12]) {
      const { changes, feed, local } = setup()
      for (let n = 0; n < 60; n++) feed(...bar(n, 1 + (n % 2) * 1e-5))
      feed(candle(0, at(60), absurd), candle(1, at(60), 1))
      for (let n = 61; n < 90; n++) feed(...bar(n, 1 + (n % 2) * 1e-5))
      for (let n = 90; n < 95; n++) feed(...bar(n, 0.99))
      assert.deepStrictEqual(words(changes), ["90 USDC normal → watch (break)", "92 USDC watch → critical (break)"], String(absurd))
      assert.strictEqual(local.counters[venueCounters.indexOf("implausible")], 1)
    }
  })

  it("calls a coin stale that has had no price for too long, as time passes and not before, and takes it back with its level", () => {
    const { changes, errorBps, feed } = setup()
    feed(tick(at(0)))
    for (let n = 0; n < 5; n++) feed(...bar(n, 0.98))
    feed(...bar(5, 0.98))
    const known = changes.length
    assert.strictEqual(changes.at(-1)?.level, "critical")
    const before = errorBps(0)
    feed(tick(at(6)))
    assert.lengthOf(changes, known, "a minute is not too long")
    feed(tick(at(6.01)), tick(at(6.02)), tick(at(30)))
    assert.deepStrictEqual(words(changes.slice(known)), ["6.01 USDC critical → stale (stale)", "6.01 USDT normal → stale (stale)"])
    assert.isAbove(changes.at(-2)!.errorBps, before, "the error bar has widened with age")
    feed(...bar(31, 0.98), tick(at(31.01)))
    assert.deepStrictEqual(words(changes.slice(known + 2)), [
      "31.01 USDC stale → critical (recovery)",
      "31.01 USDT stale → normal (recovery)"
    ])
  })

  it("calls a coin stale that was never seen, from the first moment on that time passed", () => {
    const { changes, feed } = setup({ staleAfterMillis: 10_000 })
    feed(tick(at(0)), tick(at(0) + 9_999))
    assert.lengthOf(changes, 0)
    feed(tick(at(0) + 10_001))
    assert.deepStrictEqual(
      changes.map(({ coin, level }) => `${coin} ${level}`),
      ["USDC stale", "USDT stale"]
    )
    assert.isTrue(changes.every(Schema.is(LevelChange)), "it can be written into the log")
  })

  it("calls nothing stale where no time passes by itself, as in a replay of prices", () => {
    const { changes, feed } = setup()
    feed(...bar(0, 1), ...bar(10_000, 1 + 1e-5), ...bar(10_001, 1))
    assert.deepStrictEqual(words(changes), [])
  })

  it("calls the one source apart a dislocation while two others hold", () => {
    const { changes, feed } = setup({
      instruments: [
        ...candleMarket.instruments,
        { venue: "binance", symbol: "USDCUSD", base: "USDC", quote: "USD" },
        { venue: "binance", symbol: "USDCUSD2", base: "USDC", quote: "USD" }
      ]
    })
    const all = (n: number, apart: number) =>
      feed(...bar(n, 1), candle(2, at(n), 1), { ...candle(3, at(n), apart), venue: 1 }, { ...candle(4, at(n), 1), venue: 1 })
    for (let n = 0; n < 30; n++) all(n, 1)
    for (let n = 30; n < 36; n++) all(n, 0.985)
    assert.strictEqual(changes[0]?.kind, "local")
    assert.deepInclude(changes[0], { coin: "USDC", level: "warning" })
    assert.isTrue(changes.every(({ level }) => level === "warning"))
    assert.deepInclude(changes[0]!.venues.own[0], { level: "critical" })
  })

  it("names the coin that fell earlier and farther", () => {
    const { changes, feed } = setup({ instruments: [...candleMarket.instruments] })
    for (let n = 0; n < 60; n++) feed(...bar(n, 1 + (n % 2) * 1e-5))
    for (let n = 60; n < 70; n++) feed(...bar(n, 0.95))
    for (let n = 70; n < 80; n++) feed(candle(0, at(n), 0.95), candle(1, at(n), 0.99))
    const last = changes.findLast(({ coin }) => coin === "USDT")
    assert.strictEqual(last?.evidence.carrier, "USDC")
    assert.isNull(changes.findLast(({ coin }) => coin === "USDC")!.evidence.carrier)
  })
})
