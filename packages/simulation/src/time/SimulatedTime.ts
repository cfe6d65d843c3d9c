/**
 * Time that passes only when the simulation says so, and a look at whether anything is still going on.
 *
 * A simulation is a sequence of moments. In each, whatever can run runs until everything waits: for a time, for a socket, for the database.
 * Then time goes to the next moment at which somebody wants to be woken. So a minute takes as long as its work, and the same seed makes the same
 * minute: nothing depends on how fast the machine is.
 */
import { Clock, Duration, Effect, Fiber, Scheduler } from "effect"

/** Turns of the event loop without anything happening until everything waits: promises and streams take a few from one step to the next. */
const idleTurns = 4
const completeStepMillis = 10

/** Something outside of the event loop whose answers the simulation hands over one at a time. */
export interface Outside {
  /** Work that can be done now; false when there was none. */
  readonly step: () => boolean
  /** Whether an answer is on its way; `notify` is called once when it is there. */
  readonly awaits: (notify: () => void) => boolean
}

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

export class SimulatedTime {
  /** Milliseconds since the simulation began in which the machines were awake: what timers count. */
  elapsed = 0
  /** Milliseconds in which they slept: the wall's clock goes on, and no timer does. */
  #slept = 0
  /** How far the wall's clock has been set, ms. */
  wallOffset = 0
  readonly #startsAt: number
  readonly #outside: Array<Outside> = []
  readonly #sleepers: Array<Sleeper> = []
  #order = 0
  #tasks = 0
  #activity = 0

  constructor(startsAt: number) {
    this.#startsAt = startsAt
  }

  /** What the wall's clock shows, Unix ms. */
  readonly now = (): number => this.trueNow() + this.wallOffset

  /** Time as it would be if nobody had set the clock: the market's. */
  readonly trueNow = (): number => this.#startsAt + this.elapsed + this.#slept

  watch(outside: Outside): void {
    this.#outside.push(outside)
  }

  /** Calls `wake` after `millis`; the answer takes that back. */
  after(millis: number, wake: () => void): () => void {
    const sleeper = { at: this.elapsed + Math.max(0, millis), order: this.#order++, wake }
    const sleepers = this.#sleepers
    let low = 0
    let high = sleepers.length
    // Latest first, so that the next one is at the end.
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sleepers[middle]!.at > sleeper.at) low = middle + 1
      else high = middle
    }
    sleepers.splice(low, 0, sleeper)
    return () => {
      const at = sleepers.indexOf(sleeper)
      if (at >= 0) sleepers.splice(at, 1)
    }
  }

  /** Effect's clock on this time. */
  get clock(): Clock.Clock {
    const nanos = () => BigInt(Math.floor(this.now())) * 1_000_000n
    const monotonic = () => BigInt(Math.floor(this.elapsed)) * 1_000_000n
    return {
      currentTimeMillisUnsafe: this.now,
      currentTimeMillis: Effect.sync(this.now),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: monotonic,
      monotonicTimeNanos: Effect.sync(monotonic),
      sleep: (duration) =>
        Effect.callback<void>((resume) => {
          const cancel = this.after(Duration.toMillis(duration), () => resume(Effect.void))
          return Effect.sync(cancel)
        })
    }
  }

  /** Effect's scheduler, whose tasks are counted. */
  get scheduler(): Scheduler.Scheduler {
    return new Scheduler.MixedScheduler("async", (task) => {
      this.#tasks++
      const handle = setImmediate(() => {
        this.#tasks--
        this.#activity++
        task()
      })
      return () => {
        this.#tasks--
        clearImmediate(handle)
      }
    })
  }

  /** Ends when everything waits. */
  readonly settle: Effect.Effect<void> = Effect.callback<void>((resume) => {
    let seen = this.#activity
    let idle = 0
    const again = () => {
      idle = 0
      setImmediate(look)
    }

    const look = () => {
      idle = this.#activity === seen && this.#tasks === 0 ? idle + 1 : 0
      seen = this.#activity
      if (idle < idleTurns) return void setImmediate(look)
      if (this.#outside.some(({ step }) => step())) return again()
      if (this.#outside.some(({ awaits }) => awaits(again))) return
      resume(Effect.void)
    }
    setImmediate(look)
  })

  /** The same effect with this time's clock and scheduler. */
  readonly on = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(Effect.provideService(Clock.Clock, this.clock), Effect.provideService(Scheduler.Scheduler, this.scheduler))

  /** Runs an effect on this time until it ends; time passes while it waits. */
  complete<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.gen({ self: this }, function* () {
      const fiber = yield* Effect.forkChild(this.on(effect))
      yield* this.settle
      while (fiber.pollUnsafe() === undefined) yield* this.pass(completeStepMillis)
      return yield* Fiber.join(fiber)
    })
  }

  /** The machines sleep: the world goes on, and for them no time has passed. */
  suspend(millis: number): void {
    this.#slept += millis
  }

  /** Lets so much time pass, moment by moment. */
  pass(millis: number): Effect.Effect<void> {
    const until = this.elapsed + millis
    const moment = Effect.suspend(() => {
      const next = this.#sleepers.at(-1)
      if (next === undefined || next.at > until) {
        this.elapsed = until
        return Effect.succeed(false)
      }
      this.elapsed = Math.max(this.elapsed, next.at)
      while (this.#sleepers.length > 0 && this.#sleepers.at(-1)!.at <= this.elapsed) this.#sleepers.pop()!.wake()
      return Effect.as(this.settle, true)
    })
    return Effect.andThen(this.settle, Effect.repeat(moment, { while: (more) => more })).pipe(Effect.asVoid)
  }
}
