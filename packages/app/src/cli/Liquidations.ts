/** `evenkeel liquidations`: which positions fall, at what prices, and how soon history says that may be. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { at, json, prices } from "./Parameters.ts"
import { config, load, logs } from "./Root.ts"

const quantiles = Command.make(
  "quantiles",
  {
    prices,
    without: Flag.String("without").pipe(Flag.withDescription("A coin that is left out; may be given several times"), Flag.atLeast(0)),
    source: Flag.String("source").pipe(Flag.withDescription("What the files are, in words")),
    out: Flag.String("out").pipe(Flag.withDescription("The file that is written"))
  },
  Effect.fnUntraced(function* (options) {
    const { runQuantiles } = yield* load(() => import("../command/Quantiles.ts"))
    yield* Effect.provide(runQuantiles(options), logs)
  })
).pipe(
  Command.withDescription("Measure on price files by how much fair values change within hours, for `--quantiles` and the configuration")
)

export const liquidations = Command.make(
  "liquidations",
  {
    positions: Flag.String("positions").pipe(
      Flag.withDescription("Positions: JSON, or CSV with account,side,coin,amount,threshold"),
      Flag.optional
    ),
    shock: Flag.String("shock").pipe(
      Flag.withDescription("USDC=-500bps or USDC=-5%; with commas several coins at once; may be given several times"),
      Flag.atLeast(0)
    ),
    price: Flag.String("price").pipe(
      Flag.withDescription("ETH=1800: a coin's price in dollars, over every other; may be given several times"),
      Flag.atLeast(0)
    ),
    prices: Flag.String("prices").pipe(
      Flag.withDescription("Recorded prices instead of the engine that runs: a file or a directory; may be given several times"),
      Flag.atLeast(0)
    ),
    at,
    quantiles: Flag.String("quantiles").pipe(
      Flag.withDescription("A file of `liquidations quantiles`; the configured or shipped one when left out"),
      Flag.optional
    ),
    first: Flag.Int("first").pipe(Flag.withDescription("Accounts that are listed"), Flag.withDefault(20)),
    json
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runLiquidations } = yield* load(() => import("../command/Liquidations.ts"))
    yield* Effect.provide(runLiquidations(known, options), logs)
  })
).pipe(
  Command.withDescription("Which positions fall at what prices, at the fair values of the engine that runs or of recorded prices"),
  Command.withSubcommands([quantiles])
)
