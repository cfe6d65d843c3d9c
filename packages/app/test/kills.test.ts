/**
 * Parts of a working engine are killed, one after the other, and the time is told until each has come back: a thread, a connection, a consumer, a
 * receiver's actor, the database's thread, and the whole program. Nothing that was promised is lost or told under two keys, health says what happened,
 * and the other parts go on.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Notified } from "@evenkeel/alerting/group/Notified"
import { alertsConsumer } from "@evenkeel/alerting/manager/AlertManager"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { Detection } from "@evenkeel/detection/host/Detection"
import { Notification } from "@evenkeel/domain/alert/Alert"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { type LevelChange, levelChangesFamily } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { layerPglite } from "@evenkeel/store/database/Database"
import { beginning, EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, FileSystem, Layer, Redacted, Schedule, Schema } from "effect"
import type { Worker } from "node:worker_threads"
import { levelChange } from "../../alerting/test/support/LevelChange.ts"
import { configDefaults, EngineConfig } from "../src/config/EngineConfig.ts"
import { layerEngine } from "../src/engine/Engine.ts"
import { exchangeOf, parseInstrument } from "../src/engine/EngineSetup.ts"
import { serve, startProgram, until } from "./support/Program.ts"

/** Generous: a busy machine is slow. What it took is printed. */
const backWithinMillis = 60_000
/** Market seconds in a real second. */
const speed = 60
const lookMillis = 5
const venueIds = ["binance", "kraken"] as const
const instruments = ["binance:USDCUSDT:USDC:USDT", "kraken:USDC/USD:USDC:USD", "kraken:USDT/USD:USDT:USD"].map(parseInstrument)
const coins = ["USDC", "USDT"].flatMap((symbol) => coinOf(symbol) ?? [])

const decodeNotification = Schema.decodeUnknownSync(Schema.fromJsonString(Notification))
const decodeNotified = Schema.decodeUnknownSync(Schema.fromJsonString(Notified))

const say = (what: string, millis: number, checked: string) =>
  Effect.sync(() => process.stdout.write(`killed: ${what}, back after ${Math.round(millis)} ms: ${checked}\n`))

/** A receiver on loopback: the keys of what it took, in order. While it refuses, somebody has a delivery in hand. */
const serveReceiver = Effect.gen(function* () {
  const taken: Array<string> = []
  const state = { refusing: false, refused: 0 }
  const { url } = yield* serve((_, body) => {
    const { idempotencyKey } = decodeNotification(body.toString())
    if (state.refusing) {
      state.refused++
      return 503
    }
    taken.push(idempotencyKey)
    return 204
  })
  return { url, taken, state }
})

const configFor = (data: string, url: string): EngineConfig => ({
  ...Schema.decodeUnknownSync(EngineConfig)({
    ...configDefaults,
    data,
    coins: coins.map(({ symbol }) => symbol),
    instruments: [],
    database: { url: Redacted.make("") },
    heartbeat: { ...configDefaults.heartbeat, url: Redacted.make("") },
    models: { ...configDefaults.models, enabled: false },
    hotPath: { ...configDefaults.hotPath, ringMebibytes: 1 },
    alerts: {
      ...configDefaults.alerts,
      allowPrivate: true,
      webhooks: [{ name: "desk", url: Redacted.make(url), secret: Redacted.make("secret") }]
    }
  })
})

/** The engine on sockets, a database on disk and a receiver on loopback. */
const layerOf = (config: EngineConfig) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const scenario = scenarios.calm()
      const began = performance.now()
      const clock = () => scenario.startsAt + (performance.now() - began) * speed
      const venues = yield* Effect.forEach(venueIds, (venue, seed) =>
        Effect.map(
          makeSimulatedVenue({
            venue,
            instruments: instruments.filter((instrument) => instrument.venue === venue),
            scenario,
            seed,
            clock,
            stepMillis: 50
          }),
          ({ endpoints }) => ({ exchange: exchangeOf(config, venue), endpoints })
        )
      )
      return layerEngine(config, {
        coins,
        bridges: [],
        instruments,
        discovered: [],
        venues,
        clock,
        receivers: [],
        spares: 0,
        engineId: "trial",
        engineName: "trial",
        warmStart: false,
        simulated: true,
        staleAfterMillis: 10_000 * speed
      })
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))

describe("an engine of which parts are killed", () => {
  it.live(
    "brings each back, loses nothing and tells nothing twice",
    () =>
      Effect.gen(function* () {
        const threads: Array<Worker> = []
        const started = (thread: Worker) => void threads.push(thread)
        yield* Effect.acquireRelease(
          Effect.sync(() => process.on("worker", started)),
          () => Effect.sync(() => process.off("worker", started))
        )
        const files = yield* FileSystem.FileSystem
        const data = `${yield* files.makeTempDirectoryScoped()}/data`
        const { state, taken, url } = yield* serveReceiver
        yield* Effect.gen(function* () {
          const detection = yield* Detection
          const events = yield* EventStore
          const health = yield* HealthRegistry
          const supervisor = yield* Supervisor
          const seen = new Set<string>()
          /** Looks until it holds, and keeps what health says meanwhile. */
          const back = (what: string, holds: () => boolean) =>
            Effect.gen(function* () {
              const began = performance.now()
              while (!holds()) {
                if (performance.now() - began > backWithinMillis)
                  return yield* Effect.die(new Error(`${what} is not back after ${backWithinMillis} ms`))
                for (const { component, status } of yield* health.snapshot) seen.add(`${component} ${status}`)
                yield* Effect.sleep(lookMillis)
              }
              return performance.now() - began
            })
          const componentOf = (name: string) => Effect.map(health.snapshot, (all) => all.find(({ component }) => component === name)!)
          const receivedOf = (instrument: number) => detection.instrument(instrument)?.received ?? 0
          const pricedAfter = (instrument: number) => {
            const before = receivedOf(instrument)
            return () => receivedOf(instrument) > before
          }
          let level: LevelChange["level"] = "normal"
          let time = 0
          /** A coin's level changes, which somebody must be told of. */
          const change = Effect.suspend(() => {
            const previous = level
            level = level === "normal" ? "warning" : "normal"
            const payload = levelChange({ coin: "KILLS", kind: level === "normal" ? "recovery" : "break", level, previous, time: ++time })
            const fact = { kind: "LevelChanged", payload: { ...payload, simulated: true }, key: `${time}` }
            return events
              .append(`${levelChangesFamily}/KILLS`, "any", [fact])
              .pipe(Effect.retry(Schedule.spaced("20 millis")), Effect.orDie)
          })
          const isTold = () => {
            const before = taken.length
            return () => taken.length > before
          }
          /** Kills a part, and tells how long it was until it had come back; `others`: what must go on meanwhile. */
          const kill = Effect.fnUntraced(function* (
            what: string,
            killing: Effect.Effect<unknown>,
            {
              component,
              holds,
              others
            }: { readonly component?: string; readonly holds: () => () => boolean; readonly others: () => () => boolean }
          ) {
            seen.clear()
            const began = performance.now()
            yield* killing
            const isOn = others()
            let checks = "what was promised is delivered, the others go on"
            if (component !== undefined) {
              let now = yield* componentOf(component)
              while (now.restarts === 0 || now.status !== "running") {
                seen.add(`${component} ${now.status}`)
                yield* Effect.sleep(lookMillis)
                now = yield* componentOf(component)
              }
              assert.include([...seen], `${component} restarting`, what)
              checks += ", health said that it restarts, and then that it runs"
            }
            yield* back(what, holds())
            const took = performance.now() - began
            assert.isBelow(took, backWithinMillis, what)
            yield* back(`what goes on beside ${what}`, isOn)
            yield* say(what, took, checks)
          })

          yield* back("a price of everything", () => instruments.every((_, number) => receivedOf(number) > 0))
          const first = isTold()
          yield* change
          yield* back("the first notification", first)

          yield* kill(
            "the hot path's thread",
            Effect.promise(() => threads.find(({ threadName }) => threadName === "evenkeel-hot-path")!.terminate()),
            { component: "hot-path", holds: () => pricedAfter(0), others: () => () => true }
          )
          yield* kill("a venue's connection", supervisor.crash("binance#0"), {
            component: "binance#0",
            holds: () => pricedAfter(0),
            others: () => pricedAfter(1)
          })
          let told = isTold()
          yield* kill("the alert manager", Effect.andThen(change, supervisor.crash(`consumer:${alertsConsumer}`)), {
            component: `consumer:${alertsConsumer}`,
            holds: () => told,
            others: () => pricedAfter(1)
          })
          state.refusing = true
          told = isTold()
          yield* change
          yield* back("a delivery in hand", () => state.refused > 0)
          const crashed = Effect.andThen(
            supervisor.crash("receiver:desk"),
            Effect.sync(() => {
              state.refusing = false
            })
          )
          yield* kill("a receiver's actor", crashed, { component: "receiver:desk", holds: () => told, others: () => pricedAfter(2) })
          told = isTold()
          const databaseThread = threads.find(({ threadName }) => threadName !== "evenkeel-hot-path")!
          yield* kill(
            "the database's thread",
            Effect.andThen(
              Effect.promise(() => databaseThread.terminate()),
              change
            ),
            {
              holds: () => told,
              others: () => pricedAfter(0)
            }
          )
          const ready = yield* health.snapshot
          assert.deepStrictEqual(
            ready.filter(({ status }) => status === "failed"),
            []
          )
        }).pipe(Effect.provide(layerOf(configFor(data, url))))

        yield* Effect.gen(function* () {
          const events = yield* EventStore
          const facts = yield* events.read({ after: beginning, limit: 10_000 })
          const promised = facts.flatMap(({ kind, payload }) => (kind === "Notified" ? [decodeNotified(payload)] : []))
          const keys = promised.map(({ idempotencyKey }) => idempotencyKey)
          assert.deepStrictEqual([...new Set(taken)].sort(), keys.toSorted(), "what was promised was delivered, and nothing else")
          const tellings = promised.flatMap(({ alerts, groupKey }) =>
            alerts.map(({ position, status }) => `${groupKey} ${position} ${status}`)
          )
          assert.strictEqual(new Set(tellings).size, tellings.length, "each state is told under one key")
          assert.strictEqual(facts.filter(({ kind, stream }) => kind === "LevelChanged" && stream.endsWith("/KILLS")).length, 4)
          assert.isAtLeast(keys.length, 4)
          yield* events.verify
        }).pipe(Effect.provide(EventStore.layer.pipe(Layer.provideMerge(layerPglite(`${data}/database`)))))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    300_000
  )

  it.live(
    "comes back as a whole when the program is killed and started again",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const data = yield* files.makeTempDirectoryScoped()
        const { taken, url } = yield* serveReceiver
        const environment = {
          EVENKEEL_DATA: data,
          EVENKEEL_HTTP_PORT: "0",
          EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
          EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "desk", url, secret: "secret" }]),
          // A rule that always holds: something is told at once, of a market without news.
          EVENKEEL_ALERTS_RULES: JSON.stringify([{ name: "Trial", signal: "outboxPending", above: -1, severity: "warning" }])
        }
        const start = startProgram(["demo", "--configured", "--scenario", "calm", "--speed", "60", "--seed", "1"], environment)
        const program = yield* start
        yield* until("something is told", () => taken.length > 0, 120, program)
        const began = performance.now()
        program.process.kill("SIGKILL")
        assert.strictEqual(yield* program.exit, "SIGKILL")
        const again = yield* start
        yield* until("the engine starts", () => again.errors().includes("engine started"), 120, again)
        const took = performance.now() - began
        again.process.kill("SIGTERM")
        assert.strictEqual(yield* again.exit, 0, again.errors())
        assert.match(again.output(), / 0 notifications left/)
        yield* say("the whole program (SIGKILL)", took, "what was promised is delivered, and the log is whole")
        yield* Effect.gen(function* () {
          const events = yield* EventStore
          const facts = yield* events.read({ after: beginning, limit: 100_000 })
          const promised = facts.flatMap(({ kind, payload }) => (kind === "Notified" ? [decodeNotified(payload)] : []))
          const keys = promised.map(({ idempotencyKey }) => idempotencyKey)
          assert.deepStrictEqual([...new Set(taken)].sort(), keys.toSorted(), "what was promised was delivered, and nothing else")
          yield* events.verify
        }).pipe(Effect.provide(EventStore.layer.pipe(Layer.provideMerge(layerPglite(`${data}/database`)))))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    300_000
  )
})
