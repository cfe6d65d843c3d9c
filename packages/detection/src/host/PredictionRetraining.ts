/**
 * Trains a new model when the one that serves drifts, and enters it into the registry as a challenger.
 *
 * How a model is trained is given from outside, and must not run in this thread: it takes minutes. One training runs at a time, one more request
 * waits, others are refused; so many trainings start within a day, and a shutdown cancels the one that runs.
 */
import type { Random } from "@evenkeel/learning/data/Random"
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Cause, Clock, DateTime, Effect } from "effect"
import type { DriftFinding } from "../drift/DriftWatch.ts"
import { readModel, sha256Of } from "../model/ModelFiles.ts"

/** Trains a model in another thread or process and gives its file's bytes. Interrupting it ends the training. */
export type Retrain = (request: { readonly name: string; readonly seed: number }) => Effect.Effect<Uint8Array, Error>

export interface RetrainedModel {
  readonly version: number
  readonly name: string
}

const component = "model-retraining"
const day = 86_400_000
const seedsEnd = 1 << 30

export const makeRetraining = Effect.fnUntraced(function* (options: {
  readonly retrain: Retrain
  readonly perDayMax: number
  readonly random: Random
  readonly onRetrained: (model: RetrainedModel) => Effect.Effect<void>
  /** No model came of a finding. */
  readonly onFailed: Effect.Effect<void>
}) {
  const registry = yield* ModelRegistry

  const train = Effect.fn("PredictionRetraining.train")(function* () {
    const name = `retrained-${DateTime.formatIsoDateUtc(yield* DateTime.now)}`
    const bytes = yield* options.retrain({ name, seed: options.random.below(seedsEnd) })
    // A model that could not serve must not become a challenger.
    yield* readModel(name, bytes)
    const at = yield* Clock.currentTimeMillis
    const version = yield* registry.add({ name, sha256: sha256Of(bytes), bytes, status: "challenger", at })
    yield* Effect.logInfo("a retrained model challenges the champion", { model: name, version })
    yield* options.onRetrained({ version, name })
  })

  return yield* makeActor({
    name: component,
    mailboxCapacity: 1,
    overflow: { _tag: "DropNewest" },
    /** When the trainings of the last day began. */
    initial: Effect.succeed<ReadonlyArray<number>>([]),
    receive: Effect.fnUntraced(function* (began: ReadonlyArray<number>, finding: DriftFinding) {
      const now = yield* Clock.currentTimeMillis
      const today = began.filter((time) => now - time < day)
      if (today.length >= options.perDayMax) {
        yield* Effect.logInfo("no retraining: the limit of a day is reached", { finding: finding.kind, perDayMax: options.perDayMax })
        yield* options.onFailed
        return [today, undefined] as const
      }
      yield* Effect.logInfo("retraining begins", { finding: finding.kind })
      // The model that serves goes on; a failed training counts towards the limit, or it would be repeated without end.
      yield* train().pipe(
        Effect.catchCause((cause) => Effect.andThen(Effect.logError("retraining failed", Cause.squash(cause)), options.onFailed))
      )
      return [[...today, now], undefined] as const
    }),
    drainWithin: 0
  })
})
