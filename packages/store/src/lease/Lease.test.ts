import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { layerMemoryDatabase } from "../../test/support/MemoryDatabase.ts"
import { makeLease } from "./Lease.ts"

describe("a lease", () => {
  it.effect("is one engine's until it stops, or until it has not been heard of for a while", () =>
    Effect.gen(function* () {
      const of = (owner: string) => makeLease({ name: "rules", owner })
      const two = yield* of("two")
      const three = yield* of("three")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const one = yield* of("one")
          assert.isTrue(yield* one.hold)
          assert.isFalse(yield* two.hold)
          for (let seconds = 0; seconds < 60; seconds += 6) {
            yield* TestClock.adjust("6 seconds")
            assert.isTrue(yield* one.hold, "renewed")
            assert.isFalse(yield* two.hold)
          }
        })
      )
      assert.isTrue(yield* two.hold, "given back")
      // One that is killed gives nothing back.
      yield* TestClock.adjust("14 seconds")
      assert.isFalse(yield* three.hold)
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(yield* three.hold)
      assert.isFalse(yield* two.hold, "it finds out")
    }).pipe(Effect.scoped, Effect.provide(layerMemoryDatabase))
  )
})
