/** Tunes on price files: what a training would learn from, with every feature of the engine. */
import { coinFeatureNames } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { isAboutCoin, marketsOf } from "@evenkeel/replay/price/Markets"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { refereeOf } from "@evenkeel/replay/referee/Referee"
import { Effect } from "effect"
import { eventsOf } from "../training/Events.ts"
import { seriesOfMarket, seriesToLearn } from "../training/Samples.ts"
import { trainingSetOf } from "../training/TrainingSet.ts"
import { tune, type TuneOptions } from "./Tune.ts"
import { tuneReportOf } from "./TuneReport.ts"

export const tuneOn = Effect.fn("tuneOn")(function* (files: ReadonlyArray<PriceFile>, options: Omit<TuneOptions, "set">) {
  const markets = marketsOf(files)
  const verdicts = files.filter(isAboutCoin).map((file) => ({ file, verdict: refereeOf(file) }))
  const series = seriesToLearn(markets, markets.flatMap(seriesOfMarket), verdicts)
  const events = eventsOf(series)
  const whole: TuneOptions = { ...options, set: trainingSetOf(series, events, coinFeatureNames) }
  return tuneReportOf(yield* tune(whole), whole, events)
})
