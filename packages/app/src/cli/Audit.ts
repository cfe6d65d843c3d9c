/** `evenkeel audit`: the log's hash chains. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { config, failIf, load } from "./Root.ts"

export const audit = Command.make(
  "audit",
  {
    against: Flag.String("against").pipe(Flag.withDescription("An exported head: is what the log held then still there?"), Flag.optional),
    exportTo: Flag.String("export").pipe(Flag.withDescription("Write the ends of all chains, signed, to this file"), Flag.optional)
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runAudit } = yield* load(() => import("../command/Audit.ts"))
    const whole = yield* runAudit(known, options)
    yield* failIf(!whole)
  })
).pipe(Command.withDescription("Check the log's hash chains, also against an exported head"))
