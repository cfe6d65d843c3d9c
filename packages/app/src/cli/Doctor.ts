/** `evenkeel doctor`: what would keep the engine from working, and what to do about it. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { config, failIf, load, logsFrom } from "./Root.ts"

export const doctor = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runDoctor } = yield* load(() => import("../command/Doctor.ts"))
    const well = yield* Effect.provide(runDoctor(known), logsFrom("Error"))
    yield* failIf(!well)
  })
).pipe(Command.withDescription("Check venues, database, port and directories, and say what to do"))
