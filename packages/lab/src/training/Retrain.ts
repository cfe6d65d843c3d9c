/**
 * How the prediction engine has a model trained anew: as one job of the worker pool, so that the thread of the sockets does none of the work.
 *
 * Of what waits in the pool, everything else goes first. Interrupting the training ends its thread, which the pool replaces.
 */
import type { Retrain } from "@evenkeel/detection/host/PredictionRetraining"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Context, Effect, Schema } from "effect"
import { constants } from "node:os"
import { NotEnoughToLearn } from "./NotEnoughToLearn.ts"
import type { RetrainInput, TrainingSources } from "./retrain.worker.ts"

/** The job's answer crosses a thread's boundary, where its type is lost. */
export class AnswerNotAModel extends Schema.TaggedError<AnswerNotAModel>()("AnswerNotAModel", {}) {
  override get message() {
    return "the training's thread did not answer with a model's bytes"
  }
}

/** Of the training's thread, as in `node:os`: the lowest, unless there is nobody that it could hold up. */
export const TrainingPriority = Context.Reference<number>("@evenkeel/lab/training/TrainingPriority", {
  defaultValue: () => constants.priority.PRIORITY_LOW
})

const decodeLack = Schema.decodeUnknownEffect(Schema.Struct({ breaks: Schema.Int, days: Schema.Finite }))

const modelIn = (answer: unknown): Effect.Effect<Uint8Array, AnswerNotAModel | NotEnoughToLearn> =>
  answer instanceof Uint8Array
    ? Effect.succeed(answer)
    : decodeLack(answer).pipe(
        Effect.mapError(() => new AnswerNotAModel()),
        Effect.flatMap((lack) => new NotEnoughToLearn(lack))
      )

/** Trains on what the sources hold when a training begins. */
export const makeRetrain = Effect.fnUntraced(function* (sources: TrainingSources) {
  const pool = yield* WorkerPool
  const priority = yield* TrainingPriority
  const retrain: Retrain = (request) =>
    pool
      .run({
        priority: "low",
        module: new URL(import.meta.resolve("@evenkeel/lab/training/retrain.worker")),
        function: "retrainJob",
        input: { ...sources, priority, ...request } satisfies RetrainInput
      })
      .pipe(Effect.flatMap(modelIn))
  return retrain
})
