/** Trains a model on price files in a thread of its own, so that the thread of the sockets never waits for it. */
import { type RetrainAnswer, retrainEntry, type RetrainOrder } from "@evenkeel/lab/training/RetrainEntry"
import { Clock, DateTime, Effect, Schema } from "effect"
import { Worker } from "node:worker_threads"

export class RetrainingFailed extends Schema.TaggedError<RetrainingFailed>()("RetrainingFailed", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

/** The bytes of a model that was trained on the price files under `directory`; the thread ends with the effect. */
export const retrainOn = Effect.fn("retrainOn")(function* (directory: string) {
  const now = yield* Clock.currentTimeMillis
  const name = `retrained-${DateTime.formatIsoDateUtc(DateTime.makeUnsafe(now))}`
  return yield* Effect.callback<Uint8Array, RetrainingFailed>((resume) => {
    const failed = (problem: string) => resume(new RetrainingFailed({ problem }))
    const worker = new Worker(retrainEntry, {
      workerData: { directory, name, seed: now % (1 << 30) } satisfies RetrainOrder,
      name: "evenkeel-retraining"
    })
    worker.once("message", (answer: RetrainAnswer) => ("model" in answer ? resume(Effect.succeed(answer.model)) : failed(answer.failed)))
    worker.once("error", (error) => failed(String(error)))
    worker.once("exit", (code) => failed(`the thread ended with ${code}`))
    return Effect.promise(() => worker.terminate())
  })
})
