/**
 * Notices that the main thread does not run: a loop that never yields, a long collection of garbage, a machine that is too busy.
 *
 * What blocks the main thread blocks every watch on it as well, so a small thread looks at a beat of the main one. It notes what it sees, and the main
 * thread says so once it runs again. Looks are counted and not time: on a machine that sleeps, nobody looks.
 */
import { Effect, Layer } from "effect"
import { Worker } from "node:worker_threads"
import { Supervisor } from "../supervision/Supervisor.ts"
import { HealthRegistry } from "./HealthRegistry.ts"
import { allocateMainWatch, lookMillis, standstillLooks, words } from "./MainBeats.ts"

const beatEvery = `${lookMillis / 2} millis` as const
const component = "main-thread"

/** Watches the thread that builds it. */
export const layerMainWatch = Layer.effectDiscard(
  Effect.gen(function* () {
    const health = yield* HealthRegistry
    const supervisor = yield* Supervisor
    const buffer = allocateMainWatch()
    const memory = new Int32Array(buffer)
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const worker = new Worker(new URL(import.meta.resolve("@evenkeel/runtime/health/mainwatch.worker")), {
          workerData: buffer,
          name: "evenkeel-main-watch"
        })
        worker.unref()
        return worker
      }),
      (worker) => Effect.promise(() => worker.terminate())
    )
    const millis = (word: number) => Atomics.load(memory, word) * lookMillis
    yield* health.gauge(component, "standstills", () => Atomics.load(memory, words.standstills))
    yield* health.gauge(component, "longest_standstill_ms", () => millis(words.longest))
    let said = 0
    const say = Effect.suspend(() => {
      const standstills = Atomics.load(memory, words.standstills)
      // The watch sees its end at its next look.
      if (standstills === said || Atomics.load(memory, words.standing) >= standstillLooks) return Effect.void
      said = standstills
      return Effect.logWarning("the main thread did not run for a while", { millis: millis(words.newest), standstills })
    })
    yield* supervisor.superviseBeating(
      component,
      ({ waiting }) =>
        Effect.sync(() => Atomics.add(memory, words.beats, 1)).pipe(
          Effect.andThen(say),
          Effect.andThen(waiting(Effect.sleep(beatEvery))),
          Effect.forever
        ),
      "5 seconds"
    )
  })
)
