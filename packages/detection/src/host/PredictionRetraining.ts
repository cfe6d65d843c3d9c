/**
 * Trains a new model when the one that serves drifts, and enters it into the registry as a challenger.
 *
 * How a model is trained is given from outside, and must not run in this thread: it takes minutes. One training runs at a time, one more request
 * waits, others are refused; so many trainings start within a day, restarts included, and a shutdown cancels the one that runs.
 */
import type { Random } from "@evenkeel/learning/data/Random"
import { makeActor } from "@evenkeel/runtime/supervision/Actor"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Cause, Clock, DateTime, Effect, Option, Schema } from "effect"
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
const snapshotName = (engine: string) => `retrainings/${engine}`

/** When trainings began, Unix ms. */
const Began = Schema.fromJsonString(Schema.Array(Schema.Finite))
const decodeBegan = Schema.decodeUnknownOption(Began)
const encodeBegan = Schema.encodeSync(Began)

export const makeRetraining = Effect.fnUntraced(function* (options: {
  readonly engineName: string
  readonly retrain: Retrain
  readonly perDayMax: number
  readonly random: Random
  readonly onRetrained: (model: RetrainedModel) => Effect.Effect<void>
  /** No model came of a finding. */
  readonly onFailed: Effect.Effect<void>
}) {
  const registry = yield* ModelRegistry
  const snapshots = yield* Snapshots
  const snapshot = snapshotName(options.engineName)

  /** When the trainings of the last day began; those of runs before too. */
  const beganToday = Effect.fnUntraced(function* (now: number) {
    const kept = Option.flatMap(yield* snapshots.load(snapshot), ({ payload }) => decodeBegan(new TextDecoder().decode(payload)))
    // One that lies far ahead was written while the clock was wrong.
    return Option.getOrElse(kept, () => []).filter((time) => Math.abs(now - time) < day)
  })

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

  const answer = Effect.fnUntraced(
    function* ({ kind }: DriftFinding) {
      const now = yield* Clock.currentTimeMillis
      const today = yield* beganToday(now)
      if (today.length >= options.perDayMax) {
        yield* Effect.logInfo("no retraining: the limit of a day is reached", { finding: kind, perDayMax: options.perDayMax })
        return yield* options.onFailed
      }
      // Written before it begins: one that takes the process down with it, or fails, must not be repeated without end.
      yield* snapshots.save(snapshot, 0, new TextEncoder().encode(encodeBegan([...today, now])))
      yield* Effect.logInfo("retraining begins", { finding: kind })
      yield* train()
    },
    // The model that serves goes on.
    Effect.catchCause((cause) => Effect.andThen(Effect.logError("retraining failed", Cause.squash(cause)), options.onFailed))
  )

  return yield* makeActor({
    name: component,
    mailboxCapacity: 1,
    overflow: { _tag: "DropNewest" },
    initial: Effect.void,
    receive: (_: void, finding: DriftFinding) => Effect.as(answer(finding), [undefined, undefined] as const),
    drainWithin: 0
  })
})
