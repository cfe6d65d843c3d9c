/** `evenkeel tune`: the search for members and options, judged by events that it did not see; a table or JSON on standard output. */
import { tuneOn } from "@evenkeel/lab/tuning/TuneOnFiles"
import type { TuneMethod } from "@evenkeel/lab/tuning/Spaces"
import type { TuneReport } from "@evenkeel/lab/tuning/TuneReport"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { Console, Effect, type Option } from "effect"
import { progressBar } from "../screen/ProgressBar.ts"

export const runTune = Effect.fn("runTune")(function* (options: {
  readonly data: string
  readonly method: TuneMethod
  readonly trials: number
  readonly seed: number
  readonly checkpoints: Option.Option<string>
  readonly json: boolean
}) {
  const files = yield* readPriceFiles(options.data)
  const progress = yield* progressBar("tuning")
  const report = yield* tuneOn(files, { ...options, progress })
  yield* Console.log(options.json ? JSON.stringify(report) : tuneTable(report))
})

const cell = (value: unknown, width: number) => String(value ?? "-").padEnd(width)
const optionsOf = (options: Readonly<Record<string, number>>) =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")

const foldLine = (name: string, { features, member, options, score }: TuneReport["allEvents"]["best"]) =>
  `  ${cell(name, 36)}${cell(member, 10)}${cell(score, 8)}${cell(features, 12)}${optionsOf(options)}`

const verdictOf = ({ beatsDeviation, beatsShipped, figures: { deviation, nested, optimism, shipped } }: TuneReport): string =>
  [
    beatsShipped
      ? `The tuned members beat the shipped recipe on events that were not seen: ${nested.geometricMean} against ${shipped.geometricMean}.`
      : `The tuned members do NOT beat the shipped recipe on events that were not seen: ${nested.geometricMean} against ${shipped.geometricMean}. Keep the shipped recipe.`,
    beatsDeviation
      ? `They beat |deviation| alone, which has ${deviation.geometricMean}.`
      : `They do NOT beat |deviation| alone, which has ${deviation.geometricMean}.`,
    `Choosing by the events that judge would have changed the figure by ${optimism.geometricMean}.`
  ].join("\n")

export const tuneTable = (report: TuneReport): string => {
  const { allEvents, features, figures, folds, method, rows, seed, trials } = report
  const lines = [`${method}, ${trials} trials a fold, seed ${seed}: ${rows} rows, ${folds.length} events`, ""]
  lines.push("best by the other events (score: geometric mean over horizons of the average precision, each of them left out)")
  lines.push(`  ${cell("event left out", 36)}${cell("member", 10)}${cell("score", 8)}${cell("features", 12)}options`)
  for (const { best, coins, event } of folds) lines.push(foldLine(`${event?.slice(0, 10)} ${coins.join(" ")}`, best))
  lines.push(foldLine("none", allEvents.best), "")

  const horizons = Object.keys(figures.optimism.horizons)
  lines.push("average precision by horizon, every event judged by what was fitted without it (5th to 95th percentile over events)")
  lines.push(`  ${cell("", 22)}${horizons.map((horizon) => cell(horizon, 26)).join("")}geometric mean`)
  const names = { nested: "tuned, nested", naive: "tuned, naive", shipped: "shipped recipe", deviation: "|deviation| alone" } as const
  for (const key of ["nested", "naive", "shipped", "deviation"] as const) {
    const cells = Object.values(figures[key].horizons).map((each) => {
      const precision = each?.averagePrecision
      return cell(precision && `${precision.value} (${precision.low} to ${precision.high})`, 26)
    })
    lines.push(`  ${cell(names[key], 22)}${cells.join("")}${figures[key].geometricMean}`)
  }
  const { geometricMean, horizons: lost } = figures.optimism
  lines.push(`  ${cell("naive less nested", 22)}${horizons.map((horizon) => cell(lost[horizon], 26)).join("")}${geometricMean}`, "")
  lines.push(verdictOf(report), "")

  lines.push("features: rank by mutual information with an onset within the hour; loss of the best member when shuffled")
  lines.push(`  ${cell("feature", 28)}${cell("mean rank", 11)}${cell("folds in first ten", 20)}${cell("folds used", 12)}loss`)
  for (const { foldsAmongFirst, foldsUsed, importance, meanRank, name } of features) {
    if (foldsAmongFirst + foldsUsed === 0) continue
    lines.push(`  ${cell(name, 28)}${cell(meanRank, 11)}${cell(foldsAmongFirst, 20)}${cell(foldsUsed, 12)}${importance ?? "-"}`)
  }
  lines.push(`  (${features.length} features in all; --json has every one)`)
  return lines.join("\n")
}
