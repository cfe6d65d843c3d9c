/** `evenkeel journal`: what recordings hold. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failIf, load, logs } from "./Root.ts"

const commands = load(() => import("../command/Journal.ts"))
const files = Argument.String("file").pipe(
  Argument.withDescription("Segments (NNNNNN.journal), or directories of them"),
  Argument.variadic({ min: 1 })
)

const verify = Command.make(
  "verify",
  { files },
  Effect.fnUntraced(function* (options) {
    const { runJournalVerify } = yield* commands
    const whole = yield* Effect.provide(runJournalVerify(options.files), logs)
    yield* failIf(!whole)
  })
).pipe(Command.withDescription("Check that every block is whole"))

const stat = Command.make(
  "stat",
  { files },
  Effect.fnUntraced(function* (options) {
    const { runJournalStat } = yield* commands
    yield* Effect.provide(runJournalStat(options.files), logs)
  })
).pipe(Command.withDescription("What is in them, as JSON"))

const exportEvents = Command.make(
  "export",
  {
    files,
    out: Flag.String("out").pipe(Flag.withDescription("The Parquet file; events.parquet when left out"), Flag.withDefault("events.parquet"))
  },
  Effect.fnUntraced(function* (options) {
    const { runJournalExport } = yield* commands
    yield* Effect.provide(runJournalExport(options.files, options.out), logs)
  })
).pipe(Command.withDescription("Every event as a row of a Parquet file"))

export const journal = Command.make("journal").pipe(
  Command.withDescription("Look into recordings"),
  Command.withSubcommands([verify, stat, exportEvents])
)
