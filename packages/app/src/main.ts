/** The program: a command line over the modes. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { scenarioNames } from "@evenkeel/connectors/simulated/Scenario"
import { Cause, Console, Effect, Exit, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { layerLogs } from "@evenkeel/runtime/telemetry/Telemetry"
import { runAudit } from "./command/Audit.ts"
import { runDecode } from "./command/Decode.ts"
import { runEvaluate } from "./command/Evaluate.ts"
import { runDoctor } from "./command/Doctor.ts"
import { runExplain } from "./command/Explain.ts"
import { runModelsAdd, runModelsCompare, runModelsList, runModelsPromote, runModelsRollback } from "./command/Models.ts"
import { runJournalExport, runJournalStat, runJournalVerify } from "./command/Journal.ts"
import { runRecord } from "./command/Record.ts"
import { runReplay } from "./command/Replay.ts"
import { layerTraining } from "@evenkeel/lab/training/HeadFitter"
import { runTrain } from "./command/Train.ts"
import { loadConfig } from "./config/LoadConfig.ts"
import { runDemo } from "./mode/Demo.ts"
import { runLive } from "./mode/Live.ts"

const evenkeel = Command.make("evenkeel").pipe(
  Command.withDescription("Notices a stablecoin losing its peg before the market agrees."),
  Command.withSharedFlags({
    config: Flag.String("config").pipe(Flag.withAlias("c"), Flag.withDescription("Configuration file, TOML or JSON"), Flag.optional)
  })
)

const config = Effect.flatMap(evenkeel, (root) => loadConfig(root.config, process.env))

const demo = Command.make(
  "demo",
  {
    scenario: Flag.Literals("scenario", scenarioNames).pipe(
      Flag.withDescription("What happens in the market"),
      Flag.withDefault("usdc-2023-03")
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Draws the market's chance"), Flag.withDefault(1)),
    speed: Flag.Finite("speed").pipe(Flag.withDescription("Market seconds in a real second"), Flag.withDefault(120)),
    seconds: Flag.Finite("seconds").pipe(Flag.withDescription("Stop by itself after so many real seconds"), Flag.optional)
  },
  Effect.fnUntraced(function* ({ scenario, seconds, seed, speed }) {
    const stop = Option.match(seconds, { onNone: () => ({}), onSome: (value) => ({ stopAfterMillis: value * 1000 }) })
    yield* runDemo(yield* config, { scenario, seed, speed, ...stop })
  })
).pipe(Command.withDescription("Run the engine against simulated venues on loopback"))

const live = Command.make("live", {}, () => Effect.flatMap(config, runLive)).pipe(
  Command.withDescription("Run the engine against the venues themselves (public data)")
)

/** Logs of commands that print results: standard error, for people. */
const logs = layerLogs({ pretty: true, level: "Info" })

const replay = Command.make(
  "replay",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("Price files (venue-BASE-QUOTE-….csv.gz), journals or captures"),
      Argument.variadic({ min: 1 })
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("One JSON object a line"), Flag.withDefault(false)),
    level: Flag.Literals("level", ["watch", "warning", "critical"]).pipe(
      Flag.withDescription("Only changes to this level or above; all when left out"),
      Flag.optional
    ),
    model: Flag.String("model").pipe(
      Flag.withDescription("Model whose probabilities are given: shipped, none, or a model file"),
      Flag.withDefault("none")
    ),
    speed: Flag.Finite("at-speed").pipe(Flag.withDescription("Times real time; as fast as it goes when left out"), Flag.optional),
    venue: Flag.Literals("venue", venueIds).pipe(Flag.withDescription("Whose frames a capture holds"), Flag.optional)
  },
  (options) => runReplay(options).pipe(Effect.provide(logs))
).pipe(Command.withDescription("Play recorded markets through the engine's detection"))

const decode = Command.make(
  "decode",
  {
    file: Argument.String("file").pipe(Argument.withDescription("A capture, JSON Lines, plain or gzip")),
    venue: Flag.Literals("venue", venueIds).pipe(Flag.withDescription("Whose frames it holds")),
    summary: Flag.Boolean("summary").pipe(Flag.withDescription("Books, trades and counts instead of events"), Flag.withDefault(false))
  },
  (options) => runDecode(options).pipe(Effect.provide(logs))
).pipe(Command.withDescription("Decode a capture with a venue's own decoder"))

const failIf = (failed: boolean) =>
  Effect.sync(() => {
    if (failed) process.exitCode = 1
  })

const doctor = Command.make("doctor", {}, () =>
  config.pipe(
    Effect.flatMap(runDoctor),
    Effect.flatMap((well) => failIf(!well)),
    Effect.provide(layerLogs({ pretty: true, level: "Error" }))
  )
).pipe(Command.withDescription("Check venues, database, port and directories, and say what to do"))

const audit = Command.make("audit", {}, () => Effect.flatMap(config, runAudit)).pipe(
  Command.withDescription("Walk the event store's hash chain")
)

const record = Command.make(
  "record",
  {
    out: Flag.String("out").pipe(Flag.withDescription("Directory of the journal"), Flag.withDefault("recording")),
    venues: Flag.Literals("venue", venueIds).pipe(
      Flag.withDescription("Only this venue; may be given again. All that instruments name, when left out"),
      Flag.between(0, venueIds.length)
    ),
    seconds: Flag.Finite("seconds").pipe(Flag.withDescription("Stop by itself after so many seconds"), Flag.optional)
  },
  Effect.fnUntraced(function* ({ out, seconds, venues }) {
    yield* runRecord(yield* config, { directory: out, venues, seconds }).pipe(Effect.provide(logs))
  })
).pipe(Command.withDescription("Keep the raw frames of venues in a journal"))

const journalFiles = Argument.String("file").pipe(Argument.withDescription("Segments, NNNNNN.journal"), Argument.variadic({ min: 1 }))
const journal = Command.make("journal").pipe(
  Command.withDescription("Look into recordings"),
  Command.withSubcommands([
    Command.make("verify", { files: journalFiles }, ({ files }) =>
      runJournalVerify(files).pipe(
        Effect.flatMap((whole) => failIf(!whole)),
        Effect.provide(logs)
      )
    ).pipe(Command.withDescription("Are all blocks whole?")),
    Command.make("stat", { files: journalFiles }, ({ files }) => runJournalStat(files).pipe(Effect.provide(logs))).pipe(
      Command.withDescription("What is in them, as JSON")
    ),
    Command.make(
      "export",
      { files: journalFiles, out: Flag.String("out").pipe(Flag.withDescription("The Parquet file"), Flag.withDefault("events.parquet")) },
      ({ files, out }) => runJournalExport(files, out).pipe(Effect.provide(logs))
    ).pipe(Command.withDescription("Every event as a row of a Parquet file"))
  ])
)

const data = Flag.String("data").pipe(
  Flag.withDescription("Directory of price files (venue-BASE-QUOTE-….csv or .csv.gz), directories in it too")
)
const checkpoints = Flag.String("checkpoints").pipe(
  Flag.withDescription("Directory in which finished parts are kept, so that a training that was interrupted goes on"),
  Flag.optional
)

const evaluate = Command.make(
  "evaluate",
  {
    data,
    json: Flag.Boolean("json").pipe(Flag.withDescription("One JSON object instead of tables"), Flag.withDefault(false)),
    report: Flag.String("report").pipe(Flag.withDescription("The page that it writes"), Flag.withDefault("evaluation.html")),
    model: Flag.String("model").pipe(Flag.withDescription("A model file; the shipped one when left out"), Flag.optional),
    checkpoints
  },
  (options) => runEvaluate(options).pipe(Effect.provide([layerTraining, logs]))
).pipe(Command.withDescription("Judge the engine on recorded prices: leads, false alarms, blame, probabilities"))

const train = Command.make(
  "train",
  {
    data,
    out: Flag.String("out").pipe(Flag.withDescription("The model file"), Flag.withDefault("model.evkmodel")),
    name: Flag.String("name").pipe(Flag.withDescription("What it is called where it serves"), Flag.withDefault("model")),
    seed: Flag.Int("seed").pipe(Flag.withDescription("Draws the training's chance"), Flag.withDefault(1)),
    checkpoints
  },
  (options) => runTrain(options).pipe(Effect.provide([layerTraining, logs]))
).pipe(Command.withDescription("Train a model on recorded prices"))

const explain = Command.make(
  "explain",
  {
    files: Argument.String("file").pipe(Argument.withDescription("Price files of one market"), Argument.variadic({ min: 1 })),
    coin: Flag.String("coin").pipe(Flag.withDescription("Of which coin")),
    at: Flag.String("at").pipe(Flag.withDescription("When, ISO 8601: the last bar that had closed by then")),
    label: Flag.Literals("label", ["onset", "state"]).pipe(Flag.withDefault("onset")),
    horizonMinutes: Flag.Int("horizon").pipe(Flag.withDescription("Minutes: 5, 30, 60, 240 or 1440"), Flag.withDefault(60)),
    model: Flag.String("model").pipe(Flag.withDescription("A model file; the shipped one when left out"), Flag.optional),
    json: Flag.Boolean("json").pipe(Flag.withDescription("One JSON object"), Flag.withDefault(false))
  },
  (options) => runExplain(options).pipe(Effect.provide(logs))
).pipe(Command.withDescription("Why the model said what it said, feature by feature"))

const versionArgument = Argument.Int("version").pipe(Argument.withDescription("As `models list` shows it"))
const models = Command.make("models").pipe(
  Command.withDescription("The models that may serve"),
  Command.withSubcommands([
    Command.make("list", {}, () => Effect.flatMap(config, runModelsList)).pipe(Command.withDescription("All of them, newest first")),
    Command.make("add", { file: Argument.String("file").pipe(Argument.withDescription("A model file")) }, ({ file }) =>
      Effect.flatMap(config, (known) => runModelsAdd(known, file))
    ).pipe(Command.withDescription("Add one as a challenger")),
    Command.make("promote", { version: versionArgument }, ({ version }) =>
      Effect.flatMap(config, (known) => runModelsPromote(known, version))
    ).pipe(Command.withDescription("Make one the champion")),
    Command.make("rollback", {}, () => Effect.flatMap(config, runModelsRollback)).pipe(
      Command.withDescription("Make the champion of before the champion again")
    ),
    Command.make(
      "compare",
      { data, files: Argument.String("file").pipe(Argument.withDescription("Model files"), Argument.variadic({ min: 1 })) },
      (options) => runModelsCompare(options).pipe(Effect.provide(logs))
    ).pipe(Command.withDescription("Judge models side by side on price files that they have not seen"))
  ])
)

const main = evenkeel.pipe(
  Command.withSubcommands([demo, live, record, replay, evaluate, train, explain, models, decode, journal, doctor, audit]),
  Command.run({ version: "0.1.0" })
)

/** Errors that say what to do, and need no stack. */
const explained = new Set([
  "ConfigInvalid",
  "DatabaseLocked",
  "DatabaseUnopened",
  "VenueUnopened",
  "CaptureUnreadable",
  "PriceFileUnreadable",
  "NoPriceFiles",
  "TrainingRefused",
  "ModelUnusable",
  "ModelMissing",
  "NothingToExplain",
  "JournalUnreadable",
  "ComponentFailed",
  "JournalFailed",
  "ReplayRefused",
  "ExportFailed",
  "NothingToRecord",
  "PortUnavailable",
  "DatabaseUnavailable",
  "ChainBroken"
])

main.pipe(
  Effect.catchCause((cause) => {
    const error: unknown = Cause.squash(cause)
    const tag = typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : ""
    if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
    const text = explained.has(tag) && error instanceof Error ? error.message : Cause.pretty(cause)
    return Console.error(text).pipe(
      Effect.andThen(
        Effect.sync(() => {
          process.exitCode = 2
        })
      )
    )
  }),
  Effect.provide(NodeServices.layer),
  // Ctrl-C and SIGTERM are how it is meant to end.
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(process.exitCode ?? 0) : Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
)
