/** Publishes what the engine knows of coins and of itself, each second, for the rules that people write; see `alerting/rule/Signal` for what each means. */
import { Signals } from "@evenkeel/alerting/rule/Signals"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Detection } from "@evenkeel/detection/host/Detection"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { freeRatio } from "@evenkeel/store/retention/DiskSpace"
import { Effect, Layer } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { coinReadings, engineReadings, SupplyHistory } from "./SignalReadings.ts"

const publishEvery = "1 second"
const hangsAfter = "10 seconds"
/** The disk is asked once in so many looks. */
const diskEvery = 10

/** `directory` is the data directory. */
export const layerEngineSignals = (directory: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const clock = yield* MarketClock
      const detection = yield* Detection
      const health = yield* HealthRegistry
      const signals = yield* Signals
      const supervisor = yield* Supervisor
      const view = yield* EngineView
      const supplies = new SupplyHistory()
      const delay = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const histogram = monitorEventLoopDelay()
          histogram.enable()
          return histogram
        }),
        (histogram) => Effect.sync(() => histogram.disable())
      )
      let looks = 0
      let disk: number | null = null
      const publish = Effect.gen(function* () {
        if (looks++ % diskEvery === 0) disk = yield* Effect.orElseSucceed(freeRatio(directory), () => null)
        const disputed = (coin: string) => {
          const state = detection.coin(detection.coins.findIndex(({ symbol }) => symbol === coin))
          return state?.change === "disputed" && state.level !== "normal" && state.level !== "stale"
        }
        yield* signals.publish("coins", coinReadings(view.coins(), { disputed, now: clock(), supplies }))
        const seconds = delay.max / 1e9
        delay.reset()
        yield* signals.publish("engine", engineReadings(yield* health.snapshot, { disk, eventLoopDelaySeconds: seconds }))
      })
      yield* supervisor.superviseBeating(
        "engine-signals",
        (beat) => publish.pipe(Effect.andThen(beat), Effect.andThen(Effect.sleep(publishEvery)), Effect.forever),
        hangsAfter
      )
    })
  )
