/** `evenkeel explain`: why the model said what it said of a coin at a moment, feature by feature. */
import { explain } from "@evenkeel/lab/evaluation/Explain"
import { predict } from "@evenkeel/learning/model/Model"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { openModel } from "@evenkeel/detection/model/ModelFiles"
import { marketsOf } from "@evenkeel/replay/price/Markets"
import { seriesOfMarket } from "@evenkeel/lab/training/Samples"
import { readPriceFile } from "@evenkeel/replay/price/PriceFile"

export class NothingToExplain extends Schema.TaggedError<NothingToExplain>()("NothingToExplain", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

export const runExplain = Effect.fn("runExplain")(function* (options: {
  readonly files: ReadonlyArray<string>
  readonly coin: string
  readonly at: string
  readonly label: "onset" | "state"
  readonly horizonMinutes: number
  readonly model: Option.Option<string>
  readonly json: boolean
}) {
  const opened = yield* openModel(options.model)
  if (Option.isNone(opened)) return yield* new NothingToExplain({ problem: "there is no model: make one with `evenkeel train`" })
  const at = Option.getOrUndefined(DateTime.make(options.at))
  if (at === undefined) return yield* new NothingToExplain({ problem: `${options.at} is no time: write 2023-03-10T22:00:00Z` })
  const { file } = opened.value
  const head = file.model.heads.findIndex(
    ({ horizonMinutes, label }) => label === options.label && horizonMinutes === options.horizonMinutes
  )
  if (head < 0) {
    const known = file.model.heads.map(({ horizonMinutes, label }) => `${label} ${horizonMinutes}`).join(", ")
    return yield* new NothingToExplain({
      problem: `the model has no ${options.label} of ${options.horizonMinutes} minutes; it has ${known}`
    })
  }
  const files = yield* Effect.forEach(options.files, readPriceFile)
  const series = marketsOf(files)
    .flatMap(seriesOfMarket)
    .find(({ coin }) => coin === options.coin)
  const bar = series?.times.findLastIndex((time) => time <= DateTime.toEpochMillis(at)) ?? -1
  if (series === undefined || bar < 0)
    return yield* new NothingToExplain({ problem: `the files say nothing of ${options.coin} by ${options.at}` })
  const { featureNames, features } = series
  const values = Float64Array.from(file.model.features, (name) => features[bar * featureNames.length + featureNames.indexOf(name)]!)
  const { high, low, probability } = predict(file.model, values)[head]!
  const parts = explain(file, head, values)
  if (options.json) {
    yield* Console.log(
      JSON.stringify({ model: file.name, coin: options.coin, time: series.times[bar], probability, low, high, features: parts })
    )
    return
  }
  const percent = (share: number) => `${(100 * share).toPrecision(3)}%`
  const number = (value: number | null) => (value === null ? "missing" : value.toPrecision(4))
  yield* Console.log(
    `${options.coin}, bar that closed ${DateTime.formatIso(DateTime.makeUnsafe(series.times[bar]!))}: ${options.label} within ${options.horizonMinutes} minutes ${percent(probability)} (${percent(low)} to ${percent(high)}), says ${file.name}`
  )
  yield* Console.log(`${"feature".padEnd(24)}${"value".padEnd(12)}${"usual".padEnd(12)}${"log odds".padEnd(10)}trees' paths`)
  for (const { feature, part, path, usual, value } of parts) {
    yield* Console.log(
      `${feature.padEnd(24)}${number(value).padEnd(12)}${number(usual).padEnd(12)}${part.toFixed(3).padEnd(10)}${path.toFixed(4)}`
    )
  }
})
