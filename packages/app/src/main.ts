/** The program: its command line, and how the process ends. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Command from "effect/cli/Command"
import { layerPresenter, reportProblems } from "./cli/Problems.ts"
import { program } from "./cli/Program.ts"
import { layerTerminal } from "./cli/Terminal.ts"
import { version } from "./Version.ts"
import { endInAnyCase } from "./cli/End.ts"

endInAnyCase()

program.pipe(
  Command.run({ version }),
  reportProblems,
  Effect.provide([NodeServices.layer, layerPresenter, layerTerminal]),
  // Ctrl-C and SIGTERM are the usual ways to end the program, so an interruption is a success.
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(process.exitCode ?? 0) : Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
)
