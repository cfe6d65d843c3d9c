/**
 * The command `evenkeel` and what its subcommands share.
 *
 * `--help` must be quick, so this folder imports single modules of `effect` and describes flags only. What a command runs is imported
 * when the command runs, by `load`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

export const evenkeel = Command.make("evenkeel").pipe(
  Command.withDescription("Notices a stablecoin losing its peg before the market agrees."),
  Command.withSharedFlags({
    config: Flag.String("config").pipe(Flag.withAlias("c"), Flag.withDescription("Configuration file, TOML or JSON"), Flag.optional)
  })
)

/** Imports a module when the effect runs: `load(() => import("../command/Audit.ts"))`. */
export const load = <Module>(importModule: () => Promise<Module>): Effect.Effect<Module> => Effect.promise(importModule)

/** Where the configuration comes from: `--config` and the environment. */
export const configSource = Effect.gen(function* () {
  const root = yield* evenkeel
  const { configFile, loadConfig } = yield* load(() => import("../config/LoadConfig.ts"))
  return { file: configFile(root.config, process.env), load: loadConfig(root.config, process.env) }
})

/** The configuration as it stands now. */
export const config = Effect.flatMap(configSource, ({ load: read }) => read)

/** Logs of commands that print results: on standard error, for people. */
export const logsFrom = (level: "Info" | "Error") =>
  Layer.unwrap(
    Effect.map(
      load(() => import("@evenkeel/runtime/log/Logs")),
      ({ layerLogs }) => layerLogs({ format: "pretty", level, levels: {} })
    )
  )
export const logs = logsFrom("Info")

/** The exit code of a command that found a fault in what it looked at. */
export const failIf = (failed: boolean): Effect.Effect<void> =>
  Effect.sync(() => {
    if (failed) process.exitCode = 1
  })
