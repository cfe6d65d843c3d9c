/**
 * How the prediction engine has a model trained anew: as one job of the worker pool, so that the thread of the sockets does none of the work.
 *
 * Of what waits in the pool, everything else goes first. Interrupting the training ends its thread, which the pool replaces.
 */
import type { Retrain } from "@evenkeel/detection/host/PredictionRetraining"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Effect, Schema } from "effect"
import { constants } from "node:os"
import type { RetrainInput } from "./retrain.worker.ts"

/** The job's answer crosses a thread's boundary, where its type is lost. */
export class AnswerNotAModel extends Schema.TaggedError<AnswerNotAModel>()("AnswerNotAModel", {}) {
  override get message() {
    return "the training's thread did not answer with a model's bytes"
  }
}

/**
 * Trains on the price files of `directory`, as they are when a training begins. `priority` is the operating system's for the training's thread, as
 * in `node:os`: the lowest when left out.
 */
export const makeRetrain = Effect.fnUntraced(function* (directory: string, priority: number = constants.priority.PRIORITY_LOW) {
  const pool = yield* WorkerPool
  const retrain: Retrain = (request) =>
    pool
      .run({
        priority: "low",
        module: new URL(import.meta.resolve("@evenkeel/lab/training/retrain.worker")),
        function: "retrainJob",
        input: { directory, priority, ...request } satisfies RetrainInput
      })
      .pipe(Effect.flatMap((answer) => (answer instanceof Uint8Array ? Effect.succeed(answer) : Effect.fail(new AnswerNotAModel()))))
  return retrain
})
