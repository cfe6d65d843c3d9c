/** `evenkeel oracle`: published price feeds against the fair value. */
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { from, json, positive, prices, to } from "./Parameters.ts"
import { config, failIf, load, logs } from "./Root.ts"

const replay = Command.make(
  "replay",
  {
    feed: Flag.String("feed").pipe(Flag.withDescription("Rounds of a feed: CSV with timestamp_ms, price and, if there is one, round")),
    prices,
    coin: Flag.String("coin").pipe(Flag.withDescription("The coin that the feed prices; by the file's name when left out"), Flag.optional),
    heartbeatSeconds: positive("heartbeat").pipe(Flag.withDescription("The feed's heartbeat, in seconds"), Flag.withDefault(86_400)),
    deviationBps: positive("deviation").pipe(Flag.withDescription("The feed's deviation threshold, in bps"), Flag.withDefault(25)),
    unsafeGapBps: positive("unsafe-gap").pipe(
      Flag.withDescription("A gap from here on is unsafe, in bps; 50, or twice the threshold, when left out"),
      Flag.optional
    ),
    from,
    to,
    changes: Flag.Int("changes").pipe(Flag.withDescription("Changes of the verdict that are shown"), Flag.withDefault(40)),
    json
  },
  Effect.fnUntraced(function* (options) {
    const { runOracleReplay } = yield* load(() => import("../command/OracleReplay.ts"))
    yield* Effect.provide(runOracleReplay(options), logs)
  })
).pipe(Command.withDescription("Judge a feed's recorded rounds by the fair value of recorded prices, minute by minute"))

export const oracle = Command.make(
  "oracle",
  {
    coin: Argument.String("coin").pipe(Argument.withDescription("Feeds of one coin; all when left out"), Argument.optional),
    feed: Flag.String("feed").pipe(Flag.withDescription("One feed, by its name in the configuration"), Flag.optional),
    json
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runOracle } = yield* load(() => import("../command/Oracle.ts"))
    yield* failIf(!(yield* runOracle(known, options)))
  })
).pipe(
  Command.withDescription("May liquidations use the configured price feeds now? Ends with 1 unless all of them are safe"),
  Command.withSubcommands([replay])
)
