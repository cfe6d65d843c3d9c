/**
 * A machine that runs the whole engine: it can be killed between any two steps, stopped, and started again with another configuration.
 *
 * What is killed does nothing any more: from that moment on its sockets, its receivers and its connections to the database are dead, and its
 * finalizers run into the void, as those of a process that is gone never run.
 */
import type { Detection } from "@evenkeel/detection/host/Detection"
import { HotPathThreads } from "@evenkeel/detection/host/HotPathThreads"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
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
import type { SimulatedReceiver } from "./SimulatedReceiver.ts"

/** What an engine is started with. */
export interface EngineChoice {
  readonly config: EngineConfig
  readonly coins: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<Instrument>
  readonly receivers: ReadonlyArray<SimulatedReceiver>
}

export interface Surroundings {
  readonly time: SimulatedTime
  readonly database: SimulatedDatabase
  readonly venues: ReadonlyMap<string, OfflineVenue>
  readonly seed: number
  /** Takes each line of the log. */
  readonly log: (line: string) => void
}

type Services = Detection | EventStore | HealthRegistry | Outbox | Supervisor

/** One run of the engine. */
export interface Run {
  readonly choice: EngineChoice
  readonly startedAt: number
  /** Once it is up; undefined before. */
  services: Context.Context<Services> | undefined
  isAlive: boolean
  /** It was told to stop. */
  isStopping: boolean
  readonly scope: Scope.Closeable
}

export type UpRun = Run & { readonly services: Context.Context<Services> }

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
    const { database, log, time, venues } = this.#around
    const scope = yield* Scope.make()
    const run: Run = { choice, startedAt: time.elapsed, services: undefined, isAlive: true, isStopping: false, scope }
    const isAlive = () => run.isAlive
    this.run = run
    // As that of a process: the wall's time when it began, and what has passed since while the machine was awake, whatever is set.
    const began = time.now() - time.elapsed
    const clock = () => began + time.elapsed
    const engineId = `${this.name}-${++this.#runs}`
    const logger = Logger.make(({ fiber, logLevel, message }) => {
      if (!run.isAlive) return
      const annotations = fiber.getRef(References.CurrentLogAnnotations)
      log(`${(time.elapsed / 1000).toFixed(3)} ${engineId} ${logLevel} ${JSON.stringify(message)} ${JSON.stringify(annotations)}`)
    })
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
      Layer.provide(Logger.layer([logger]))
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
        return Effect.flatMap(Supervisor, ({ escalation }) => escalation).pipe(Effect.provideContext(services))
      }),
      Effect.catchCause((cause) => ended(String(cause)))
    )
    yield* Effect.forkDetach(this.#onItsTime(live))
  })

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

  #onItsTime<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const { seed, time } = this.#around
    return time.on(effect).pipe(Random.withSeed(`${seed} ${this.name}-${this.#runs}`))
  }
}
