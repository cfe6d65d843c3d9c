/** Copies the engine's state and counts into metrics, for whoever scrapes. */
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { Detection } from "@evenkeel/detection/host/Detection"
import { venueCounters } from "@evenkeel/detection/hotpath/Counters"
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { RecentHistogram } from "@evenkeel/runtime/telemetry/RecentHistogram"
import { Clock, Effect, Layer, Metric } from "effect"

const metricsEvery = "1 second"
const hangsAfter = "10 seconds"
/** Frames that were used are no refusals, nor are measurements. */
const used = ["market", "control", "timed", "untimed", "ahead"]

export const layerEngineMetrics = Layer.effectDiscard(
  Effect.gen(function* () {
    const supervisor = yield* Supervisor
    const view = yield* EngineView
    const detection = yield* Detection
    const feed = yield* MarketFeed
    const venues = yield* Venues
    const sink = yield* FrameSink
    const health = yield* HealthRegistry
    const latency = new RecentHistogram(detection.latency)
    yield* Metric.update(Metrics.simulated, view.simulated ? 1 : 0)
    const seen = new Map<string, number>()
    /** A counter that is kept elsewhere: adds what came since the last look. */
    const catchUp = (key: string, total: number, metric: Metric.Metric<number, unknown>) => {
      const more = total - (seen.get(key) ?? 0)
      seen.set(key, total)
      return more > 0 ? Metric.update(metric, more) : Effect.void
    }

    const updateCoins = Effect.suspend(() =>
      Effect.forEach(
        view.coins(),
        Effect.fnUntraced(function* ({ coin, deviationBps, errorBps, fairValue, level }) {
          yield* Metric.update(Metric.withAttributes(Metrics.level, { coin }), severity(level))
          yield* Metric.update(Metric.withAttributes(Metrics.stale, { coin }), level === "stale" ? 1 : 0)
          if (fairValue === null) return
          yield* Metric.update(Metric.withAttributes(Metrics.fairValue, { coin }), fairValue)
          yield* Metric.update(Metric.withAttributes(Metrics.deviationBps, { coin }), deviationBps ?? 0)
          yield* Metric.update(Metric.withAttributes(Metrics.errorBps, { coin }), errorBps ?? 0)
        }),
        { discard: true }
      )
    )
    const updateVenues = Effect.suspend(() =>
      Effect.forEach(
        feed.counts(),
        Effect.fnUntraced(function* ({ dropped, frames, venue }) {
          yield* catchUp(`frames ${venue}`, frames, Metric.withAttributes(Metrics.framesReceived, { venue }))
          yield* catchUp(`dropped ${venue}`, dropped, Metric.withAttributes(Metrics.framesDropped, { venue }))
          const number = venues.wireNumber(venue)
          for (const [index, outcome] of venueCounters.entries()) {
            if (used.includes(outcome)) continue
            const metric = Metric.withAttributes(Metrics.framesRefused, { venue, outcome })
            yield* catchUp(`${outcome} ${venue}`, detection.counter(number, index), metric)
          }
        }),
        { discard: true }
      )
    )
    const updateEngine = Effect.gen(function* () {
      const recent = latency.at(yield* Clock.currentTimeMillis)
      for (const quantile of [0.5, 0.99]) {
        const nanos = recent.quantile(quantile)
        if (Number.isFinite(nanos))
          yield* Metric.update(Metric.withAttributes(Metrics.publishToScore, { quantile: String(quantile) }), nanos / 1e9)
      }
      yield* catchUp("scores dropped", detection.scoresDropped(), Metrics.scoresDropped)
      yield* Metric.update(Metric.withAttributes(Metrics.ringFill, { ring: "frames" }), sink.fill())
      for (const { component, gauges, status } of yield* health.snapshot) {
        const up = status === "running" || status === "degraded" ? 1 : 0
        yield* Metric.update(Metric.withAttributes(Metrics.componentStatus, { component }), up)
        if (component === "alerts") yield* Metric.update(Metrics.alertsUnwatched, gauges["unwatched"] ?? 0)
        if (component !== "dispatcher") continue
        yield* Metric.update(Metrics.outboxPending, gauges["outbox_pending"] ?? 0)
        yield* Metric.update(Metrics.outboxAbandoned, gauges["outbox_abandoned"] ?? 0)
        yield* Metric.update(Metrics.outboxUnnoted, gauges["outbox_unnoted"] ?? 0)
      }
    })
    yield* supervisor.superviseBeating(
      "metrics",
      ({ beat, waiting }) =>
        updateCoins.pipe(
          Effect.andThen(updateVenues),
          Effect.andThen(updateEngine),
          Effect.andThen(beat),
          Effect.andThen(waiting(Effect.sleep(metricsEvery))),
          Effect.forever
        ),
      hangsAfter
    )
  })
)
