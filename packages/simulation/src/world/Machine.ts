/**
 * A machine that runs the whole engine: it can be killed between any two steps, stopped, and started again with another configuration.
 *
 * What is killed does nothing any more: from that moment on its sockets, its receivers and its connections to the database are dead, and its
 * finalizers run into the void, as those of a process that is gone never run.
 */
import type { AlertSettings } from "@evenkeel/alerting/AlertSettings"
import type { Acknowledging } from "@evenkeel/alerting/manager/Acknowledging"
import type { AlertManager } from "@evenkeel/alerting/manager/AlertManager"
import type { Silencing } from "@evenkeel/alerting/mute/Silencing"
import type { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import type { Words } from "@evenkeel/alerting/render/Words"
import { Signals } from "@evenkeel/alerting/rule/Signals"
import type { Detection } from "@evenkeel/detection/host/Detection"
import { HotPathThreads } from "@evenkeel/detection/host/HotPathThreads"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Logs } from "@evenkeel/runtime/log/Logs"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { DatabaseTime } from "@evenkeel/store/database/DatabaseClock"
import { layerMigrated } from "@evenkeel/store/database/Database"
import type { EventStore } from "@evenkeel/store/event/EventStore"
import type { Outbox } from "@evenkeel/store/outbox/Outbox"
import type { EngineConfig } from "evenkeel/config/EngineConfig"
import { layerEngineOnDatabase } from "evenkeel/engine/Engine"
import { type Context, Effect, Exit, Layer, Logger, Random, References, Scope } from "effect"
import { layerSimulatedDatabase, type SimulatedDatabase } from "../database/SimulatedDatabase.ts"
import { layerSimulatedDisk } from "../disk/SimulatedDisk.ts"
import { SimulatedThreads } from "../thread/SimulatedThread.ts"
import type { SimulatedTime } from "../time/SimulatedTime.ts"
import { layerOfflineNetwork, type OfflineVenue } from "../venue/OfflineVenue.ts"
import type { AlertPlan } from "./AlertPlan.ts"
import type { Flapping } from "./Flapping.ts"
import { reload, type Reloaded, reloadedConfig } from "./Reloading.ts"
import type { SimulatedReceiver } from "./SimulatedReceiver.ts"

/** What an engine is started with. */
export interface EngineChoice {
  readonly config: EngineConfig
  readonly coins: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<Instrument>
  readonly receivers: ReadonlyArray<SimulatedReceiver>
  /** Who is told what, where it is not every receiver of every change at once. */
  readonly plan: AlertPlan | undefined
}

export interface Surroundings {
  readonly time: SimulatedTime
  readonly database: SimulatedDatabase
  readonly venues: ReadonlyMap<string, OfflineVenue>
  readonly seed: number
  /** Readings for rules, which each engine is given once a second; none where there are no rules. */
  readonly flapping: Flapping | undefined
  /** Takes each line of the log. */
  readonly log: (line: string) => void
}

type Services =
  | Acknowledging
  | AlertManager
  | AlertSettings
  | Detection
  | EventStore
  | HealthRegistry
  | Outbox
  | Receivers
  | Signals
  | Silencing
  | Supervisor
  | Words

/** One run of the engine. */
export interface Run {
  /** What holds by now: a plan can be reloaded. */
  choice: EngineChoice
  readonly startedAt: number
  /** Once it is up; undefined before. */
  services: Context.Context<Services> | undefined
  isAlive: boolean
  /** It was told to stop. */
  isStopping: boolean
  readonly scope: Scope.Closeable
  /** Where what it says goes: also what it says while it is asked something. */
  readonly logged: Layer.Layer<never>
}

export type UpRun = Run & { readonly services: Context.Context<Services> }

/** Readings come half a second after the engine's looks at them. */
const publishAfterMillis = 500
const publishMillis = 1000

export class Machine {
  readonly name: string
  readonly threads: SimulatedThreads
  run: Run | undefined
  /** Starts that failed, and engines that gave up by themselves. */
  readonly ends: Array<string> = []
  readonly #around: Surroundings
  #runs = 0

  constructor(name: string, around: Surroundings) {
    this.name = name
    this.#around = around
    this.threads = new SimulatedThreads(around.time)
    around.time.watch(this.threads)
    // A thread that lives shows so, frames or not.
    const beat = () => {
      this.threads.turn()
      around.time.after(100, beat)
    }
    around.time.after(100, beat)
  }

  /** Begins to start an engine; it is up when its run has services. */
  readonly start = Effect.fnUntraced({ self: this }, function* (this: Machine, choice: EngineChoice) {
    const { database, flapping, log, time, venues } = this.#around
    const scope = yield* Scope.make()
    // As that of a process: the wall's time when it began, and what has passed since while the machine was awake, whatever is set.
    const began = time.now() - time.elapsed
    const clock = () => began + time.elapsed
    const engineId = `${this.name}-${++this.#runs}`
    const logger: Logger.Logger<unknown, void> = Logger.make(({ fiber, logLevel, message }) => {
      if (!run.isAlive) return
      const annotations = fiber.getRef(References.CurrentLogAnnotations)
      log(`${(time.elapsed / 1000).toFixed(3)} ${engineId} ${logLevel} ${JSON.stringify(message)} ${JSON.stringify(annotations)}`)
    })
    const logged = Logger.layer([logger])
    const run: Run = { choice, startedAt: time.elapsed, services: undefined, isAlive: true, isStopping: false, scope, logged }
    const isAlive = () => run.isAlive
    this.run = run
    const layer = layerEngineOnDatabase(choice.config, {
      coins: choice.coins.flatMap((symbol) => coinOf(symbol) ?? []),
      bridges: choice.config.bridges,
      instruments: choice.instruments,
      discovered: [],
      venues: [...venues.values()].filter(({ id }) => choice.instruments.some(({ venue }) => venue === id)),
      clock,
      receivers: choice.receivers.map((receiver) => receiver.reachedFrom(isAlive)),
      spares: 0,
      engineId,
      engineName: "live",
      warmStart: true,
      simulated: false,
      staleAfterMillis: choice.config.hotPath.staleAfterSeconds * 1000
    }).pipe(
      Layer.provideMerge(layerMigrated),
      Layer.provideMerge(layerSimulatedDatabase(database, run)),
      Layer.provide(layerOfflineNetwork(venues, isAlive)),
      Layer.provide(Layer.succeed(HotPathThreads, this.threads.start)),
      Layer.provide(layerSimulatedDisk),
      Layer.provide(Layer.succeed(DatabaseTime, Effect.sync(time.trueNow))),
      Layer.provide(Layer.succeed(MarketClock, clock)),
      Layer.provide(logged)
    )
    const ended = (why: string) => {
      if (!run.isAlive) return Effect.void
      this.ends.push(why)
      log(`${(time.elapsed / 1000).toFixed(3)} ${engineId} ended: ${why}`)
      return this.kill()
    }
    const live = Layer.buildWithScope(layer, scope).pipe(
      Effect.flatMap((services) => {
        run.services = services
        const escalated = Effect.flatMap(Supervisor, ({ escalation }) => escalation).pipe(Effect.provideContext(services))
        return flapping === undefined ? escalated : Effect.raceFirst(escalated, this.#publish(services, flapping))
      }),
      Effect.catchCause((cause) => ended(String(cause)))
    )
    yield* Effect.forkDetach(this.#onItsTime(live))
  })

  /** Asks something of the engine that is up, as its users do; what it answers, and whether it fails, is the engine's log's. */
  ask<A, E>(effect: Effect.Effect<A, E, Services>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { run } = this
      if (run?.services === undefined || run.isStopping) return Effect.void
      return effect.pipe(
        Effect.provideContext(run.services),
        Effect.ignoreCause,
        Effect.provide(run.logged),
        (asked) => Effect.forkIn(this.#onItsTime(asked), run.scope),
        Effect.asVoid
      )
    })
  }

  /** The configuration's file is read again: with another plan, or not valid any more. */
  reload(to: Reloaded): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { run } = this
      if (run === undefined) return Effect.void
      const before = run.choice
      const next = reloadedConfig(before.config, to)
      if (typeof to !== "string" && next !== undefined) run.choice = { ...before, config: next, plan: to }
      return this.ask(reload(before.config, next).pipe(Effect.provide(Logs.layerNoop)))
    })
  }

  /** The process is gone. */
  kill(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { run } = this
      if (run === undefined) return Effect.void
      run.isAlive = false
      this.run = undefined
      this.threads.abandon()
      this.#around.database.forget(run)
      return this.#close(run)
    })
  }

  /** The engine is told to stop; it has when `run` is undefined. */
  stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { run } = this
      if (run === undefined) return Effect.void
      run.isStopping = true
      return this.#close(run, () => {
        if (!run.isAlive) return
        run.isAlive = false
        this.run = undefined
        this.threads.abandon()
      })
    })
  }

  #close(run: Run, then: () => void = () => {}): Effect.Effect<void> {
    return Scope.close(run.scope, Exit.void).pipe(
      Effect.ignoreCause,
      Effect.andThen(Effect.sync(then)),
      (closing) => Effect.forkDetach(this.#onItsTime(closing)),
      Effect.asVoid
    )
  }

  /** Publishes readings each second, from half a second after the start on. */
  #publish(services: Context.Context<Services>, flapping: Flapping): Effect.Effect<never> {
    const { time } = this.#around
    const publish = Effect.suspend(() =>
      Effect.flatMap(Signals, (signals) => signals.publish("simulation", flapping.readings(time.elapsed)))
    )
    return Effect.sleep(publishAfterMillis).pipe(
      Effect.andThen(Effect.forever(Effect.andThen(publish, Effect.sleep(publishMillis)))),
      Effect.provideContext(services)
    )
  }

  #onItsTime<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const { seed, time } = this.#around
    return time.on(effect).pipe(Random.withSeed(`${seed} ${this.name}-${this.#runs}`))
  }
}
