/**
 * A whole training as one job of the worker pool: reads the price files and the journal, plays them, fits every head, and gives back the model's
 * bytes alone, or what the data lack.
 *
 * All of it happens in the job's thread, at a priority of its own where a thread can have one (Linux): at the lowest it takes only the processor
 * time that market data leaves. The thread stays at that priority: give retraining a pool of its own.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { encodeModel } from "@evenkeel/learning/model/ModelFile"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { Effect, Layer, Logger, Option } from "effect"
import { setPriority } from "node:os"
import { HeadFitter } from "./HeadFitter.ts"
import { readJournalSeries } from "./JournalSeries.ts"
import { trainOn } from "./TrainOnFiles.ts"

/** What a training learns from: price files, a journal, or both. */
export interface TrainingSources {
  /** Directory of price files. */
  readonly prices?: string
  /** Directory of a journal, and whether its market is made up. */
  readonly journal?: { readonly directory: string; readonly simulated: boolean }
}

export interface RetrainInput extends TrainingSources {
  /** Of the job's thread, as in `node:os`. */
  readonly priority: number
  readonly name: string
  readonly seed: number
}

/** A model's bytes; or how many breaks in how many days were too few. */
export type RetrainAnswer = Uint8Array | { readonly breaks: number; readonly days: number }

const services = Layer.mergeAll(
  NodeServices.layer,
  HeadFitter.layerSameThread,
  Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
)

const noFiles: ReadonlyArray<PriceFile> = []

const train = Effect.fnUntraced(
  function* ({ journal, name, prices, seed }: RetrainInput) {
    const files = yield* prices === undefined
      ? Effect.succeed(noFiles)
      : readPriceFiles(prices).pipe(
          Effect.catch((error) =>
            journal === undefined
              ? Effect.fail(error)
              : Effect.as(Effect.logWarning("the training learns from the journal alone", { problem: error.message }), noFiles)
          )
        )
    const { file } = yield* trainOn(files, {
      name,
      seed,
      checkpoints: Option.none(),
      progress: () => Effect.void,
      ...(journal === undefined ? {} : { journal: yield* readJournalSeries(journal.directory, journal.simulated) })
    })
    return encodeModel(file) as RetrainAnswer
  },
  Effect.catchTag("NotEnoughToLearn", ({ breaks, days }) => Effect.succeed<RetrainAnswer>({ breaks, days }))
)

export const retrainJob = (input: RetrainInput): Promise<RetrainAnswer> => {
  // Elsewhere a process has one priority, and the sockets' thread would be slowed down too.
  if (process.platform === "linux") setPriority(input.priority)
  return Effect.runPromise(Effect.provide(train(input), services))
}
