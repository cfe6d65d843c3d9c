/** `evenkeel insurance` and `evenkeel evidence`: parametric covers, and what proves their triggers. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { json } from "./Parameters.ts"
import { config, failIf, load, logs } from "./Root.ts"

const insuring = load(() => import("../command/Insurance.ts"))
const proving = load(() => import("../command/Evidence.ts"))

const status = Command.make(
  "status",
  { json },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runInsuranceStatus } = yield* insuring
    yield* runInsuranceStatus(known, options.json)
  })
).pipe(Command.withDescription("How the covers of the engine that runs stand"))

const replay = Command.make(
  "replay",
  {
    terms: Flag.String("terms").pipe(Flag.withDescription("TOML or JSON file with [[terms]], or a configuration with [[insurance.terms]]")),
    prices: Argument.String("price").pipe(
      Argument.withDescription("Price files (venue-BASE-QUOTE-….csv.gz)"),
      Argument.variadic({ min: 1 })
    ),
    json
  },
  Effect.fnUntraced(function* (options) {
    const { runInsuranceReplay } = yield* insuring
    yield* Effect.provide(runInsuranceReplay(options), logs)
  })
).pipe(Command.withDescription("Would these terms have been met by recorded prices, and when?"))

export const insurance = Command.make("insurance").pipe(
  Command.withDescription("Parametric covers: are their terms met?"),
  Command.withSubcommands([status, replay])
)

const exportOne = Command.make(
  "export",
  {
    term: Flag.String("term").pipe(Flag.withDescription("The terms' name")),
    out: Flag.String("out").pipe(Flag.withDescription("The file to write"))
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runEvidenceExport } = yield* proving
    yield* runEvidenceExport(known, options)
  })
).pipe(Command.withDescription("Write what proves how a cover stands, signed, into one file"))

const verify = Command.make(
  "verify",
  {
    file: Argument.String("file").pipe(Argument.withDescription("A file that `evidence export` wrote")),
    key: Flag.String("key").pipe(
      Flag.withDescription("The engine's public key (PEM), as `evidence key` prints it, from whom you trust"),
      Flag.optional
    ),
    json
  },
  Effect.fnUntraced(function* (options) {
    const { runEvidenceVerify } = yield* proving
    yield* failIf(!(yield* runEvidenceVerify(options)))
  })
).pipe(Command.withDescription("Check a file of evidence and judge its terms anew; no engine or database is needed"))

const key = Command.make(
  "key",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runEvidenceKey } = yield* proving
    yield* runEvidenceKey(known)
  })
).pipe(Command.withDescription("Print the public key that this engine signs with"))

export const evidence = Command.make("evidence").pipe(
  Command.withDescription("What proves how a cover stands"),
  Command.withSubcommands([exportOne, verify, key])
)
