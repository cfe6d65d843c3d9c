/**
 * Keeps what the detectors have learned over restarts and failovers: one checkpoint for each set of coins and instruments.
 *
 * Order flow needs days to know what is usual: without a checkpoint the earliest warning would be silent for as long after every restart. One
 * that cannot be read, or was written for other coins, is left out and said: the detectors begin anew.
 */
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Context, Effect, Layer, Option } from "effect"
import { zstdCompress, zstdDecompress } from "node:zlib"

export class CheckpointStore extends Context.Service<
  CheckpointStore,
  {
    /** The newest, or undefined. */
    readonly load: Effect.Effect<Uint8Array | undefined>
    /** A checkpoint that cannot be written is logged: the next one will be. */
    readonly save: (checkpoint: Uint8Array) => Effect.Effect<void>
  }
>()("@evenkeel/detection/host/CheckpointStore") {
  /** In the database, under `name`. */
  static readonly layer = (name: string) =>
    Layer.effect(
      CheckpointStore,
      Effect.gen(function* () {
        const snapshots = yield* Snapshots
        const key = `detectors ${name}`
        return CheckpointStore.of({
          load: snapshots.load(key).pipe(
            Effect.flatMap(
              Option.match({ onNone: () => Effect.succeed(undefined), onSome: ({ payload }) => packed(zstdDecompress, payload) })
            ),
            Effect.catch((error) =>
              Effect.as(Effect.logWarning("no checkpoint can be read", { problem: databaseProblem(error) }), undefined)
            )
          ),
          save: (checkpoint) =>
            packed(zstdCompress, checkpoint).pipe(
              Effect.flatMap((bytes) => snapshots.save(key, 0, bytes)),
              Effect.catch((error) => Effect.logWarning("a checkpoint was not written", { problem: databaseProblem(error) }))
            )
        })
      })
    )

  /** In memory, for as long as the layer lasts. */
  static readonly layerMemory = Layer.sync(CheckpointStore, () => {
    let kept: Uint8Array | undefined
    return CheckpointStore.of({
      load: Effect.sync(() => kept),
      save: (checkpoint) =>
        Effect.sync(() => {
          kept = checkpoint
        })
    })
  })
}

/** By a thread of Node's pool, so that megabytes hold nobody up. */
const packed = (work: typeof zstdCompress | typeof zstdDecompress, bytes: Uint8Array): Effect.Effect<Uint8Array, Error> =>
  Effect.callback((resume) => work(bytes, (error, done) => resume(error === null ? Effect.succeed(done) : Effect.fail(error))))
