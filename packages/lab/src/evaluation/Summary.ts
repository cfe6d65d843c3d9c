/** Sums an evaluation up as one JSON object: `events`, `calm`, `horizons`, `baselines`, and the files that they come from. */
import { month } from "@evenkeel/replay/referee/Onsets"
import type { FigureReport, Interval } from "@evenkeel/learning/metric/Bootstrap"
import { DateTime } from "effect"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { isOracle } from "@evenkeel/replay/price/Markets"
import type { Evaluation, FileReport } from "./Evaluate.ts"
import { isHardlyPegged } from "@evenkeel/replay/referee/Referee"
import type { HorizonReport, reportHorizons } from "./Horizons.ts"

export const iso = (time: number | null): string | null =>
  time === null ? null : DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))
/** Null where there is no number. */
export const rounded = (value: number, digits = 4): number | null => (Number.isFinite(value) ? Number(value.toFixed(digits)) : null)
const minutesBetween = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : Math.round((to - from) / 60_000)

export const intervalOf = ({ high, low, value }: Interval) => ({ value: rounded(value), low: rounded(low), high: rounded(high) })

const figures = (report: FigureReport | null) =>
  report === null
    ? null
    : {
        rows: report.rows,
        positives: report.positives,
        baseRate: rounded(report.baseRate, 6),
        averagePrecision: intervalOf(report.averagePrecision),
        averagePrecisionEqual: intervalOf(report.averagePrecisionEqual),
        rocAuc: intervalOf(report.rocAuc),
        brier: intervalOf(report.brier),
        brierSkill: intervalOf(report.brierSkill),
        calibrationError: intervalOf(report.calibrationError)
      }

const eachHorizon = <A>(reports: ReturnType<typeof reportHorizons>, of: (report: HorizonReport) => A) =>
  Object.fromEntries(
    Object.entries(reports).map(([label, horizons]) => [
      label,
      Object.fromEntries(Object.entries(horizons).map(([horizon, report]) => [horizon, of(report)]))
    ])
  )

const baselinesOf = (report: HorizonReport) =>
  Object.fromEntries(
    Object.entries(report.baselines).map(([name, { averagePrecision, averagePrecisionEqual, rocAuc }]) => [
      name,
      { averagePrecision: rounded(averagePrecision), averagePrecisionEqual: rounded(averagePrecisionEqual), rocAuc: rounded(rocAuc) }
    ])
  )

const resolutionOf = (file: PriceFile): string =>
  isOracle(file) ? "oracle" : file.stepMillis === 0 ? "readings" : `${file.stepMillis / 60_000}m`

/** Files whose calm time is judged: neither an oracle's rounds nor those of a coin that is hardly pegged. */
const countsAsCalm = (report: FileReport): boolean => !isOracle(report.file) && !isHardlyPegged(report.verdict)

const calmOf = (reports: ReadonlyArray<FileReport>) => {
  const months = reports.reduce((sum, { verdict }) => sum + verdict.calmMillis / month, 0)
  const count = (of: (report: FileReport) => ReadonlyArray<number>) => reports.reduce((sum, report) => sum + of(report).length, 0)
  const strict = count(({ calm }) => calm.warnings)
  const lenient = count(({ calm }) => calm.warningsLenient)
  return {
    coinMonths: rounded(months, 2),
    warnings: { strict, lenient, strictPerMonth: rounded(strict / months), lenientPerMonth: rounded(lenient / months) },
    criticals: count(({ calm }) => calm.criticals),
    aboveNormalShare: rounded(
      reports.reduce((sum, { calm, verdict }) => sum + (calm.aboveNormalShare * verdict.calmMillis) / month, 0) / months,
      6
    )
  }
}

/** How the figures of a training would read if they were judged in other ways, and what that would flatter: naive less nested. */
const trainingOf = ({ events, horizons }: Evaluation, training: NonNullable<Evaluation["training"]>) => ({
  recipe: training.recipe,
  recipesByEvent: training.recipesByEvent.map(({ event, recipe }) => ({ from: iso(events[event]!.from), recipe })),
  naive: eachHorizon(training.naive, ({ model }) => figures(model)),
  optimism: Object.fromEntries(
    Object.entries(horizons).map(([label, each]) => [
      label,
      Object.fromEntries(
        Object.entries(each).map(([horizon, { model }]) => {
          const naive = training.naive[label]?.[horizon]?.model
          return [horizon, rounded((naive?.averagePrecision.value ?? Number.NaN) - (model?.averagePrecision.value ?? Number.NaN))]
        })
      )
    ])
  ),
  ...(training.walkForward === undefined ? {} : { walkForward: eachHorizon(training.walkForward, ({ model }) => figures(model)) })
})

export const summaryOf = (evaluation: Evaluation) => {
  const { blame, events, files, horizons, horizonsByEvent, judge, markets, training } = evaluation
  const calm = files.filter(countsAsCalm)
  const resolutions = [...new Set(files.map(({ file }) => resolutionOf(file)))]
  return {
    data: evaluation.directory,
    judge,
    files: files.map(({ file, verdict }) => ({
      file: file.file,
      coin: file.instrument.base,
      rows: file.rows,
      badRows: file.badRows,
      resolution: resolutionOf(file),
      months: rounded(verdict.coveredMillis / month, 3),
      calmMonths: rounded(verdict.calmMillis / month, 3),
      stress: verdict.stress.length,
      breaks: Object.fromEntries(
        ["20", "50", "100"].map((level, index) => [
          level,
          verdict.breaks[index]!.map(({ confirmed, end, onset, worstBps }) => ({
            onset: iso(onset),
            confirmed: iso(confirmed),
            end: iso(end),
            worstBps: rounded(worstBps, 1)
          }))
        ])
      )
    })),
    events: files.flatMap(({ events: own, file }) =>
      own.map((event) => ({
        file: file.file,
        coin: file.instrument.base,
        kind: event.kind,
        onset: iso(event.onset),
        confirmed: iso(event.confirmed),
        end: iso(event.end),
        worstBps: rounded(event.worstBps, 1),
        onsets: Object.fromEntries(Object.entries(event.onsets).map(([level, time]) => [level, iso(time)])),
        reached: Object.fromEntries(Object.entries(event.reached).map(([level, time]) => [level, iso(time)])),
        /** Minutes from the first time at each level to the onset at each distance; negative when the level came after the onset. */
        leadMinutes: Object.fromEntries(
          Object.entries(event.reached).map(([level, time]) => [
            level,
            Object.fromEntries(Object.entries(event.onsets).map(([bps, onset]) => [bps, minutesBetween(time, onset)]))
          ])
        ),
        warningLeadByPriceMinutes: minutesBetween(event.warningByPrice, event.onset),
        criticalAfterConfirmedMinutes: minutesBetween(event.confirmed, event.reached.critical),
        /** The break began without a `warning` before it. */
        jump: event.reached.warning === null || event.reached.warning >= event.onset
      }))
    ),
    blame: blame.map((each) => ({
      ...each,
      from: iso(each.from),
      first: iso(each.first),
      worstBps: rounded(each.worstBps, 1),
      reached: Object.fromEntries(Object.entries(each.reached).map(([level, time]) => [level, iso(time)])),
      venues: each.venues.map(({ reached, venue }) => ({
        venue,
        reached: Object.fromEntries(Object.entries(reached).map(([level, time]) => [level, iso(time)]))
      }))
    })),
    calm: {
      ...calmOf(calm),
      byResolution: Object.fromEntries(
        resolutions.map((resolution) => [
          resolution,
          calmOf(files.filter((report) => resolutionOf(report.file) === resolution && !isHardlyPegged(report.verdict)))
        ])
      ),
      leftOut: files.filter((report) => !countsAsCalm(report)).map(({ file }) => file.file),
      falseWarnings: calm.flatMap(({ calm: { warnings, warningsLenient }, file }) =>
        warnings.map((time) => ({ file: file.file, time: iso(time), nearStress: !warningsLenient.includes(time) }))
      ),
      falseCriticals: calm.flatMap(({ calm: { criticals }, file }) => criticals.map((time) => ({ file: file.file, time: iso(time) }))),
      falseFlowWarnings: calm.reduce((sum, { flowWarnings }) => sum + flowWarnings.length, 0)
    },
    horizons: {
      pooled: eachHorizon(horizons, ({ model }) => figures(model)),
      ...(training === undefined ? {} : trainingOf(evaluation, training)),
      byEvent: horizonsByEvent.map(({ all, event, others }) => ({
        from: iso(event.from),
        to: iso(event.to),
        coins: event.coins,
        figures: eachHorizon(all, ({ model }) => figures(model)),
        ...(others === undefined
          ? {}
          : { without: others.without, figuresWithout: eachHorizon(others.horizons, ({ model }) => figures(model)) })
      }))
    },
    baselines: {
      pooled: eachHorizon(horizons, baselinesOf),
      byEvent: horizonsByEvent.map(({ all, event, others }) => ({
        from: iso(event.from),
        figures: eachHorizon(all, baselinesOf),
        ...(others === undefined ? {} : { without: others.without, figuresWithout: eachHorizon(others.horizons, baselinesOf) })
      }))
    },
    markets: markets.map(({ files: own, name }) => ({ name, files: own.map(({ file }) => file) })),
    eventsJudged: events.map(({ coins, from, to }) => ({ from: iso(from), to: iso(to), coins }))
  }
}
export type Summary = ReturnType<typeof summaryOf>
