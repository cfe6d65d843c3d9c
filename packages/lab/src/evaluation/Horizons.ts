/** Measures how well probabilities, and simpler scores as baselines, predict that a break begins or stands within each horizon. */
import { coinFeatureNames } from "@evenkeel/detection/feature/coin/CoinFeatures"
import { horizonsMinutes } from "@evenkeel/detection/hotpath/SignalRecord"
import { day } from "@evenkeel/replay/referee/Onsets"
import { allocateKernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { packModel, PackedModel, scratchBytes } from "@evenkeel/learning/kernels/PackedModel"
import { type FigureReport, reportFigures } from "@evenkeel/learning/metric/Bootstrap"
import { precisionRecall, reliability } from "@evenkeel/learning/metric/Ranking"
import { type Head, headLabels, type Model } from "@evenkeel/learning/model/Model"
import { eventAt, type MarketEvent } from "../training/Events.ts"
import { type CoinSeries, featureCount, labelsOf, unlabelled } from "../training/Samples.ts"
import { headKeys } from "../training/TrainingSet.ts"

/** A model, and the time in which it may be judged because it was not trained on it. */
export interface JudgedModel {
  readonly model: Model
  readonly from: number
  readonly to: number
}

/** Predictions at every bar of a series; NaN where every model was trained on the bar. */
export interface SeriesPredictions {
  /** `[head * bars + bar]` */
  readonly probabilities: Float32Array
  /** The predictions of each member alone: `[head * bars + bar]` by `memberNames`. */
  readonly members: ReadonlyMap<string, Float32Array>
}

const memoryBytes = 24 << 20

/** A head's members by kind; of several of one kind the second is `logistic 2`. */
const memberNames = ({ members }: Head): ReadonlyArray<string> =>
  members.map(({ kind }, index) => {
    const before = members.slice(0, index).filter((member) => member.kind === kind).length
    return before === 0 ? kind : `${kind} ${before + 1}`
  })

/** The models' predictions for each series, each model in its own time. */
export const predictSeries = (models: ReadonlyArray<JudgedModel>, series: ReadonlyArray<CoinSeries>): ReadonlyArray<SeriesPredictions> => {
  const names = [...new Set(models.flatMap(({ model }) => model.heads.flatMap(memberNames)))]
  const predictions = series.map(({ times }) => {
    const column = () => new Float32Array(times.length * headKeys.length).fill(Number.NaN)
    return { probabilities: column(), members: new Map(names.map((name) => [name, column()])) }
  })
  const memory = allocateKernelMemory(memoryBytes)
  const packed = new PackedModel(memory)
  const out = new Float64Array(3)
  for (const { from, model, to } of models) {
    const inputs = model.features.map((name) => coinFeatureNames.indexOf(name))
    if (packModel(model, memory, scratchBytes, memoryBytes - scratchBytes, inputs) < 0) throw new Error("a model outgrew its memory")
    packed.select(scratchBytes)
    const row = new Float64Array(featureCount)
    const heads = headKeys.map(({ horizonMinutes, label }) =>
      model.heads.findIndex((head) => head.label === label && head.horizonMinutes === horizonMinutes)
    )
    const namesOf = heads.map((head) => (head < 0 ? [] : memberNames(model.heads[head]!)))
    for (const [index, { features, times }] of series.entries()) {
      const { members, probabilities } = predictions[index]!
      for (let bar = 0; bar < times.length; bar++) {
        if (!(times[bar]! >= from && times[bar]! < to)) continue
        row.set(features.subarray(bar * featureCount, (bar + 1) * featureCount))
        packed.open(row)
        for (let head = 0; head < headKeys.length; head++) {
          if (heads[head]! < 0) continue
          packed.predictHead(heads[head]!, out, 0)
          probabilities[head * times.length + bar] = out[0]!
          for (const [member, name] of namesOf[head]!.entries()) members.get(name)![head * times.length + bar] = packed.members[member]!
        }
      }
    }
  }
  return predictions
}

const column = (name: string) => coinFeatureNames.indexOf(name)
const [distance, departure, score, logScore, passage, dayPassage, cusum, changepoint] = [
  column("distance_bps"),
  column("departure_bps"),
  column("robust_score"),
  column("distance_times_log_score"),
  column("first_passage_1h"),
  column("first_passage_24h"),
  column("cusum"),
  column("changepoint")
]

/** The baselines: scores without a model, of which higher means a break is likelier. `at` is where the bar's features begin. */
const baselineScores: Readonly<Record<string, (features: Float32Array, at: number) => number>> = {
  fixedThreshold: (features, at) => (features[at + distance]! > 20 ? 1 : 0),
  deviation: (features, at) => features[at + distance]!,
  departure: (features, at) => features[at + departure]! || 0,
  robustScore: (features, at) => Math.abs(features[at + score]!),
  deviationTimesLogScore: (features, at) => features[at + logScore]!,
  firstPassage: (features, at) => features[at + passage]! || 0,
  firstPassageDay: (features, at) => features[at + dayPassage]! || 0,
  cusum: (features, at) => Math.abs(features[at + cusum]!),
  changepoint: (features, at) => features[at + changepoint]!
}

const bootstrap = { rounds: 40, seed: 7 }

export interface HorizonReport {
  readonly model: FigureReport | null
  readonly baselines: Readonly<
    Record<string, { readonly averagePrecision: number; readonly averagePrecisionEqual: number; readonly rocAuc: number }>
  >
  readonly reliability: ReturnType<typeof reliability>
  readonly precisionRecall: ReturnType<typeof precisionRecall>
}

export interface HorizonRows {
  readonly labels: Uint8Array
  readonly probabilities: Float64Array
  readonly groups: Uint16Array
  readonly baselines: Readonly<Record<string, Float64Array>>
}

/** Rows of one head over all series that `keep` keeps, bar by bar. */
const rowsOfHead = (
  head: number,
  series: ReadonlyArray<CoinSeries>,
  predictions: ReadonlyArray<SeriesPredictions>,
  events: ReadonlyArray<MarketEvent>,
  keep: (series: CoinSeries, time: number) => boolean
): HorizonRows => {
  const { horizonMinutes, label } = headKeys[head]!
  const labels: Array<number> = []
  const probabilities: Array<number> = []
  const groups: Array<number> = []
  const names = [...Object.keys(baselineScores), ...(predictions[0]?.members.keys() ?? [])]
  const baselines = names.map((): Array<number> => [])
  for (const [index, each] of series.entries()) {
    const own = labelsOf(each, label, horizonMinutes)
    const { members, probabilities: said } = predictions[index]!
    for (let bar = 0; bar < own.length; bar++) {
      const probability = said[head * own.length + bar]!
      if (own[bar] === unlabelled || Number.isNaN(probability) || !keep(each, each.times[bar]!)) continue
      labels.push(own[bar]!)
      probabilities.push(probability)
      groups.push(eventAt(events, each.times[bar]!))
      for (const [which, name] of names.entries()) {
        const baseline = baselineScores[name]
        baselines[which]!.push(
          baseline === undefined ? members.get(name)![head * own.length + bar]! : baseline(each.features, bar * featureCount)
        )
      }
    }
  }
  return {
    labels: Uint8Array.from(labels),
    probabilities: Float64Array.from(probabilities),
    groups: Uint16Array.from(groups),
    baselines: Object.fromEntries(names.map((name, which) => [name, Float64Array.from(baselines[which]!)]))
  }
}

const reportHorizon = ({ baselines, groups, labels, probabilities }: HorizonRows): HorizonReport => ({
  model: reportFigures(labels, probabilities, groups, bootstrap) ?? null,
  baselines: Object.fromEntries(
    Object.entries(baselines).flatMap(([name, scores]) => {
      // The head has no member of this kind.
      if (scores.length > 0 && Number.isNaN(scores[0]!)) return []
      const report = reportFigures(labels, scores, groups, { rounds: 0, seed: 0 })
      const valueOf = (figure: "averagePrecision" | "averagePrecisionEqual" | "rocAuc") => report?.[figure].value ?? Number.NaN
      return [
        [
          name,
          {
            averagePrecision: valueOf("averagePrecision"),
            averagePrecisionEqual: valueOf("averagePrecisionEqual"),
            rocAuc: valueOf("rocAuc")
          }
        ]
      ]
    })
  ),
  reliability: reliability(labels, probabilities),
  precisionRecall: precisionRecall(labels, probabilities)
})

/** One report a label and horizon: `onset`, `state`, by minutes. */
export const reportHorizons = (
  series: ReadonlyArray<CoinSeries>,
  predictions: ReadonlyArray<SeriesPredictions>,
  events: ReadonlyArray<MarketEvent>,
  keep: (series: CoinSeries, time: number) => boolean
): Readonly<Record<string, Readonly<Record<string, HorizonReport>>>> =>
  Object.fromEntries(
    headLabels.map((label) => [
      label,
      Object.fromEntries(
        horizonsMinutes.map((minutes) => [
          `${minutes}m`,
          reportHorizon(
            rowsOfHead(
              headKeys.findIndex((key) => key.label === label && key.horizonMinutes === minutes),
              series,
              predictions,
              events,
              keep
            )
          )
        ])
      )
    ])
  )

/** Around an event: from two days before its first onset to a week after its last. */
export const aroundEvent = ({ from, to }: MarketEvent, time: number): boolean => time >= from - 2 * day && time < to + 7 * day
