/**
 * One monotonic clock for all threads of the process, in nanoseconds, that allocates nothing.
 *
 * `performance.now()` counts from each thread's own start and `hrtime.bigint()` from one origin for all, but allocates.
 * So each thread measures the distance between the two once, keeping the tightest of many readings.
 */
import { Context } from "effect"
import { hrtime } from "node:process"

const readings = 5000

/** Created once a thread; `origin` is `hrtime.bigint()` of the main thread at start. */
export class Nanoclock {
  readonly origin: bigint
  readonly #offset: number

  constructor(origin: bigint) {
    this.origin = origin
    let tightest = Number.POSITIVE_INFINITY
    let offset = 0
    for (let i = 0; i < readings; i++) {
      const before = hrtime.bigint()
      const now = performance.now()
      const width = Number(hrtime.bigint() - before)
      if (width < tightest) {
        tightest = width
        offset = Number(before - origin) + width / 2 - now * 1e6
      }
    }
    this.#offset = offset
  }

  /** Nanoseconds since the origin. */
  now(): number {
    return performance.now() * 1e6 + this.#offset
  }
}

/** The clock of the process's main thread; other threads make their own from its origin. */
export const ProcessNanoclock = Context.Reference<Nanoclock>("@evenkeel/runtime/time/ProcessNanoclock", {
  defaultValue: () => new Nanoclock(hrtime.bigint())
})
