import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { layerMemoryDatabase } from "../../test/support/MemoryDatabase.ts"
import { readChain } from "./ChainFacts.ts"
import { EventStore } from "./EventStore.ts"

describe("readChain", () => {
  it.live("gives one family's facts in the order of its chain, behind a place and up to a number", () =>
    Effect.gen(function* () {
      const events = yield* EventStore
      for (const stream of ["a/x", "b/x", "a/y", "a/x"]) yield* events.append(stream, "any", [{ kind: "Said", payload: stream }])
      const read = (after: number, limit: number) =>
        Effect.map(readChain({ family: "a", after, limit }), (facts) => facts.map(({ chainIndex, stream }) => `${chainIndex} ${stream}`))
      assert.deepStrictEqual(yield* read(0, 10), ["1 a/x", "2 a/y", "3 a/x"])
      assert.deepStrictEqual(yield* read(1, 1), ["2 a/y"])
      assert.deepStrictEqual(yield* read(3, 10), [])
    }).pipe(Effect.provide(EventStore.layer.pipe(Layer.provideMerge(layerMemoryDatabase))))
  )
})
