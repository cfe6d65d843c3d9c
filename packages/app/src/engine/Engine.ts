/**
 * The engine: a list of layers, from what everything stands on to what looks at the whole.
 *
 * What stands higher is closed first. So on shutdown the sockets close, then the hot path judges what they had sent, then its level changes are
 * written into the log, then alerting follows the log to its end and delivers, and at last the database is closed.
 */
import { layerAlerting } from "@evenkeel/alerting/Alerting"
import { loadTemplates, Words } from "@evenkeel/alerting/render/Words"
import { StressQuantiles } from "@evenkeel/assessment/liquidation/ReadQuantiles"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { layerNews } from "@evenkeel/connectors/feed/NewsFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { CheckpointStore } from "@evenkeel/detection/host/CheckpointStore"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { layerThread } from "@evenkeel/detection/host/ThreadDetection"
import { layerMainWatch } from "@evenkeel/runtime/health/MainWatch"
import { layerRuntimeWith } from "@evenkeel/runtime/Runtime"
import { busyPoll, spinThenSleep } from "@evenkeel/runtime/ring/RingHeader"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { keepDiskSpace } from "@evenkeel/store/retention/DiskSpace"
import { Retention } from "@evenkeel/store/retention/Retention"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { layerBridges } from "./Bridges.ts"
import { layerEngineFacts } from "./EngineFacts.ts"
import { layerEngineMetrics } from "./EngineMetrics.ts"
import { layerPrediction } from "./EnginePrediction.ts"
import { auditKeyOf, databaseOf, type EngineSetup, journalOf, journalTailOf, policiesOf, receiversOf, retentionOf } from "./EngineSetup.ts"
import { rulesOf } from "./EngineRules.ts"
import { layerEngineSignals } from "./EngineSignals.ts"
import { layerOracles } from "./EngineOracles.ts"
import { layerEngineView } from "./EngineViews.ts"
import { layerReports } from "./EngineReports.ts"
import { layerInsurance } from "./EngineInsurance.ts"
import { layerHeartbeat } from "./Heartbeat.ts"
import { LastWords } from "./LastWords.ts"
import { layerOutsideClient } from "./OutsideClient.ts"
import { layerReadiness } from "./Readiness.ts"
import { EngineNumbers } from "../status/EngineNumbers.ts"
import { layerEngineStatus } from "../status/EngineStatuses.ts"
import { layerUnwatched } from "./Unwatched.ts"

/** What survives a restart. */
const layerStore = (config: EngineConfig) =>
  Retention.layer(retentionOf(config)).pipe(
    Layer.provideMerge(Layer.mergeAll(Outbox.layer, Snapshots.layer, ModelRegistry.layer)),
    Layer.provideMerge(EventStore.layerSealed(auditKeyOf(config)))
  )

/** Alerts follow the log; their notifications are delivered. */
const layerAlertingOf = (config: EngineConfig, setup: EngineSetup) =>
  layerAlerting({
    owner: setup.engineId,
    minimumLevel: config.alerts.minimumLevel,
    policy: config.alerts,
    rules: rulesOf(config),
    simulated: setup.simulated
  }).pipe(
    Layer.provideMerge(receiversOf(config, setup).pipe(Layer.provide(layerOutsideClient(config.alerts)))),
    Layer.provideMerge(Layer.unwrap(Effect.map(loadTemplates(config.alerts.templates), Words.layer)))
  )

/** The hot path in its thread, and what it keeps and records. */
const layerDetection = (config: EngineConfig, setup: EngineSetup) =>
  Layer.unwrap(
    Effect.map(Venues, ({ threadSources }) =>
      layerThread({
        coins: setup.coins,
        instruments: setup.instruments,
        spareInstruments: setup.spares,
        bridges: setup.bridges,
        venues: threadSources,
        barMillis: config.hotPath.barSeconds * 1000,
        scoreGapMillis: config.hotPath.scoreGapMillis,
        staleAfterMillis: setup.staleAfterMillis,
        framesBytes: config.hotPath.ringMebibytes << 20,
        ...(setup.warmStart && config.journal.enabled ? { tail: journalTailOf(config, setup) } : {}),
        wait: config.hotPath.wait === "spin" ? busyPoll : spinThenSleep
      })
    )
  ).pipe(
    Layer.provideMerge(
      Layer.merge(
        setup.simulated ? LevelRecorder.layerSimulated : LevelRecorder.layer,
        setup.warmStart ? CheckpointStore.layer(setup.engineName) : CheckpointStore.layerMemory
      )
    )
  )

/** Venues and chains, into the hot path and the journal. */
const layerFeed = (config: EngineConfig, setup: EngineSetup) =>
  MarketFeed.layer({
    venues: setup.venues,
    chains: config.chains,
    ...(setup.discovered.length === 0
      ? {}
      : {
          discovery: {
            venues: setup.discovered,
            coins: setup.coins,
            bridges: setup.bridges,
            every: `${config.discovery.everyMinutes} minutes` as const
          }
        })
  }).pipe(
    Layer.provideMerge(FrameSink.layer({ sampleEvery: config.hotPath.traceEvery })),
    Layer.provideMerge(Instruments.layer({ instruments: setup.instruments, spares: setup.spares })),
    Layer.provideMerge(journalOf(config, setup))
  )

/** News of the coins, where feeds are configured. A made-up market has none. */
const layerNewsFeeds = ({ news }: EngineConfig, { coins, engineName, simulated }: EngineSetup) =>
  simulated || news.feeds.length === 0
    ? Layer.empty
    : layerNews({ ...news, name: engineName, coins: coins.map(({ symbol }) => symbol) }).pipe(Layer.provide(layerOutsideClient(news)))

/** The engine on a database that is given to it. */
export const layerEngineOnDatabase = (config: EngineConfig, setup: EngineSetup) =>
  Layer.mergeAll(
    layerBridges,
    layerEngineMetrics,
    layerEngineSignals(config.data),
    layerReadiness(setup.coins),
    layerUnwatched(setup.coins),
    layerHeartbeat(config.heartbeat),
    layerEngineFacts(config, setup),
    layerEngineStatus({ data: config.data, name: setup.engineName, simulated: setup.simulated })
  ).pipe(
    Layer.provideMerge(layerInsurance(config, setup)),
    Layer.provideMerge(layerReports(config)),
    Layer.provideMerge(EngineNumbers.layer({ directory: config.data, simulated: setup.simulated })),
    Layer.provideMerge(layerEngineView({ simulated: setup.simulated })),
    Layer.provideMerge(layerOracles(config, setup)),
    Layer.provideMerge(layerPrediction(config, setup)),
    Layer.provideMerge(layerNewsFeeds(config, setup)),
    Layer.provideMerge(layerFeed(config, setup)),
    Layer.provideMerge(layerDetection(config, setup)),
    Layer.provideMerge(layerAlertingOf(config, setup)),
    Layer.provideMerge(LastWords.layer),
    Layer.provideMerge(layerStore(config)),
    Layer.provideMerge(layerRuntimeWith(policiesOf(config))),
    // The API answers in the market's time as well.
    Layer.provideMerge(Layer.succeed(MarketClock, setup.clock))
  )

/** The whole engine, but for its screen and its HTTP server. Needs a file system and an HTTP client. */
export const layerEngine = (config: EngineConfig, setup: EngineSetup) =>
  Layer.provideMerge(layerMainWatch, layerEngineOnDatabase(config, setup)).pipe(
    // For those who ask; the engine itself asks nothing of them.
    Layer.provideMerge(StressQuantiles.layer(config.liquidations.quantiles)),
    // On a disk that is full the database is not even opened: the reserve makes room for it.
    Layer.provideMerge(databaseOf(config).pipe(Layer.provide(Layer.effectDiscard(Effect.ignore(keepDiskSpace(config.data))))))
  )
