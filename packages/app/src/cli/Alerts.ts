/** `evenkeel alerts`: the present state of alerts. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { config, load } from "./Root.ts"

const rebuild = Command.make(
  "rebuild",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runAlertsRebuild } = yield* load(() => import("../command/Alerts.ts"))
    yield* runAlertsRebuild(known)
  })
).pipe(Command.withDescription("Make the table of alerts anew from the log"))

export const alerts = Command.make("alerts").pipe(
  Command.withDescription("The present state of alerts"),
  Command.withSubcommands([rebuild])
)
