/**
 * `evenkeel liquidations`: values positions at fair values, which the engine that runs is asked for, or which recorded prices give as of a time.
 *
 * The positions stay here: a file may have more accounts than the API takes.
 */
import { assessPositions, type CoinValue, parseShock } from "@evenkeel/assessment/liquidation/AssessPositions"
import { Amount, parsePositions } from "@evenkeel/assessment/liquidation/PositionsInput"
import { readQuantiles } from "@evenkeel/assessment/liquidation/ReadQuantiles"
import { reportLines } from "@evenkeel/assessment/liquidation/ReportText"
import { valuesAt } from "@evenkeel/assessment/liquidation/ValuesAt"
import { Console, Effect, FileSystem, Option, Result, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { ask } from "./AskEngine.ts"
import { readRecordedPrices } from "./RecordedPrices.ts"

export class LiquidationsRefused extends Schema.TaggedError<LiquidationsRefused>()("LiquidationsRefused", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

const accountsMax = 1_000_000
const fileBytesMax = 512 << 20
const isAmount = Schema.is(Amount)

const refuse = (problem: string) => new LiquidationsRefused({ problem })
const orRefuse = <A>(result: Result.Result<A, string>) => Effect.fromResult(Result.mapError(result, refuse))

export interface LiquidationsOptions {
  readonly positions: Option.Option<string>
  readonly shock: ReadonlyArray<string>
  readonly price: ReadonlyArray<string>
  readonly prices: ReadonlyArray<string>
  readonly at: Option.Option<number>
  readonly quantiles: Option.Option<string>
  readonly first: number
  readonly json: boolean
}

export const runLiquidations = Effect.fn("runLiquidations")(function* (config: EngineConfig, options: LiquidationsOptions) {
  if (Option.isNone(options.positions)) return yield* refuse("name a file of positions with --positions")
  const file = options.positions.value
  const read = yield* orRefuse(Result.mapError(parsePositions(yield* readText(file)), (problem) => `${file}: ${problem}`))
  const given = yield* Effect.forEach(options.price, (text) => {
    const [, coin, amount] = /^([A-Z0-9]{1,12})=(.+)$/.exec(text) ?? []
    return coin === undefined || !isAmount(amount)
      ? Effect.fail(refuse(`${text} is no price: write ETH=1800.50`))
      : Effect.succeed([coin, amount] as const)
  })
  const shocks = yield* Effect.forEach(options.shock, (text) => orRefuse(parseShock(text)))
  const quantiles = yield* readQuantiles(Option.getOrElse(options.quantiles, () => config.liquidations.quantiles))
  const { coins, simulated, time } = options.prices.length === 0 ? yield* askValues(config, options.at) : yield* recordedValues(options)
  const report = yield* orRefuse(
    assessPositions(
      { ...read, prices: { ...read.prices, ...Object.fromEntries(given) } },
      { coins, quantiles, shocks, first: options.first, accountsMax, time, simulated }
    )
  )
  if (options.json) return yield* Console.log(JSON.stringify(report))
  for (const line of reportLines(report)) yield* Console.log(line)
})

const readText = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const unread = () => refuse(`${file}: there is no such file, or it may not be read`)
  const { size } = yield* files.stat(file).pipe(Effect.mapError(unread))
  if (size > fileBytesMax) return yield* refuse(`${file} has more than ${fileBytesMax >> 20} MB`)
  return yield* files.readFileString(file).pipe(Effect.mapError(unread))
})

const askValues = Effect.fnUntraced(function* (config: EngineConfig, at: Option.Option<number>) {
  if (Option.isSome(at)) return yield* refuse("--at is for recorded prices: name them with --prices")
  // An engine says its market's time, and whether that is made up, with every answer about liquidations: also with one about no accounts.
  const { coins, report } = yield* ask(config, ({ coins, liquidations }) =>
    Effect.all({ coins: coins.list({ query: {} }), report: liquidations.assess({ payload: { thresholds: {}, accounts: [], first: 0 } }) })
  )
  return {
    coins: new Map(coins.map((coin): [string, CoinValue] => [coin.coin, coin])),
    time: report.time,
    simulated: report.simulated
  }
})

const recordedValues = Effect.fnUntraced(function* ({ at, prices }: LiquidationsOptions) {
  const files = yield* readRecordedPrices(prices)
  const last = files.reduce((latest, { times }) => Math.max(latest, times.at(-1) ?? latest), Number.NEGATIVE_INFINITY)
  const time = Option.getOrElse(at, () => last)
  return { coins: valuesAt(files, time), time, simulated: false }
})
