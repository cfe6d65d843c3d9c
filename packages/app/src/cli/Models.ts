/** `evenkeel models`: the models that may serve, and which one does. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { by, data, modelFiles } from "./Parameters.ts"
import { config, load, logs } from "./Root.ts"

const commands = load(() => import("../command/Models.ts"))

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runModelsList } = yield* commands
    yield* runModelsList(known)
  })
).pipe(Command.withDescription("All models, newest first"))

const add = Command.make(
  "add",
  { file: Argument.String("file").pipe(Argument.withDescription("A model file")) },
  Effect.fnUntraced(function* ({ file }) {
    const known = yield* config
    const { runModelsAdd } = yield* commands
    yield* runModelsAdd(known, file)
  })
).pipe(Command.withDescription("Add a model as a challenger"))

const promote = Command.make(
  "promote",
  { version: Argument.Int("version").pipe(Argument.withDescription("As `models list` shows it")), by },
  Effect.fnUntraced(function* ({ by, version }) {
    const known = yield* config
    const { runModelsPromote } = yield* commands
    yield* runModelsPromote(known, version, by)
  })
).pipe(Command.withDescription("Make a model the champion"))

const rollback = Command.make(
  "rollback",
  { by },
  Effect.fnUntraced(function* ({ by }) {
    const known = yield* config
    const { runModelsRollback } = yield* commands
    yield* runModelsRollback(known, by)
  })
).pipe(Command.withDescription("Make the previous champion the champion again"))

const exportOne = Command.make(
  "export",
  {
    model: Argument.String("model").pipe(Argument.withDescription("A version, as `models list` shows it, or a model file")),
    onnx: Flag.String("onnx").pipe(Flag.withDescription("The ONNX file to write"))
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runModelsExport } = yield* commands
    yield* runModelsExport(known, options)
  })
).pipe(Command.withDescription("Write a model as ONNX, for other programs"))

const compare = Command.make(
  "compare",
  { data, files: modelFiles },
  Effect.fnUntraced(function* (options) {
    const { runModelsCompare } = yield* commands
    yield* Effect.provide(runModelsCompare(options), logs)
  })
).pipe(Command.withDescription("Judge models side by side on price files that they were not trained on"))

export const models = Command.make("models").pipe(
  Command.withDescription("The models that may serve"),
  Command.withSubcommands([list, add, promote, rollback, exportOne, compare])
)
