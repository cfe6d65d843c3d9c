/** A wait with a bound that holds also for what cannot be interrupted at once. */
import { type Duration, Effect, Fiber, Option } from "effect"

/**
 * The result of `self` if it comes within `duration`. `Effect.timeout` waits until what it interrupts has ended, and a statement to a database that does
 * not answer never ends: here it is left behind on a fiber of its own, interrupted as soon as that is possible.
 */
export const waitAtMost =
  (duration: Duration.Input) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<A>, E, R> =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkDetach(self)
      const exit = yield* Fiber.await(fiber).pipe(
        Effect.timeoutOption(duration),
        Effect.onInterrupt(() => Effect.forkDetach(Fiber.interrupt(fiber)))
      )
      if (Option.isSome(exit)) return Option.some(yield* exit.value)
      yield* Effect.forkDetach(Fiber.interrupt(fiber))
      return Option.none()
    })
