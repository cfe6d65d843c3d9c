/**
 * Joins the layers into an engine: the one file that knows all of them.
 *
 * Market data goes connectors → frames ring → hot path's thread → signals ring. From there a level change goes alert manager →
 * outbox → dispatcher → receivers, and a resync request back to its connector.
 */
import { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import { Dispatcher } from "@evenkeel/alerting/manager/Dispatcher"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { makeWebhookReceiver } from "@evenkeel/alerting/receiver/WebhookReceiver"
import { EngineView } from "@evenkeel/api/server/EngineView"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { counterCount, hotCounters, type HotPathOptions } from "@evenkeel/detection/hotpath/HotPath"
import { allocateHotPathMemory } from "@evenkeel/detection/thread/HotPathMemory"
import { HotPathThread, type LevelChangeSignal } from "@evenkeel/detection/thread/HotPathThread"
import { decodedSources } from "@evenkeel/connectors/exchange/Decoders"
import { FrameOutcome } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds } from "@evenkeel/domain/market/Venue"
import { type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { FrameProducer } from "@evenkeel/runtime/ring/FrameRing"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import { busyPoll, spinThenSleep } from "@evenkeel/runtime/ring/RingHeader"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Context, Effect, Layer, Metric, Queue, Schedule } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { serveModels } from "./ModelServing.ts"
import { EngineReadings } from "./EngineReadings.ts"
import { databaseOf, type EngineSetup } from "./EngineSetup.ts"

const signalSlots = 1 << 12
const metricsEvery = "1 second"

/** What an engine did, for its last words. */
export class EngineTally extends Context.Service<
  EngineTally,
  {
    levelChanges: number
    readonly startedAt: number
  }
>()("@evenkeel/app/engine/EngineTally") {}

const layerStore = (config: EngineConfig) =>
  Layer.mergeAll(EventStore.layer, Outbox.layer, Snapshots.layer, ModelRegistry.layer).pipe(Layer.provideMerge(databaseOf(config)))

const layerReceivers = (config: EngineConfig, setup: EngineSetup) =>
  Layer.effect(
    Receivers,
    Effect.map(
      Effect.forEach(config.alerts.webhooks, (webhook) => makeWebhookReceiver(webhook)),
      (webhooks) => [...setup.receivers, ...webhooks]
    )
  )

/** Levels that stood when the engine was last stopped, from the alerts that are still open. */
const openLevels = Effect.gen(function* () {
  const manager = yield* AlertManager
  const levels: Record<string, RiskLevel> = {}
  for (const {
    change: { coin },
    level
  } of yield* manager.list({ all: false, limit: 1000 })) {
    if (severity(level) > severity(levels[coin] ?? "normal")) levels[coin] = level
  }
  return levels
})

/** The market side: rings, thread, connectors, and the fibers between them and the alerts. */
const layerMarket = (config: EngineConfig, setup: EngineSetup) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const origin = process.hrtime.bigint()
      const spares = setup.discovered.length === 0 ? 0 : config.discovery.spares
      const nanoclock = new Nanoclock(origin)
      const memory = allocateHotPathMemory({
        coins: setup.coins.length,
        instruments: setup.instruments.length + spares,
        venues: sourceIds.length,
        framesBytes: config.hotPath.ringMebibytes << 20,
        signalSlots
      })
      const hotPath: HotPathOptions = {
        coins: setup.coins,
        instruments: [...setup.instruments],
        spareInstruments: spares,
        venues: decodedSources,
        barMillis: config.hotPath.barSeconds * 1000,
        scoreGapMillis: config.hotPath.scoreGapMillis,
        initialLevels: yield* openLevels
      }
      const manifest = {
        startedAt: setup.clock(),
        barMillis: hotPath.barMillis,
        coins: setup.coins,
        venues: sourceIds,
        instruments: [...setup.instruments],
        spareInstruments: spares
      }
      const journal = config.journal.enabled
        ? MarketJournal.layer({ directory: `${config.data}/journal`, manifest })
        : MarketJournal.layerNoop
      const sink = FrameSink.layer({ venues: sourceIds.length, nanoclock, sampleEvery: config.hotPath.traceEvery }).pipe(
        Layer.provide(Layer.sync(Frames, () => new FrameProducer(memory.frames))),
        Layer.provide(Layer.succeed(MarketClock, setup.clock))
      )
      const thread = HotPathThread.layer({
        memory,
        hotPath,
        wait: config.hotPath.wait === "spin" ? busyPoll : spinThenSleep,
        origin,
        entry: new URL("../worker/hotpath.worker.ts", import.meta.url)
      })
      const readings = EngineReadings.layer({ memory, coins: setup.coins, clock: setup.clock })
      const feed = MarketFeed.layer({
        venues: setup.venues,
        chains: config.chains,
        ...(setup.discovered.length === 0
          ? {}
          : {
              discovery: { venues: setup.discovered, coins: setup.coins, every: `${config.discovery.everyMinutes} minutes` as const }
            })
      })
      return Layer.mergeAll(layerFibers, Layer.effectDiscard(serveModels(config.models, memory, setup.coins))).pipe(
        // Sockets are closed before the hot path reads its last frames: see MarketFeed.
        Layer.provideMerge(feed),
        Layer.provideMerge(readings),
        Layer.provideMerge(thread),
        Layer.provideMerge(sink),
        Layer.provideMerge(Instruments.layer({ instruments: setup.instruments, spares })),
        Layer.provideMerge(journal)
      )
    })
  )

/** The fibers that carry what the hot path says to where it belongs. */
const layerFibers = Layer.effectDiscard(
  Effect.gen(function* () {
    const supervisor = yield* Supervisor
    const thread = yield* HotPathThread
    const manager = yield* AlertManager
    const dispatcher = yield* Dispatcher
    const health = yield* HealthRegistry
    const feed = yield* MarketFeed
    const tally = yield* EngineTally

    const record = Effect.fnUntraced(function* ({ change }: LevelChangeSignal) {
      tally.levelChanges++
      yield* Effect.logInfo("level changed", {
        coin: change.coin,
        level: change.level,
        previous: change.previous,
        kind: change.kind,
        deviationBps: change.deviationBps
      })
      yield* Metric.update(Metric.withAttributes(Metrics.levelChanges, { coin: change.coin, level: change.level }), 1)
      // While the database is away the change waits here, in order; nothing is skipped.
      const notifications = yield* manager.record(change).pipe(
        Effect.tapError((error) =>
          health
            .report("alerts", "degraded", `the database does not answer: ${error.message}`)
            .pipe(Effect.andThen(Effect.logError("a level change waits for the database", { coin: change.coin, problem: error.message })))
        ),
        Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])),
        Effect.tap(() => health.report("alerts", "running"))
      )
      yield* dispatcher.nudge(notifications.map(({ idempotencyKey }) => idempotencyKey))
    })
    yield* supervisor.supervise(
      "alerts",
      Queue.take(thread.levelChanges).pipe(
        Effect.flatMap((signal) => record(signal).pipe(Effect.withSpan("Engine.levelChange", { parent: signal.span }))),
        Effect.forever
      )
    )
    // Handed-over changes are recorded before the fiber is interrupted.
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        while (Queue.sizeUnsafe(thread.levelChanges) > 0) yield* Effect.sleep("5 millis")
        yield* Effect.sleep("20 millis")
        yield* Effect.ignore(dispatcher.drain)
      }).pipe(Effect.timeoutOption("2 seconds"), Effect.asVoid)
    )
    yield* supervisor.supervise(
      "resyncs",
      Queue.take(thread.resyncs).pipe(
        Effect.flatMap(({ instrument, reason }) => feed.resync(instrument, reason)),
        Effect.forever
      )
    )
    yield* supervisor.supervise("hot-path-restarts", Queue.take(thread.restarts).pipe(Effect.andThen(feed.restarted), Effect.forever))
    const outcomeName = (outcome: number) => Object.entries(FrameOutcome).find(([, code]) => code === outcome)?.[0] ?? "unknown"
    yield* supervisor.supervise(
      "refusals",
      Queue.take(thread.refusals).pipe(
        Effect.flatMap(({ outcome, sample, venue }) =>
          Effect.logWarning("a frame could not be used", { venue: sourceIds[venue], outcome: outcomeName(outcome), sample })
        ),
        // A sample for people; the counters have every one.
        Effect.andThen(Effect.sleep("1 second")),
        Effect.forever
      )
    )
  })
)

/** Copies the hot path's state and counts into metrics, for whoever scrapes. */
const layerMetrics = (setup: EngineSetup) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const supervisor = yield* Supervisor
      const readings = yield* EngineReadings
      const sink = yield* FrameSink
      const health = yield* HealthRegistry
      const seen = new Map<string, number>()
      /** A counter that is kept elsewhere: adds what came since the last look. */
      const catchUp = (key: string, total: number, add: (more: number) => Effect.Effect<void>) => {
        const more = total - (seen.get(key) ?? 0)
        seen.set(key, total)
        return more > 0 ? add(more) : Effect.void
      }
      const update = Effect.gen(function* () {
        for (const { coin, deviationBps, errorBps, fairValue, level } of readings.coins()) {
          if (fairValue === null) continue
          yield* Metric.update(Metric.withAttributes(Metrics.fairValue, { coin }), fairValue)
          yield* Metric.update(Metric.withAttributes(Metrics.deviationBps, { coin }), deviationBps ?? 0)
          yield* Metric.update(Metric.withAttributes(Metrics.errorBps, { coin }), errorBps ?? 0)
          yield* Metric.update(Metric.withAttributes(Metrics.level, { coin }), severity(level))
        }
        for (const {
          exchange: { id: venue }
        } of setup.venues) {
          const number = sourceIds.indexOf(venue)
          const { dropped, frames } = sink.counts[number]!
          yield* catchUp(`frames ${venue}`, frames, (more) => Metric.update(Metric.withAttributes(Metrics.framesReceived, { venue }), more))
          yield* catchUp(`dropped ${venue}`, dropped, (more) =>
            Metric.update(Metric.withAttributes(Metrics.framesDropped, { venue }), more)
          )
          for (const [index, outcome] of hotCounters.entries()) {
            if (outcome === "market" || outcome === "control") continue
            const total = readings.counter(number * counterCount + index)
            yield* catchUp(`${outcome} ${venue}`, total, (more) =>
              Metric.update(Metric.withAttributes(Metrics.framesRefused, { venue, outcome }), more)
            )
          }
        }
        for (const quantile of [0.5, 0.99]) {
          const nanos = readings.latency(quantile)
          if (Number.isFinite(nanos))
            yield* Metric.update(Metric.withAttributes(Metrics.publishToScore, { quantile: String(quantile) }), nanos / 1e9)
        }
        yield* Metric.update(Metric.withAttributes(Metrics.ringFill, { ring: "frames" }), sink.fill())
        for (const { component, gauges, status } of yield* health.snapshot) {
          yield* Metric.update(
            Metric.withAttributes(Metrics.componentStatus, { component }),
            status === "running" || status === "degraded" ? 1 : 0
          )
          if (component === "dispatcher") yield* Metric.update(Metrics.outboxPending, gauges["outbox_pending"] ?? 0)
        }
      })
      yield* supervisor.supervise("metrics", update.pipe(Effect.andThen(Effect.sleep(metricsEvery)), Effect.forever))
    })
  )

/** The whole engine, but for its screen and its HTTP server. Needs a file system and an HTTP client. */
export const layerEngine = (config: EngineConfig, setup: EngineSetup) =>
  layerMetrics(setup).pipe(
    Layer.provideMerge(
      Layer.effect(
        EngineView,
        Effect.map(EngineReadings, ({ coins }) => ({ coins }))
      )
    ),
    Layer.provideMerge(layerMarket(config, setup)),
    Layer.provideMerge(Dispatcher.layer),
    Layer.provideMerge(AlertManager.layer({ minimumLevel: config.alerts.minimumLevel })),
    Layer.provideMerge(layerReceivers(config, setup)),
    Layer.provideMerge(layerStore(config)),
    Layer.provideMerge(Layer.sync(EngineTally, () => ({ levelChanges: 0, startedAt: performance.now() }))),
    Layer.provideMerge(Policies.layer()),
    Layer.provideMerge(Supervisor.layer),
    Layer.provideMerge(HealthRegistry.layer)
  )
