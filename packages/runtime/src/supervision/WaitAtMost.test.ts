import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { waitAtMost } from "./WaitAtMost.ts"

describe("waitAtMost", () => {
  it.effect("gives the result, or the failure, that comes in time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* waitAtMost("1 second")(Effect.succeed(7)), Option.some(7))
      assert.strictEqual(yield* Effect.flip(waitAtMost("1 second")(Effect.fail("no"))), "no")
    })
  )

  it.live("does not wait for what cannot be interrupted", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* waitAtMost("10 millis")(Effect.uninterruptible(Effect.never)), Option.none())
    })
  )
})
