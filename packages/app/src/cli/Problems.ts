/**
 * What the program prints when a command ends badly: one message on standard error and exit code 2. A stack is printed only for a defect,
 * which nobody foresaw.
 */
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as CliOutput from "effect/cli/CliOutput"
import * as SqlError from "effect/sql/SqlError"

/** Prints help on standard output, and a mistake on the command line on standard error with the command that shows the help. */
export const layerPresenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          [...event.errors.map(({ message }) => message), `\nRun \`${event.commandPath.join(" ")} --help\` to see what it takes.`].join(
            "\n"
          )
        )
      : // Help has colours, and nothing from outside.
        Effect.provideService(CliOutput.defaultPresenter.present(event), Console.Console, globalThis.console)
})

const textOf = (cause: Cause.Cause<unknown>): string | undefined => {
  const error: unknown = Cause.squash(cause)
  if (Cause.hasDies(cause) || !(error instanceof Error) || !("_tag" in error)) return Cause.pretty(cause)
  if (error._tag === "ShowHelp") return undefined
  if (SqlError.isSqlError(error)) return databaseProblem(error)
  return error.message
}

/** Help that was shown for want of a subcommand is no failure. */
const isPlainHelp = (cause: Cause.Cause<unknown>): boolean => {
  const error: unknown = Cause.squash(cause)
  return error instanceof Error && "_tag" in error && error._tag === "ShowHelp" && "errors" in error && Array.isArray(error.errors)
    ? error.errors.length === 0
    : false
}

/** Turns a failure into a message and exit code 2; an interruption stays one. */
export const reportProblems = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.catchCause(self, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
    if (isPlainHelp(cause)) return Effect.void
    const text = textOf(cause)
    const exitWith2 = Effect.sync(() => {
      process.exitCode = 2
    })
    return text === undefined ? exitWith2 : Effect.andThen(Console.error(text), exitWith2)
  })
