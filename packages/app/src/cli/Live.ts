/** `evenkeel live`: the engine against the venues themselves. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { configSource, load } from "./Root.ts"

export const live = Command.make(
  "live",
  {},
  Effect.fnUntraced(function* () {
    const source = yield* configSource
    const { runLive } = yield* load(() => import("../mode/Live.ts"))
    yield* runLive(yield* source.load, source)
  })
).pipe(Command.withDescription("Run the engine against the venues themselves (public data)"))
