import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { playPrices } from "../test/support/PlayPrices.ts"

describe("a custom engine of layers", () => {
  it.effect("says everything of a coin that falls, from the first step off its usual place", () =>
    Effect.gen(function* () {
      const steady = Array.from({ length: 120 }, (_, minute) => 1 + (minute % 3) * 1e-5)
      const falling = Array.from({ length: 10 }, (_, minute) => 0.998 - minute * 0.001)
      const said = yield* playPrices([...steady, ...falling], 3)
      assert.deepStrictEqual(
        said.map(({ kind, level }) => `${kind} ${level}`),
        ["break watch", "break warning", "break critical"]
      )
    })
  )
})
