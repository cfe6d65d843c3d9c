import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { LastWords } from "./LastWords.ts"

class Above extends Context.Service<Above, { readonly drained: () => boolean }>()("Above") {}

it.effect("is said when what stands above has drained, and what stands below is still there", () =>
  Effect.gen(function* () {
    const said: Array<string> = []
    let below = "open"
    let drained = false
    const closes = Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => (below = "closed"))))
    const drains = Layer.effect(
      Above,
      Effect.gen(function* () {
        yield* LastWords
        yield* Effect.addFinalizer(() => Effect.sync(() => (drained = true)))
        return Above.of({ drained: () => drained })
      })
    )
    const layer = drains.pipe(Layer.provideMerge(LastWords.layer), Layer.provideMerge(closes))
    yield* Effect.gen(function* () {
      const above = yield* Above
      ;(yield* LastWords).set(Effect.sync(() => said.push(`drained: ${above.drained()}, store: ${below}`)))
    }).pipe(Effect.provide(layer))
    assert.deepStrictEqual(said, ["drained: true, store: open"])
  })
)
