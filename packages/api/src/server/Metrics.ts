/**
 * `GET /metrics`: Prometheus' text format, or OpenMetrics where the scraper prefers it, in which histograms carry exemplars.
 *
 * Histograms that are kept outside of Effect's metrics are those of `Histograms`: whoever has some provides it.
 */
import {
  openMetricsText,
  openMetricsType,
  prefersOpenMetrics,
  prometheusHistograms,
  type ShownHistogram
} from "@evenkeel/runtime/telemetry/OpenMetrics"
import { Context, Effect, Layer, Metric } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"

/** As they are when somebody scrapes. */
export const Histograms = Context.Reference<() => ReadonlyArray<ShownHistogram>>("@evenkeel/api/server/Metrics/Histograms", {
  defaultValue: () => () => []
})

const textType = "text/plain; version=0.0.4; charset=utf-8"

export const layerMetrics = Layer.effectDiscard(
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const histograms = yield* Histograms
    yield* router.add(
      "GET",
      "/metrics",
      Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        if (prefersOpenMetrics(headers["accept"]))
          return HttpServerResponse.text(openMetricsText(yield* Metric.snapshot, histograms()), { contentType: openMetricsType })
        const text = yield* PrometheusMetrics.format()
        return HttpServerResponse.text(text + prometheusHistograms(histograms()), { contentType: textType })
      })
    )
  })
)
