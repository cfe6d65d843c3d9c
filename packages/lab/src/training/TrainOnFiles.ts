/** Trains a whole model on price files and a journal, and records in the model's file what it was trained on. */
import { profileOf } from "@evenkeel/learning/drift/Drift"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"
import { Effect, type Option } from "effect"
import { coverage, day, lengthOf } from "@evenkeel/replay/referee/Onsets"
import { refereeOf } from "@evenkeel/replay/referee/Referee"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { eventsOf } from "./Events.ts"
import { isAboutCoin, marketsOf } from "@evenkeel/replay/price/Markets"
import type { JournalSeries } from "./JournalSeries.ts"
import { NotEnoughToLearn } from "./NotEnoughToLearn.ts"
import { modelFeatures, wholeRecipe } from "./Recipe.ts"
import { type CoinSeries, seriesOfMarket, seriesToLearn } from "./Samples.ts"
import { trainModel } from "./Train.ts"
import { headKeys, trainingSetOf } from "./TrainingSet.ts"

/** The profiles of the features, against which drift is measured, are made of one row in so many. */
const profiledRows = 7
/** What is learned of one event is judged by another. */
const eventsMin = 2

/** Days in which some coin has bars: those of the longest series of each market. */
const daysOf = (series: ReadonlyArray<CoinSeries>): number => {
  const longest = new Map<string, number>()
  for (const { deviationsBps, market, stepMillis, times } of series) {
    const covered = lengthOf(coverage({ covered: times, times, deviationsBps, stepMillis }))
    longest.set(market, Math.max(longest.get(market) ?? 0, covered))
  }
  return [...longest.values()].reduce((sum, covered) => sum + covered, 0) / day
}

export const trainOn = Effect.fn("trainOn")(function* (
  files: ReadonlyArray<PriceFile>,
  options: {
    readonly name: string
    readonly seed: number
    readonly checkpoints: Option.Option<string>
    readonly progress: (done: number, of: number, what: string) => Effect.Effect<void>
    readonly journal?: JournalSeries
  }
) {
  const markets = marketsOf(files)
  const verdicts = files.filter(isAboutCoin).map((file) => ({ file, verdict: refereeOf(file) }))
  const series = [...seriesToLearn(markets, markets.flatMap(seriesOfMarket), verdicts), ...(options.journal?.series ?? [])]
  const events = eventsOf(series)
  if (events.length < eventsMin) {
    const breaks = series.reduce((count, each) => count + each.breaks.length, 0)
    return yield* new NotEnoughToLearn({ breaks, days: daysOf(series) })
  }
  const set = trainingSetOf(series, events, modelFeatures)
  let done = 0
  const { choice, losses, model, recipe } = yield* trainModel({
    set,
    hidden: [],
    checkpoints: options.checkpoints,
    seed: options.seed,
    onHead: (head) => Effect.suspend(() => options.progress(++done, headKeys.length, head))
  })
  const file: ModelFile = {
    name: options.name,
    provenance: {
      until: series.reduce((last, { times }) => Math.max(last, times.at(-1)!), 0),
      seed: options.seed,
      files: [...files.map(({ file: name, rows, sha256 }) => ({ name, sha256, rows })), ...(options.journal?.files ?? [])],
      events: series.flatMap(({ coin, events: own }) => own.map(({ end, onset }) => ({ coin, onset, end }))),
      recipe: wholeRecipe(recipe),
      profiles: modelFeatures.map((_, feature) =>
        profileOf(
          Float64Array.from(
            { length: Math.ceil(set.times.length / profiledRows) },
            (_, row) => set.values[row * profiledRows * modelFeatures.length + feature]!
          )
        )
      ),
      figures: { choice: choice?.scores, losses }
    },
    model
  }
  return { file, series }
})
