/** `evenkeel liquidations quantiles`: measures on price files by how much fair values change within hours, and writes it as a file. */
import { type ChangeQuantiles, ChangeSamples, pricedLevels } from "@evenkeel/assessment/liquidation/ChangeQuantiles"
import { measureMarket } from "@evenkeel/assessment/liquidation/MeasureQuantiles"
import { isOracleMarket, marketsOf } from "@evenkeel/replay/price/Markets"
import { Console, DateTime, Effect, FileSystem } from "effect"
import { readRecordedPrices } from "./RecordedPrices.ts"

const iso = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(time)).slice(0, 10)

export const runQuantiles = Effect.fn("runQuantiles")(function* (options: {
  readonly prices: ReadonlyArray<string>
  readonly without: ReadonlyArray<string>
  readonly source: string
  readonly out: string
}) {
  const markets = marketsOf(yield* readRecordedPrices(options.prices)).filter((market) => !isOracleMarket(market))
  const samples = new ChangeSamples()
  const coins = new Set<string>()
  for (const market of markets) {
    const measured = measureMarket(market, samples, (symbol) => !options.without.includes(symbol))
    for (const coin of measured) coins.add(coin)
    yield* Effect.logInfo("measured", { market: market.name, coins: measured })
    yield* Effect.yieldNow
  }
  const files = markets.flatMap((market) => market.files)
  const made: ChangeQuantiles = {
    format: "evenkeel change quantiles 1",
    source: options.source,
    coins: [...coins].sort(),
    from: iso(files.reduce((first, { times }) => Math.min(first, times[0] ?? first), Number.POSITIVE_INFINITY)),
    to: iso(files.reduce((last, { times }) => Math.max(last, times.at(-1) ?? last), 0)),
    levels: samples.levels()
  }
  yield* (yield* FileSystem.FileSystem).writeFileString(options.out, `${JSON.stringify(made, undefined, 1)}\n`)
  for (const level of pricedLevels) {
    const own = made.levels[level]
    yield* Console.log(own === null ? `${level}: too little history` : `${level}: ${own.samples} spans in ${own.series} series`)
  }
})
