/** Plain functions of this package as jobs of the worker pool, and the pool that a command has for them. */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Effect, Layer } from "effect"
import { availableParallelism } from "node:os"

/** A function that takes `Input` and gives `A`, called by name in a thread. The answer's type is that of the function: a thread's boundary loses it. */
export const jobOf =
  (pool: WorkerPool["Service"]) =>
  <Input, A>(module: string, name: string) =>
  (input: Input) =>
    Effect.map(pool.run({ priority: "medium", module: new URL(module), function: name, input }), (answer) => answer as A)

const threadsMax = 8
/** More than the heads of all models that one evaluation trains, or than a tuning has under way. */
const waitingMax = 1000

/** A pool of its own with a thread a core. */
export const layerCommandPool = WorkerPool.layer({ threads: Math.min(threadsMax, availableParallelism()), waitingMax }).pipe(
  Layer.provide(HealthRegistry.layer)
)
