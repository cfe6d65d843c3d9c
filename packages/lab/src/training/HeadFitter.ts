/**
 * Where the heads of a model are fitted: in the threads of the worker pool, many at once, for a command that somebody waits for; or one after
 * the other in the thread of the caller, for a training that has a thread of its own already.
 */
import type { FittedHead, HeadProblem } from "@evenkeel/learning/ensemble/FitHead"
import { type JobFailed, type PoolFull, WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Context, Effect, Layer } from "effect"
import { type Choice, type ChoiceInput, chooseRecipe } from "./ChooseRecipe.ts"
import { jobOf, layerCommandPool } from "./Jobs.ts"
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
    Effect.map(WorkerPool, (pool) => {
      const job = jobOf(pool)
      return HeadFitter.of({
        fit: job(import.meta.resolve("@evenkeel/lab/training/HeadJob"), "fitHeadJob"),
        choose: job(import.meta.resolve("@evenkeel/lab/training/ChooseRecipe"), "chooseRecipe")
      })
    })
  )

  static readonly layerSameThread = Layer.succeed(
    HeadFitter,
    HeadFitter.of({
      fit: (input) => Effect.sync(() => fitHeadJob(input)),
      choose: (input) => Effect.sync(() => chooseRecipe(input))
    })
  )
}

/** For commands. */
export const layerTraining = HeadFitter.layer.pipe(Layer.provide(layerCommandPool))
