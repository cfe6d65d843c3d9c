import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { type Reading, Signals } from "./Signals.ts"

const deviation = (coin: string, value: number | null): Reading => ({ signal: "deviation", labels: { coin }, value })

describe("Signals", () => {
  it.effect("has what each source said last, and forgets what a source leaves out", () =>
    Effect.gen(function* () {
      const { publish, readings } = yield* Signals
      yield* publish("coins", [deviation("USDC", 1), deviation("DAI", null)])
      yield* publish("oracles", [{ signal: "oracleGap", labels: { coin: "USDC", oracle: "chainlink" }, value: 3 }])
      assert.lengthOf(yield* readings, 3)
      yield* publish("coins", [deviation("USDC", 2)])
      assert.deepStrictEqual(
        (yield* readings).map(({ signal, value }) => `${signal} ${value}`),
        ["deviation 2", "oracleGap 3"]
      )
    }).pipe(Effect.provide(Signals.layer.pipe(Layer.provideMerge(HealthRegistry.layer))))
  )

  it.effect("refuses and counts what is no reading, one by one", () =>
    Effect.gen(function* () {
      const { publish, readings } = yield* Signals
      const strange = { signal: "constructor", labels: {}, value: 1 } as object as Reading
      const wrong = [
        deviation("USDC", Number.NaN),
        deviation("USDC", Infinity),
        deviation("", 1),
        deviation("x".repeat(300), 1),
        { ...deviation("USDC", 1), labels: {} },
        { ...deviation("USDC", 1), labels: { coin: "USDC", venue: "kraken" } },
        { ...deviation("USDC", 1), labels: { venue: "kraken" } },
        strange
      ]
      yield* publish("coins", [...wrong, deviation("USDC", 5)])
      assert.deepStrictEqual(yield* readings, [deviation("USDC", 5)])
      const [health] = yield* (yield* HealthRegistry).snapshot
      assert.deepInclude(health, { component: "rule-signals", status: "degraded", gauges: { refused: wrong.length } })
    }).pipe(Effect.provide(Signals.layer.pipe(Layer.provideMerge(HealthRegistry.layer))))
  )

  it.effect("knows nothing any more of a source that has said nothing for a minute", () =>
    Effect.gen(function* () {
      const { publish, readings } = yield* Signals
      yield* publish("coins", [deviation("USDC", 1)])
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* readings, [deviation("USDC", 1)])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* readings, [deviation("USDC", null)])
    }).pipe(Effect.provide(Signals.layer.pipe(Layer.provideMerge(HealthRegistry.layer))))
  )
})
