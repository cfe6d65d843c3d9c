/** Copies the engine's state and counts into metrics, for whoever scrapes. */
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import type { ProcessView } from "@evenkeel/api/contract/group/Status"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { Detection } from "@evenkeel/detection/host/Detection"
import { venueCounters } from "@evenkeel/detection/hotpath/Counters"
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import { type ComponentHealth, HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Effect, Layer, Metric } from "effect"
import { EngineNumbers } from "../status/EngineNumbers.ts"
import { BreakProbabilities } from "./BreakProbabilities.ts"
import { alertSeverities } from "./Unwatched.ts"

const metricsEvery = "1 second"
/** A look copies numbers: it takes no time on a healthy machine. */
const hangsAfter = "5 seconds"
/** Frames that were used are no refusals, nor are measurements. */
const used = ["market", "control", "timed", "untimed", "ahead"]

/** Counts of things that may never happen are there from the start: a rate needs something to rise from. */
const beginAtZero = (venues: ReadonlyArray<string>, receivers: ReadonlyArray<string>) =>
  Effect.forEach(
    [
      ...venues.flatMap((venue) => [
        Metric.withAttributes(Metrics.reconnects, { venue }),
        Metric.withAttributes(Metrics.cutOff, { venue }),
        Metric.withAttributes(Metrics.framesDropped, { venue })
      ]),
      ...receivers.flatMap((receiver) => [
        Metric.withAttributes(Metrics.notifications, { receiver, outcome: "delivered" }),
        Metric.withAttributes(Metrics.notifications, { receiver, outcome: "failed" }),
        Metric.withAttributes(Metrics.notificationsAbandoned, { receiver })
      ]),
      Metrics.scoresDropped,
      Metrics.journalBytes,
      Metrics.standstills
    ],
    (metric) => Metric.update(metric, 0),
    { discard: true }
  )

export const layerEngineMetrics = Layer.effectDiscard(
  Effect.gen(function* () {
    const supervisor = yield* Supervisor
    const view = yield* EngineView
    const detection = yield* Detection
    const feed = yield* MarketFeed
    const venues = yield* Venues
    const numbers = yield* EngineNumbers
    const health = yield* HealthRegistry
    yield* Metric.update(Metrics.simulated, view.simulated ? 1 : 0)
    yield* Metric.update(Metrics.startTime, performance.timeOrigin / 1000)
    yield* beginAtZero(
      feed.connectors.map(({ exchange }) => exchange.id),
      (yield* Receivers).map(({ name }) => name)
    )
    const seen = new Map<string, number>()
    /** A counter that is kept elsewhere: adds what came since the last look. */
    const catchUp = (key: string, total: number, metric: Metric.Metric<number, unknown>) => {
      const more = total - (seen.get(key) ?? 0)
      seen.set(key, total)
      // What has counted nothing yet is there with 0: a rate needs something to rise from.
      return more > 0 || total === 0 ? Metric.update(metric, Math.max(0, more)) : Effect.void
    }

    const probabilities = new BreakProbabilities()

    const updateCoins = Effect.suspend(() =>
      Effect.forEach(
        view.coins(),
        Effect.fnUntraced(function* (view) {
          const { coin, deviationBps, errorBps, fairValue, level } = view
          yield* Metric.update(Metric.withAttributes(Metrics.level, { coin }), severity(level))
          yield* Metric.update(Metric.withAttributes(Metrics.stale, { coin }), level === "stale" ? 1 : 0)
          for (const { horizonMinutes, probability } of probabilities.readings(view))
            yield* Metric.update(
              Metric.withAttributes(Metrics.breakProbability, { coin, horizon_minutes: `${horizonMinutes}` }),
              probability
            )
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
    const updateComponents = Effect.fnUntraced(function* (components: ReadonlyArray<ComponentHealth>) {
      for (const { component, gauges, hung, restarts, status } of components) {
        // As for readiness: what was stopped on purpose, as a connection that carries nothing any more, is no trouble.
        const up = status === "running" || status === "degraded" || status === "stopped" ? 1 : 0
        yield* Metric.update(Metric.withAttributes(Metrics.componentStatus, { component }), up)
        yield* Metric.update(Metric.withAttributes(Metrics.componentHung, { component }), hung ? 1 : 0)
        yield* catchUp(`restarts ${component}`, restarts, Metric.withAttributes(Metrics.componentRestarts, { component }))
        if (component === "main-thread") yield* catchUp("standstills", gauges["standstills"] ?? 0, Metrics.standstills)
        if (component === "alerts") {
          yield* Metric.update(Metrics.alertsUnwatched, gauges["unwatched"] ?? 0)
          for (const severity of alertSeverities)
            yield* Metric.update(Metric.withAttributes(Metrics.alertsFiring, { severity }), gauges[`firing_${severity}`] ?? 0)
        }
        if (component === "templates") yield* catchUp("templates", gauges["failures"] ?? 0, Metrics.templateFailures)
        if (component !== "dispatcher") continue
        yield* Metric.update(Metrics.outboxPending, gauges["outbox_pending"] ?? 0)
        yield* Metric.update(Metrics.outboxAbandoned, gauges["outbox_abandoned"] ?? 0)
        yield* Metric.update(Metrics.outboxUnnoted, gauges["outbox_unnoted"] ?? 0)
      }
    })
    const updateProcess = Effect.fnUntraced(function* (look: ProcessView) {
      yield* catchUp("cpu", look.cpuUserSeconds + look.cpuSystemSeconds, Metrics.cpu)
      yield* catchUp("cpu user", look.cpuUserSeconds, Metrics.cpuUser)
      yield* catchUp("cpu system", look.cpuSystemSeconds, Metrics.cpuSystem)
      for (const { count, kind, seconds } of look.collections) {
        yield* catchUp(`gc ${kind}`, count, Metric.withAttributes(Metrics.collections, { kind }))
        yield* catchUp(`gc time ${kind}`, seconds, Metric.withAttributes(Metrics.collecting, { kind }))
      }
      yield* Metric.update(Metrics.residentMemory, look.residentBytes)
      yield* Metric.update(Metrics.heapUsed, look.heapUsedBytes)
      yield* Metric.update(Metrics.heapTotal, look.heapTotalBytes)
      yield* Metric.update(Metrics.loopLag, look.loopDelayMaxMillis / 1000)
      yield* Metric.update(Metrics.loopLagP99, look.loopDelayP99Millis / 1000)
      yield* Metric.update(Metrics.loopUtilization, look.loopUtilization)
      if (look.openFiles !== null) yield* Metric.update(Metrics.openFiles, look.openFiles)
      if (look.threads !== null) yield* Metric.update(Metrics.threads, look.threads)
      if (look.diskFreeBytes !== null) yield* Metric.update(Metrics.diskFree, look.diskFreeBytes)
    })
    const updateEngine = Effect.gen(function* () {
      const look = yield* numbers.look
      yield* catchUp("scores dropped", detection.scoresDropped(), Metrics.scoresDropped)
      yield* Metric.update(Metric.withAttributes(Metrics.ringFill, { ring: "frames" }), look.ringFill)
      yield* Metric.update(Metrics.hotPathBusy, look.hotPathBusy)
      yield* Metric.update(Metrics.ready, (yield* health.ready) ? 1 : 0)
      yield* updateProcess(look.process)
      yield* updateComponents(look.components)
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
