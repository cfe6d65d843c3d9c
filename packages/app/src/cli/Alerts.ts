/** `evenkeel alerts`: the present state of alerts. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { config, load } from "./Root.ts"

const commands = load(() => import("../command/Alerts.ts"))

const list = Command.make(
  "list",
  { all: Flag.Boolean("all").pipe(Flag.withDescription("Resolved ones too"), Flag.withDefault(false)) },
  Effect.fnUntraced(function* ({ all }) {
    const known = yield* config
    const { runAlertsList } = yield* commands
    yield* runAlertsList(known, all)
  })
).pipe(Command.withDescription("What fires, and the notifications that were given up"))

const resolve = Command.make(
  "resolve",
  {
    coin: Argument.String("coin").pipe(Argument.withDescription("A coin that no engine watches any more")),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why it is closed; receivers are told"))
  },
  Effect.fnUntraced(function* ({ coin, reason }) {
    const known = yield* config
    const { runAlertsResolve } = yield* commands
    yield* runAlertsResolve(known, coin, reason)
  })
).pipe(Command.withDescription("Close the alerts of a coin that no engine watches any more"))

const rebuild = Command.make(
  "rebuild",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runAlertsRebuild } = yield* commands
    yield* runAlertsRebuild(known)
  })
).pipe(Command.withDescription("Make the table of alerts anew from the log"))

export const alerts = Command.make("alerts").pipe(
  Command.withDescription("The present state of alerts"),
  Command.withSubcommands([list, resolve, rebuild])
)
