/**
 * Entry of a thread that trains a model on a directory of price files, from the first byte read to the last head fitted, and posts the model's
 * bytes. The engine that asks for it goes on with its sockets meanwhile.
 */
import { NodeServices } from "@effect/platform-node"
import { encodeModel } from "@evenkeel/learning/model/ModelFile"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import { parentPort, workerData } from "node:worker_threads"
import type { RetrainAnswer, RetrainOrder } from "./RetrainEntry.ts"
import { trainOn } from "./TrainOnFiles.ts"

const { directory, name, seed } = workerData as RetrainOrder
const port = parentPort!

const train = Effect.gen(function* () {
  const files = yield* readPriceFiles(directory)
  const { file } = yield* trainOn(files, { name, seed, checkpoints: Option.none(), progress: () => Effect.void })
  return encodeModel(file)
})

// One head after the other: whoever trades now needs the processor more.
const layer = WorkerPool.layer({ threads: 1, waitingMax: 1000 }).pipe(
  Layer.provide(HealthRegistry.layer),
  Layer.provideMerge(NodeServices.layer)
)

const exit = await Effect.runPromiseExit(Effect.provide(train, layer))
port.postMessage((Exit.isSuccess(exit) ? { model: exit.value } : { failed: String(Cause.squash(exit.cause)) }) satisfies RetrainAnswer)
