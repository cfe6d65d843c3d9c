/** Starts the thread that answers for an ONNX model, and says when it has ended. */
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { explainOnnxProblem } from "@evenkeel/learning/onnx/OnnxSession"
import { Deferred, Effect, Schema } from "effect"
import { Worker } from "node:worker_threads"
import { QuestionAnswerer } from "../model/ModelQuestions.ts"
import { type OnnxFile, OnnxUnusable } from "./OnnxFiles.ts"
import type { OnnxLimits, OnnxThreadData, OnnxThreadMessage } from "./OnnxMessages.ts"

/** The process that runs the model died or hung, or its thread did. */
export class OnnxStopped extends Schema.TaggedError<OnnxStopped>()("OnnxStopped", { file: Schema.String, problem: Schema.String }) {
  override get message() {
    return `${this.file}: the process that runs it ${this.problem}`
  }
}

export interface OnnxThread {
  /** Of the process that runs the model. */
  readonly process: number
  readonly worker: Worker
  /** Fails once nobody answers any more. */
  readonly ended: Effect.Effect<never, OnnxStopped>
}

/** Starting Node and loading a model, on a busy machine. */
const loadMillis = 60_000
/** A bar is a minute: so long a coin's level waits for a model at most. */
export const liveLimits: OnnxLimits = { waitMillis: 50, hungMillis: 2000, loadMillis }
/** A replay waits for every answer, so that it gives the same ones each time. */
export const replayLimits: OnnxLimits = { waitMillis: 10_000, hungMillis: 10_000, loadMillis }

/** A thread that is told to end has this long until it is ended. */
const endMillisMax = 1000

/** A thread that answers questions at `address`, until the scope closes. */
export const startOnnxThread = Effect.fn("OnnxThread.start")(function* (
  { bytes, file, heads, inputs }: OnnxFile,
  memory: KernelMemory,
  address: number,
  { hungMillis, loadMillis }: OnnxLimits
) {
  const ready = yield* Deferred.make<number, OnnxUnusable | OnnxStopped>()
  const ended = yield* Deferred.make<never, OnnxStopped>()
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const workerData: OnnxThreadData = {
        memory,
        address,
        bytes,
        shape: { features: inputs.length, heads: heads.length },
        hungMillis,
        loadMillis
      }
      const worker = new Worker(new URL(import.meta.resolve("@evenkeel/detection/onnx/onnx.worker")), { workerData, name: "evenkeel-onnx" })
      const stopped = (problem: string) => {
        // Whatever ended the thread, nobody waits for it any more.
        new QuestionAnswerer(memory, address).end()
        const failed = Effect.fail(new OnnxStopped({ file, problem }))
        Deferred.doneUnsafe(ready, failed)
        Deferred.doneUnsafe(ended, failed)
      }
      worker.on("message", (message: OnnxThreadMessage) => {
        if (message._tag === "Ready") Deferred.doneUnsafe(ready, Effect.succeed(message.process))
        else if (message._tag === "Stopped") stopped(message.problem)
        else {
          const { reason } = message.problem
          Deferred.doneUnsafe(ready, Effect.fail(new OnnxUnusable({ file, reason, advice: explainOnnxProblem(message.problem) })))
        }
      })
      worker.once("error", (cause) => stopped(`has a thread that died: ${String(cause)}`))
      worker.once("exit", () => stopped("has a thread that ended"))
      return worker
    }),
    endThread
  )
  return { process: yield* Deferred.await(ready), worker, ended: Deferred.await(ended) } satisfies OnnxThread
})

/** The thread ends its process first, which may hang. Real time, whatever clock the engine lives by. */
const endThread = (worker: Worker) =>
  Effect.callback<void>((resume) => {
    if (worker.threadId === -1) return resume(Effect.void)
    const timer = setTimeout(() => void worker.terminate(), endMillisMax)
    worker.once("exit", () => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    worker.postMessage("end")
  })
