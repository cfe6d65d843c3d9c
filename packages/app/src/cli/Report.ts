/** `evenkeel report`: a month of the log, for an auditor. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { config, failIf, load } from "./Root.ts"

export const report = Command.make(
  "report",
  {
    month: Flag.String("month").pipe(
      Flag.withDescription("As 2026-11, in UTC"),
      Flag.filter(
        (month) => /^20\d\d-(0[1-9]|1[0-2])$/.test(month),
        (month) => `--month ${month} is no month such as 2026-11`
      )
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("Directory for evenkeel-2026-11.html and .json; the one that is asked for goes to standard output without it"),
      Flag.optional
    ),
    html: Flag.Boolean("html").pipe(Flag.withDescription("The page alone"), Flag.withDefault(false)),
    json: Flag.Boolean("json").pipe(Flag.withDescription("The JSON alone"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runReport } = yield* load(() => import("../command/Report.ts"))
    yield* failIf(!(yield* runReport(known, options)))
  })
).pipe(Command.withDescription("A month of the log: alerts, actions, uptime, gaps, settings, models, and whether the log holds"))
