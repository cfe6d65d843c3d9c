/**
 * `GET /metrics`: Prometheus' text format, or OpenMetrics where the scraper prefers it, in which histograms carry exemplars.
 */
import { openMetricsText, openMetricsType, prefersOpenMetrics, prometheusHistograms } from "@evenkeel/runtime/telemetry/OpenMetrics"
import { Effect, Layer, Metric } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { EngineStatus } from "./EngineStatus.ts"

const textType = "text/plain; version=0.0.4; charset=utf-8"

export const layerMetrics = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const { histograms } = yield* EngineStatus
    yield* router.add(
      "GET",
      "/metrics",
      Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        if (prefersOpenMetrics(headers["accept"]))
          return HttpServerResponse.text(openMetricsText(yield* Metric.snapshot, yield* histograms), { contentType: openMetricsType })
        const text = yield* PrometheusMetrics.format()
        return HttpServerResponse.text(`${text.trimEnd()}\n${prometheusHistograms(yield* histograms)}`, { contentType: textType })
      })
    )
  })
)
