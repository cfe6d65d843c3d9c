/** The command line: its commands, and how the process ends. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Command from "effect/cli/Command"
import { alerts } from "./cli/Alerts.ts"
import { audit } from "./cli/Audit.ts"
import { consumers } from "./cli/Consumers.ts"
import { decode } from "./cli/Decode.ts"
import { demo } from "./cli/Demo.ts"
import { doctor } from "./cli/Doctor.ts"
import { evaluate } from "./cli/Evaluate.ts"
import { explain } from "./cli/Explain.ts"
import { journal } from "./cli/Journal.ts"
import { live } from "./cli/Live.ts"
import { models } from "./cli/Models.ts"
import { layerPresenter, reportProblems } from "./cli/Problems.ts"
import { record } from "./cli/Record.ts"
import { replay } from "./cli/Replay.ts"
import { evenkeel } from "./cli/Root.ts"
import { layerTerminal } from "./cli/Terminal.ts"
import { train } from "./cli/Train.ts"
import { tune } from "./cli/Tune.ts"
import { endInAnyCase } from "./cli/End.ts"

endInAnyCase()

evenkeel.pipe(
  Command.withSubcommands([
    demo,
    live,
    record,
    replay,
    evaluate,
    train,
    tune,
    explain,
    models,
    decode,
    journal,
    alerts,
    consumers,
    doctor,
    audit
  ]),
  Command.run({ version: "0.1.0" }),
  reportProblems,
  Effect.provide([NodeServices.layer, layerPresenter, layerTerminal]),
  // Ctrl-C and SIGTERM are the usual ways to end the program, so an interruption is a success.
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(process.exitCode ?? 0) : Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
)
