/**
 * A whole training as one job of the worker pool: reads the price files, plays them, fits every head, and gives back the model's bytes alone.
 *
 * All of it happens in the job's thread, at a priority of its own where a thread can have one (Linux): at the lowest it takes only the processor
 * time that market data leaves. The thread stays at that priority: give retraining a pool of its own.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { encodeModel } from "@evenkeel/learning/model/ModelFile"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { Effect, Layer, Logger, Option } from "effect"
import { setPriority } from "node:os"
import { HeadFitter } from "./HeadFitter.ts"
import { trainOn } from "./TrainOnFiles.ts"

export interface RetrainInput {
  /** Where the price files lie. */
  readonly directory: string
  /** Of the job's thread, as in `node:os`. */
  readonly priority: number
  readonly name: string
  readonly seed: number
}

const services = Layer.mergeAll(
  NodeServices.layer,
  HeadFitter.layerSameThread,
  Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
)

const train = Effect.fnUntraced(function* ({ directory, name, seed }: RetrainInput) {
  const files = yield* readPriceFiles(directory)
  const { file } = yield* trainOn(files, { name, seed, checkpoints: Option.none(), progress: () => Effect.void })
  return encodeModel(file)
})

export const retrainJob = (input: RetrainInput): Promise<Uint8Array> => {
  // Elsewhere a process has one priority, and the sockets' thread would be slowed down too.
  if (process.platform === "linux") setPriority(input.priority)
  return Effect.runPromise(Effect.provide(train(input), services))
}
