/** The engine's status as the API, `evenkeel status` and `evenkeel top` show it. */
import { EngineStatus } from "@evenkeel/api/server/EngineStatus"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { BucketedHistograms } from "@evenkeel/runtime/telemetry/BucketedHistograms"
import { Histograms } from "@evenkeel/runtime/telemetry/Metrics"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { Effect, Layer } from "effect"
import { version } from "../Version.ts"
import { degradationOf } from "./Degradation.ts"
import { EngineNumbers } from "./EngineNumbers.ts"
import { staleReasonOf } from "./Freshness.ts"
import { makeProfiling } from "./Profiling.ts"
import { stageSpans, type StageName } from "./StageSpans.ts"

export const layerEngineStatus = (options: { readonly data: string; readonly name: string; readonly simulated: boolean }) =>
  Layer.effect(
    EngineStatus,
    Effect.gen(function* () {
      const numbers = yield* EngineNumbers
      const health = yield* HealthRegistry
      const view = yield* EngineView
      const feed = yield* MarketFeed
      const { stageSeconds } = Histograms
      const family = new BucketedHistograms(stageSeconds.name, stageSeconds.description, stageSeconds.label)
      const startedAt = yield* monotonicMillis
      const status = Effect.gen(function* () {
        const look = numbers.last() ?? (yield* numbers.look)
        const away = feed.connectors.filter((connector) => connector.open() === 0).map(({ exchange }) => exchange.id)
        return {
          engine: {
            name: options.name,
            version,
            mode: options.simulated ? "demo" : "live",
            simulated: options.simulated,
            uptimeSeconds: ((yield* monotonicMillis) - startedAt) / 1000,
            pid: process.pid
          },
          ready: yield* health.ready,
          stale: view.coins().flatMap((coin) => {
            const why = staleReasonOf(coin, away)
            return why === undefined ? [] : [{ coin: coin.coin, why }]
          }),
          components: (yield* health.snapshot).map((component) => ({ ...component, degradation: degradationOf(component.component) })),
          stages: look.stages.map((stage) => ({ ...stage, span: stageSpans[stage.stage as StageName] })),
          process: look.process,
          bottleneck: look.bottleneck ?? null
        }
      })
      return EngineStatus.of({
        status,
        histograms: Effect.sync(() => family.shown(numbers.histograms())),
        ...(yield* makeProfiling(options.data))
      })
    })
  )
