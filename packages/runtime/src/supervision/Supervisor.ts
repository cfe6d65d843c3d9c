/**
 * Keeps the engine's long-running loops alive.
 *
 * A loop that fails or dies is started again with exponential backoff, at most `restartsMax` times within a window. One
 * that cannot be kept alive is escalated, which stops the engine: acting with a part missing is worse than being down.
 */
import { Cause, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Schedule, Schema, type Scope } from "effect"
import { HealthRegistry } from "../health/HealthRegistry.ts"
import { monotonicMillis } from "../time/Monotonic.ts"

export interface RestartPolicy {
  readonly restartsMax: number
  readonly within: Duration.Input
  readonly backoff: Duration.Input
  readonly backoffMax: Duration.Input
}

export const defaultRestartPolicy: RestartPolicy = {
  restartsMax: 5,
  within: "1 minute",
  backoff: "100 millis",
  backoffMax: "10 seconds"
}

/** How a loop shows that it does not hang. */
export interface Pulse {
  /** It goes on. */
  readonly beat: Effect.Effect<void>
  /** Runs a wait that has a bound of its own, or none: for work, for time to pass, for somebody else. No sign of life is expected meanwhile. */
  readonly waiting: <A, E, R>(wait: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Of work that has bounds of its own, or is nobody's loop. */
export const unwatched: Pulse = { beat: Effect.void, waiting: (wait) => wait }

/** A loop that has shown no life for so long is said to hang; whether it is started again by then is the loop's own choice. */
const noticedAfterMillis = 2000
/** How often a watch looks for a heartbeat within that time. */
const looks = 4

export class Supervisor extends Context.Service<
  Supervisor,
  {
    /** Runs `loop` on a fiber of the caller's scope for as long as it takes; a loop that succeeds is over. */
    readonly supervise: <E, R>(
      component: string,
      loop: Effect.Effect<void, E, R>,
      policy?: RestartPolicy
    ) => Effect.Effect<Fiber.Fiber<void>, never, R | Scope.Scope>
    /**
     * The same for a loop that runs `beat` at least once within `within`, unless it waits: one that does not hangs, and is interrupted and started
     * again. It is said after two seconds at the latest: `within` is longer for work that a slow machine, or a slow database, may take its time over.
     */
    readonly superviseBeating: <E, R>(
      component: string,
      loop: (pulse: Pulse) => Effect.Effect<void, E, R>,
      within: Duration.Input,
      policy?: RestartPolicy
    ) => Effect.Effect<Fiber.Fiber<void>, never, R | Scope.Scope>
    /** Ends a component's loop as a defect in it would, so that it is started again; false where none of that name runs. For operators and trials. */
    readonly crash: (component: string) => Effect.Effect<boolean>
    /** Fails once a component has used up its restarts; the entrypoint races the engine with it. */
    readonly escalation: Effect.Effect<never, ComponentFailed>
  }
>()("@evenkeel/runtime/supervision/Supervisor") {
  static readonly layer = Layer.effect(
    Supervisor,
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const escalated = yield* Deferred.make<never, ComponentFailed>()
      /** Of each loop that runs, what ends it. */
      const crashes = new Map<string, Deferred.Deferred<never>>()
      const crashable = <E, R>(component: string, loop: Effect.Effect<void, E, R>) =>
        Effect.suspend(() => {
          const crash = Deferred.makeUnsafe<never>()
          crashes.set(component, crash)
          const forget = Effect.sync(() => crashes.get(component) === crash && crashes.delete(component))
          return Effect.ensuring(Effect.raceFirst(loop, Deferred.await(crash)), forget)
        })

      const supervise = Effect.fnUntraced(function* <E, R>(
        component: string,
        loop: Effect.Effect<void, E, R>,
        policy: RestartPolicy = defaultRestartPolicy
      ) {
        const windowMillis = Duration.toMillis(Duration.fromInputUnsafe(policy.within))
        let failures: ReadonlyArray<number> = []

        /** A crash within the intensity is passed on to be retried; one too many becomes final. */
        const crashed = Effect.fnUntraced(function* (cause: Cause.Cause<E>) {
          const now = yield* monotonicMillis
          failures = [...failures.filter((time) => now - time < windowMillis), now]
          if (failures.length > policy.restartsMax) {
            return yield* new ComponentFailed({ component, restarts: failures.length - 1, cause: Cause.squash(cause) })
          }
          yield* health.report(component, "restarting", messageOf(cause))
          yield* health.restarted(component)
          yield* Effect.logWarning("component restarts", cause)
          return yield* Effect.fail(cause)
        })

        const fiber = yield* health.report(component, "running").pipe(
          Effect.andThen(crashable(component, loop)),
          // Defects and interruptions from within restart a loop just as failures do. Where the scope closes this fiber is interrupted, and none of this runs.
          Effect.sandbox,
          Effect.catch(crashed),
          Effect.retry({
            schedule: Schedule.min([Schedule.exponential(policy.backoff), Schedule.spaced(policy.backoffMax)]).pipe(Schedule.jittered),
            while: (error) => !(error instanceof ComponentFailed)
          }),
          Effect.andThen(health.report(component, "stopped")),
          Effect.catch((error) =>
            error instanceof ComponentFailed
              ? Effect.all(
                  [
                    health.report(component, "failed", String(error.cause)),
                    Effect.logError("component gave up", error),
                    Deferred.fail(escalated, error)
                  ],
                  { discard: true }
                )
              : Effect.void
          ),
          Effect.annotateLogs({ component }),
          Effect.forkScoped
        )
        return fiber
      })

      const superviseBeating = <E, R>(
        component: string,
        loop: (pulse: Pulse) => Effect.Effect<void, E, R>,
        within: Duration.Input,
        policy?: RestartPolicy
      ) => {
        const withinMillis = Duration.toMillis(Duration.fromInputUnsafe(within))
        const lookEvery = Math.min(noticedAfterMillis, withinMillis) / looks
        const restartLooks = withinMillis / lookEvery
        const watched = Effect.suspend(() => {
          // Looks are counted, and not time: a clock that is set, or a machine that sleeps, is no loop that hangs.
          let quiet = 0
          let waits = 0
          let said = false
          const show = () => {
            quiet = 0
            health.beat(component)
          }
          const waiting: Pulse["waiting"] = (wait) =>
            Effect.suspend(() => {
              show()
              waits++
              return Effect.onExit(wait, () =>
                Effect.sync(() => {
                  waits--
                  show()
                })
              )
            })
          const look = Effect.suspend(() => {
            quiet = waits > 0 ? 0 : quiet + 1
            const silentMillis = quiet * lookEvery
            if (quiet > restartLooks) return Effect.fail(new LoopHung({ component, silentMillis }))
            if (quiet >= looks === said) return Effect.void
            said = !said
            return said
              ? Effect.andThen(
                  health.hangs(component, `hangs: no heartbeat for ${silentMillis} ms`),
                  Effect.logWarning("a component hangs", { silentMillis })
                )
              : Effect.andThen(health.hangs(component, undefined), Effect.logInfo("a component that hung goes on"))
          })
          const watch = Effect.sleep(lookEvery).pipe(Effect.andThen(look), Effect.forever)
          health.beat(component)
          return Effect.gen(function* () {
            const fiber = yield* Effect.forkDetach(loop({ beat: Effect.sync(show), waiting }))
            return yield* Effect.raceFirst(Fiber.join(fiber), watch).pipe(
              // What hangs may not be interruptible either: it is left behind, and ends as soon as it can.
              Effect.onExit((exit) =>
                Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof LoopHung
                  ? Effect.forkDetach(Fiber.interrupt(fiber))
                  : Fiber.interrupt(fiber)
              )
            )
          }).pipe(Effect.ensuring(Effect.suspend(() => health.hangs(component, undefined))))
        })
        return supervise(component, watched, policy)
      }

      const crash = (component: string) =>
        Effect.suspend(() => {
          const running = crashes.get(component)
          return running === undefined ? Effect.succeed(false) : Deferred.die(running, new Error("it was made to crash"))
        })
      return Supervisor.of({ supervise, superviseBeating, crash, escalation: Deferred.await(escalated) })
    })
  )
}

export class ComponentFailed extends Schema.TaggedError<ComponentFailed>()("ComponentFailed", {
  component: Schema.String,
  restarts: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.component} failed for good after ${this.restarts} restarts: ${String(this.cause)}`
  }
}

/** The loop did not run its heartbeat in time. */
export class LoopHung extends Schema.TaggedError<LoopHung>()("LoopHung", { component: Schema.String, silentMillis: Schema.Finite }) {
  override get message() {
    return `${this.component} hangs: no heartbeat for ${this.silentMillis} ms`
  }
}

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}
