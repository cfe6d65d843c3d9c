import { assert, describe, it } from "@effect/vitest"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { Detection } from "@evenkeel/detection/host/Detection"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { LatencyMeter, LatencyStages } from "@evenkeel/runtime/telemetry/LatencyStages"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { tmpdir } from "node:os"
import { EngineNumbers } from "./EngineNumbers.ts"

describe("EngineNumbers", () => {
  it.effect("looks at stages, components, the process and the bottleneck", () => {
    let busyNanos = 0
    const score = new Histogram()
    const sink = FrameSink.of({ offer: () => true, tick: () => true, counts: [], fill: () => 0.4 })
    return Effect.gen(function* () {
      const numbers = yield* EngineNumbers
      const health = yield* HealthRegistry
      assert.isUndefined(numbers.last(), "before the first look nothing is known")
      yield* health.report("kraken#0", "restarting")
      yield* health.restarted("kraken#0")
      yield* numbers.look
      score.record(2e6)
      busyNanos = 950e6
      yield* TestClock.adjust("1 second")
      const look = yield* numbers.look
      assert.match(look.bottleneck ?? "", /^the hot path: its ring is 40% full and its thread 95% busy/)
      assert.closeTo(look.hotPathBusy, 0.95, 1e-6)
      assert.deepInclude(
        look.components.find(({ component }) => component === "kraken#0"),
        { status: "restarting", restarts: 1 }
      )
      const p99Of = (stage: string) => look.stages.find((each) => each.stage === stage)?.recent.p99 ?? null
      assert.closeTo(p99Of("score")!, 2e6, 5e4)
      assert.isNull(p99Of("record"), "of what was not measured there is no number")
      assert.strictEqual(numbers.last(), look)
      assert.strictEqual(look.stages.find(({ stage }) => stage === "receive")?.unknown, "the market's time is not the clock's")
    }).pipe(
      Effect.provide(
        EngineNumbers.layer({ directory: tmpdir(), simulated: true }).pipe(
          Layer.provideMerge(MarketFeed.layerTest),
          Layer.provideMerge(Layer.succeed(FrameSink, sink)),
          Layer.provideMerge(Detection.layerTest({ latency: score, busyNanos: () => busyNanos })),
          Layer.provideMerge(Layer.sync(LatencyStages, () => new LatencyMeter())),
          Layer.provideMerge(HealthRegistry.layer)
        )
      )
    )
  })
})
