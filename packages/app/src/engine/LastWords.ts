/**
 * What an engine says of its run when it has ended: after everything above the store has drained, so that the figures are final, and before the
 * database closes, so that it can still be asked.
 */
import { Context, Effect, Layer } from "effect"

export class LastWords extends Context.Service<
  LastWords,
  {
    /** Takes the place of what was to be said before. */
    readonly set: (words: Effect.Effect<void>) => void
  }
>()("@evenkeel/app/engine/LastWords") {
  static readonly layer = Layer.effect(
    LastWords,
    Effect.gen(function* () {
      let words = Effect.void
      yield* Effect.addFinalizer(() => words)
      return LastWords.of({ set: (next) => void (words = next) })
    })
  )
}
