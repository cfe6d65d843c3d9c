/**
 * `evenkeel explain`: why the model said what it said of a coin at a moment, feature by feature.
 *
 * A feature's part is what the log odds lose when its value is replaced by the usual one (the middle of what the model was trained on), all else
 * as it was; beside it the trees' own account, what each question on the way to a leaf moved (`pathContributions`).
 */
import { coinFeatureNames } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { pathContributions } from "@evenkeel/learning/importance/Importance"
import { logit } from "@evenkeel/learning/logistic/LogisticRegression"
import { type Model, predict } from "@evenkeel/learning/model/Model"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { openModel } from "../training/Models.ts"
import { marketsOf } from "../training/Markets.ts"
import { featureCount, seriesOfMarket } from "../training/Samples.ts"
import { readPriceFile } from "../replay/PriceFile.ts"

export class NothingToExplain extends Schema.TaggedError<NothingToExplain>()("NothingToExplain", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

export interface Explanation {
  readonly feature: string
  readonly value: number | null
  readonly usual: number | null
  /** Of the log odds. */
  readonly part: number
  /** By the paths through the trees, mean over a forest and sum over boosting; 0 where no tree asked. */
  readonly path: number
}

/** The middle of each feature's training values; NaN where it was mostly missing. */
const usualOf = ({ model, provenance }: ModelFile): Float64Array =>
  Float64Array.from(model.features, (_, index) => {
    const { cuts } = provenance.profiles[index]!
    return cuts.length === 0 ? Number.NaN : cuts[cuts.length >> 1]!
  })

const pathsOf = (model: Model, head: number, values: Float64Array): Float64Array => {
  const out = new Float64Array(values.length)
  for (const member of model.heads[head]!.members) {
    if (member.kind === "boosting") pathContributions(member.model.trees, values, 0, out)
    if (member.kind === "forest") {
      const own = new Float64Array(values.length)
      pathContributions(member.model.trees, values, 0, own)
      for (let i = 0; i < own.length; i++) out[i]! += own[i]! / member.model.trees.length
    }
  }
  return out
}

/** `values` in the model's order. Largest part first. */
export const explain = (file: ModelFile, head: number, values: Float64Array): ReadonlyArray<Explanation> => {
  const { model } = file
  const usual = usualOf(file)
  const odds = (row: Float64Array) => logit(predict(model, row)[head]!.probability)
  const whole = odds(values)
  const paths = pathsOf(model, head, values)
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return model.features
    .map((feature, index) => {
      const changed = values.slice()
      changed[index] = usual[index]!
      return { feature, value: finite(values[index]!), usual: finite(usual[index]!), part: whole - odds(changed), path: paths[index]! }
    })
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
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
  const values = Float64Array.from(file.model.features, (name) => series.features[bar * featureCount + coinFeatureNames.indexOf(name)]!)
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
