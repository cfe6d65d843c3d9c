/**
 * Where the heads of a model are fitted: in the threads of the worker pool, many at once, for a command that somebody waits for; or one after
 * the other in the thread of the caller, for a training that has a thread of its own already.
 */
import type { FittedHead, HeadProblem } from "@evenkeel/learning/ensemble/FitHead"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { type JobFailed, type PoolFull, WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Context, Effect, Layer } from "effect"
import { availableParallelism } from "node:os"
import { type Choice, type ChoiceInput, chooseRecipe } from "./ChooseRecipe.ts"
import { fitHeadJob, type HeadJobInput } from "./HeadJob.ts"

export class HeadFitter extends Context.Service<
  HeadFitter,
  {
    readonly fit: (input: HeadJobInput) => Effect.Effect<FittedHead | HeadProblem, PoolFull | JobFailed>
    readonly choose: (input: ChoiceInput) => Effect.Effect<Choice, PoolFull | JobFailed>
  }
>()("@evenkeel/lab/training/HeadFitter") {
  static readonly layer = Layer.effect(
    HeadFitter,
    Effect.map(WorkerPool, (pool) =>
      HeadFitter.of({
        fit: (input) =>
          Effect.map(
            pool.run({
              priority: "medium",
              module: new URL(import.meta.resolve("@evenkeel/lab/training/HeadJob")),
              function: "fitHeadJob",
              input
            }),
            (fitted) => fitted as FittedHead | HeadProblem
          ),
        choose: (input) =>
          Effect.map(
            pool.run({
              priority: "medium",
              module: new URL(import.meta.resolve("@evenkeel/lab/training/ChooseRecipe")),
              function: "chooseRecipe",
              input
            }),
            (choice) => choice as Choice
          )
      })
    )
  )

  static readonly layerSameThread = Layer.succeed(
    HeadFitter,
    HeadFitter.of({
      fit: (input) => Effect.sync(() => fitHeadJob(input)),
      choose: (input) => Effect.sync(() => chooseRecipe(input))
    })
  )
}

const threadsMax = 8
/** More than the heads of all models that one evaluation trains. */
const waitingMax = 1000

/** For commands: a pool of its own with a thread a core. */
export const layerTraining = HeadFitter.layer.pipe(
  Layer.provide(WorkerPool.layer({ threads: Math.min(threadsMax, availableParallelism()), waitingMax })),
  Layer.provide(HealthRegistry.layer)
)
