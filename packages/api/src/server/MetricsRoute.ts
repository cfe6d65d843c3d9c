/** `/metrics`: what the engine counts, and its histograms, as Prometheus reads them. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { EngineStatus } from "./EngineStatus.ts"

export const layerMetricsRoute = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const { histograms } = yield* EngineStatus
    yield* router.add(
      "GET",
      "/metrics",
      Effect.gen(function* () {
        const metrics = yield* PrometheusMetrics.format()
        return HttpServerResponse.text(`${metrics.trimEnd()}\n${yield* histograms}`, {
          contentType: "text/plain; version=0.0.4; charset=utf-8"
        })
      })
    )
  })
)
