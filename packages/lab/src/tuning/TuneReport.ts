/** A tuning as one JSON object: what was chosen, what it reaches on events that were not seen, and which features tell something. */
import type { FigureReport } from "@evenkeel/learning/metric/Bootstrap"
import { intervalOf, iso, rounded } from "../evaluation/Summary.ts"
import type { MarketEvent } from "../training/Events.ts"
import { geometricMean } from "../training/LeftOut.ts"
import { headKeys, onsetHeads } from "../training/TrainingSet.ts"
import { columnsFor, ranksOf } from "./FeatureRank.ts"
import type { Found } from "./SearchFold.ts"
import type { Tuned, TuneOptions } from "./Tune.ts"

/** Features up to this place count as being among the first. */
const firstPlaces = 10

type Figures = Tuned["figures"]
type HeadFigures = Figures["nested"]

const horizonOf = (index: number): string => `${headKeys[onsetHeads[index]!]!.horizonMinutes}m`
const isKnown = (report: FigureReport | undefined): report is FigureReport => Number.isFinite(report?.averagePrecision.value ?? Number.NaN)

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** `known` are the horizons of which every contender has a figure: means over others could not be compared. */
const contenderOf = (figures: HeadFigures, known: ReadonlyArray<number>) => ({
  horizons: Object.fromEntries(
    onsetHeads.map((_, index) => {
      const report = figures[index]
      if (!isKnown(report)) return [horizonOf(index), null]
      return [
        horizonOf(index),
        { averagePrecision: intervalOf(report.averagePrecision), averagePrecisionEqual: rounded(report.averagePrecisionEqual.value) }
      ]
    })
  ),
  geometricMean: rounded(meanFigure(figures, known))
})

const meanFigure = (figures: HeadFigures, known: ReadonlyArray<number>): number =>
  geometricMean(known.map((index) => figures[index]!.averagePrecision.value))

const foundOf = ({ kind, point, score }: Found, names: ReadonlyArray<string>, columns: ReadonlyArray<number>) => ({
  member: kind,
  options: Object.fromEntries(
    Object.entries(point).flatMap(([name, value]) => (name === "features" ? [] : [[name, Number(value.toPrecision(4))]]))
  ),
  features: point["features"] === 0 ? "as shipped" : "selected",
  names: columns.map((column) => names[column]!),
  score: rounded(score)
})

const kindsOf = (found: ReadonlyArray<Found>) => Object.fromEntries(found.map(({ kind, score }) => [kind, rounded(score)]))

/** By mean rank over the folds, the first first. */
const featuresOf = ({ importance, information }: Tuned, names: ReadonlyArray<string>) => {
  const ranks = information.map(ranksOf)
  return names
    .map((name, feature) => {
      const losses = importance.map((each) => each[feature]!).filter((loss) => !Number.isNaN(loss))
      return {
        name,
        meanRank: meanOf(ranks.map((each) => each[feature]!)),
        foldsAmongFirst: ranks.filter((each) => each[feature]! <= firstPlaces).length,
        informationNats: rounded(meanOf(information.map((each) => each[feature]!)), 6),
        /** Folds whose best member sees the feature, and what its average precision loses without it on the mean. */
        foldsUsed: losses.length,
        importance: losses.length === 0 ? null : rounded(meanOf(losses)),
        importanceMeanRank: losses.length === 0 ? null : rounded(meanImportanceRank(importance, feature), 1)
      }
    })
    .sort((a, b) => a.meanRank - b.meanRank)
    .map((each) => ({ ...each, meanRank: rounded(each.meanRank, 1) }))
}

/** Among the features that the fold's best member sees. */
const meanImportanceRank = (importance: ReadonlyArray<Float64Array>, feature: number): number =>
  meanOf(
    importance.flatMap((each) => {
      const own = each[feature]!
      return Number.isNaN(own) ? [] : [1 + each.filter((other) => other > own).length]
    })
  )

export const tuneReportOf = (tuned: Tuned, { method, seed, set, trials }: TuneOptions, events: ReadonlyArray<MarketEvent>) => {
  const { best, bestOfAll, figures, information, kinds, kindsOfAll } = tuned
  const known = [...onsetHeads.keys()].filter((index) => Object.values(figures).every((each) => isKnown(each[index])))
  const contender = (name: keyof Figures) => contenderOf(figures[name], known)
  const lost = (of: (each: HeadFigures) => number) => rounded(of(figures.naive) - of(figures.nested))
  const everywhere = columnsFor(set, bestOfAll.point["features"]!, tuned.informationOfAll)
  return {
    method,
    trials,
    seed,
    rows: set.times.length,
    folds: events.map(({ coins, from }, event) => ({
      event: iso(from),
      coins,
      best: foundOf(best[event]!, set.features, columnsFor(set, best[event]!.point["features"]!, information[event]!)),
      bestByMember: kindsOf(kinds[event]!)
    })),
    allEvents: { best: foundOf(bestOfAll, set.features, everywhere), bestByMember: kindsOf(kindsOfAll) },
    figures: {
      nested: contender("nested"),
      naive: contender("naive"),
      /** Naive less nested. */
      optimism: {
        horizons: Object.fromEntries(
          onsetHeads.map((_, index) => [horizonOf(index), lost((each) => each[index]?.averagePrecision.value ?? Number.NaN)])
        ),
        geometricMean: lost((each) => meanFigure(each, known))
      },
      shipped: contender("shipped"),
      deviation: contender("deviation")
    },
    beatsShipped: meanFigure(figures.nested, known) > meanFigure(figures.shipped, known),
    beatsDeviation: meanFigure(figures.nested, known) > meanFigure(figures.deviation, known),
    features: featuresOf(tuned, set.features)
  }
}
export type TuneReport = ReturnType<typeof tuneReportOf>
