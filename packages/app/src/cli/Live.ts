/** `evenkeel live`: the engine against the venues themselves. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { config, load } from "./Root.ts"

export const live = Command.make(
  "live",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runLive } = yield* load(() => import("../mode/Live.ts"))
    yield* runLive(known)
  })
).pipe(Command.withDescription("Run the engine against the venues themselves (public data)"))
