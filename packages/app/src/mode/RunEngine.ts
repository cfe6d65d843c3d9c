/** Runs an engine until it is told to stop: its HTTP server, its screen or its log lines, and its last words. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { consoleReceiver } from "@evenkeel/alerting/receiver/ConsoleReceiver"
import type { Receiver } from "@evenkeel/alerting/receiver/Receiver"
import { textOf } from "@evenkeel/alerting/render/Message"
import { layerApi } from "@evenkeel/api/server/ApiServer"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { page } from "@evenkeel/dashboard/Page"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { layerLogs } from "@evenkeel/runtime/log/Logs"
import { layerTraces } from "@evenkeel/runtime/telemetry/Traces"
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Console, Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import { configWarnings } from "../config/ConfigWarnings.ts"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { logsOptions } from "../config/LogSettings.ts"
import { layerEngine } from "../engine/Engine.ts"
import { type ConfigSource, layerReload } from "../engine/Reload.ts"
import { LastWords } from "../engine/LastWords.ts"
import { PortUnavailable, tryPort } from "../engine/HttpPort.ts"
import type { EngineSetup } from "../engine/EngineSetup.ts"
import { runLiveTable } from "../screen/LiveTable.ts"
import { version } from "../Version.ts"

/** A client that sends its request slowly does not hold up the end. */
const requestsEndWithin = "1 second"
/** Alerts that the screen keeps for its lower part. */
const alertsShown = 100

/** The database is of no use at the start. */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()("DatabaseUnavailable", { problem: Schema.String }) {
  override get message() {
    return `${this.problem}\ncheck EVENKEEL_DATABASE_URL and that the server runs; without the variable the embedded database serves`
  }
}

export interface RunOptions {
  readonly config: EngineConfig
  readonly setup: Omit<EngineSetup, "receivers" | "engineId">
  readonly title: string
  /** Stops by itself after this long, real time; never when undefined. */
  readonly stopAfterMillis?: number
  /** Followed while the engine runs; nothing is when it is left out. */
  readonly source?: ConfigSource
}

export const runEngine = ({ config, setup, source, stopAfterMillis, title }: RunOptions) => {
  const terminal = process.stdout.isTTY
  const shown: Array<ReadonlyArray<string>> = []
  const screenReceiver: Receiver = {
    name: "console",
    deliver: (notification) =>
      Effect.sync(() => {
        shown.push(textOf(notification, true).split("\n"))
        shown.splice(0, shown.length - alertsShown)
      })
  }
  const receiver = terminal ? screenReceiver : consoleReceiver({ color: false })
  const isTerminal = process.stderr.isTTY
  const engineId = randomUUID()
  const service = { version, id: engineId }

  const server = layerApi({ dashboard: page, ...config.http }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host: config.http.host, port: config.http.port, gracefulShutdownTimeout: requestsEndWithin })
    )
  )
  const following = source === undefined ? Layer.empty : layerReload(config, source, setup.engineName)
  const layer = Layer.mergeAll(server, following).pipe(
    Layer.provideMerge(layerEngine(config, { ...setup, receivers: [receiver], engineId })),
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.provideMerge(layerTraces(service)),
    Layer.provideMerge(layerLogs({ ...logsOptions(config.log, { isTerminal, isScreen: terminal && isTerminal }), service }))
  )
  const run = Effect.gen(function* () {
    const startedAt = performance.now()
    const supervisor = yield* Supervisor
    // With port 0 the system has chosen one.
    const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    const recorder = yield* LevelRecorder
    const sink = yield* FrameSink
    const journal = yield* MarketJournal
    const outbox = yield* Outbox
    const lastWords = Effect.gen(function* () {
      const frames = sink.counts.reduce((total, count) => total + count.frames, 0)
      const dropped = sink.counts.reduce((total, count) => total + count.dropped, 0)
      const pending = yield* Effect.orElseSucceed(outbox.pending, () => Number.NaN)
      const journalled = (yield* journal.stats).frames
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      yield* Console.log(
        `stopped after ${seconds} s: ${frames} frames received (${dropped} dropped), ${recorder.recorded()} level changes, ${
          Number.isNaN(pending) ? "an unknown number of" : pending
        } notifications left for the next start, ${journalled} records in the journal (frames and clock ticks)`
      )
    })
    ;(yield* LastWords).set(lastWords)
    for (const warning of configWarnings(config)) yield* Effect.logWarning(warning)
    yield* Effect.logInfo("engine started", {
      title,
      http: address,
      coins: setup.coins.map(({ symbol }) => symbol)
    })
    const screen = terminal
      ? runLiveTable({
          title: `${title}   ${address}`,
          clock: setup.clock,
          alerts: () => shown,
          output: process.stdout
        })
      : Effect.never
    const stop = stopAfterMillis === undefined ? Effect.never : Effect.sleep(stopAfterMillis)
    return yield* Effect.raceAllFirst([supervisor.escalation, screen, stop])
  })
  // Until the screen is drawn a terminal shows nothing else.
  const greeting = terminal ? Console.error(`${title}: the engine starts, which takes some seconds`) : Effect.void
  return tryPort(config.http).pipe(
    Effect.andThen(greeting),
    Effect.andThen(run.pipe(Effect.scoped, Effect.provide(layer))),
    // Somebody was quicker.
    Effect.catchTag("ServeError", (error) => new PortUnavailable({ ...config.http, problem: String(error.cause) })),
    Effect.catchTag("SqlError", (error) => new DatabaseUnavailable({ problem: databaseProblem(error) })),
    Effect.asVoid
  )
}
