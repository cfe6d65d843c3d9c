import { assert, describe, it } from "@effect/vitest"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { Effect, Fiber, Stream } from "effect"
import { Instruments } from "./Instruments.ts"

const pair = (symbol: string, venue = "kraken"): Instrument => ({
  venue,
  symbol,
  base: symbol.split("/")[0]!,
  quote: symbol.split("/")[1]!
})
const usdc = pair("USDC/USD")
const usdt = pair("USDT/USD")
const dai = pair("DAI/USD")
const pyusd = pair("PYUSD/USD")
const layer = Instruments.layer({ instruments: [usdc, usdt], spares: 2 })

describe("Instruments", () => {
  it.effect("numbers the first ones by position and finds them both ways", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      assert.deepStrictEqual(instruments.list(), [
        { instrument: usdc, number: 0 },
        { instrument: usdt, number: 1 }
      ])
      assert.deepStrictEqual(instruments.byNumber(1), usdt)
      assert.isUndefined(instruments.byNumber(2))
      assert.strictEqual(instruments.numberOf("kraken", "USDT/USD"), 1)
      assert.isUndefined(instruments.numberOf("okx", "USDT/USD"))
      assert.strictEqual(instruments.capacity, 4)
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives a listed pair the next number, the same one when it is added again", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      assert.strictEqual(yield* instruments.add(dai), 2)
      assert.strictEqual(yield* instruments.add(dai), 2)
      assert.strictEqual(yield* instruments.add(usdc), 0)
      assert.strictEqual(instruments.list().length, 3)
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives a pair that comes back its own number, and freed numbers to others only when no new one is left, the oldest first", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      yield* instruments.add(dai)
      yield* instruments.remove(2)
      assert.strictEqual(yield* instruments.add(pyusd), 3, "as long as there are new numbers")
      assert.strictEqual(yield* instruments.add(dai), 2)
      yield* instruments.remove(3)
      yield* instruments.remove(2)
      const usde = pair("USDE/USD", "okx")
      assert.strictEqual(yield* instruments.add(usde), 3)
      assert.deepStrictEqual(instruments.byNumber(3), usde)
      assert.strictEqual(yield* instruments.add(pyusd), 2, "its own number has been taken")
      yield* instruments.remove(0)
      assert.strictEqual((yield* Effect.flip(instruments.add(dai)))._tag, "InstrumentsFull", "the first ones' places are theirs")
      assert.strictEqual(yield* instruments.add(usdc), 0)
    }).pipe(Effect.provide(layer))
  )

  it.effect("refuses what no longer fits", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      assert.isTrue(yield* instruments.remove(0))
      assert.isFalse(yield* instruments.remove(0))
      assert.isUndefined(instruments.numberOf("kraken", "USDC/USD"))
      assert.deepStrictEqual(instruments.byNumber(0), usdc)
      assert.strictEqual(yield* instruments.add(dai), 2)
      assert.strictEqual(yield* instruments.add(pyusd), 3)
      const error = yield* Effect.flip(instruments.add(pair("USDE/USD")))
      assert.deepInclude(error, { _tag: "InstrumentsFull", venue: "kraken", symbol: "USDE/USD", capacity: 4 })
      assert.deepStrictEqual(
        instruments.list().map(({ number }) => number),
        [1, 2, 3]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("tells each listener every change, in order", () =>
    Effect.gen(function* () {
      const instruments = yield* Instruments
      const listen = instruments.changes.pipe(Stream.take(3), Stream.runCollect, Effect.forkChild({ startImmediately: true }))
      const listeners = [yield* listen, yield* listen]
      yield* instruments.add(dai)
      yield* instruments.add(dai)
      yield* instruments.remove(2)
      yield* instruments.add(pyusd)
      for (const listener of listeners) {
        assert.deepStrictEqual(
          (yield* Fiber.join(listener)).map(({ instrument, kind, number }) => `${kind} ${instrument.symbol} ${number}`),
          ["listed DAI/USD 2", "delisted DAI/USD 2", "listed PYUSD/USD 3"]
        )
      }
    }).pipe(Effect.provide(layer))
  )
})
