/**
 * The whole engine judged on a directory of price files: how soon it spoke of each break, what it said in calm, whom it blamed, and how well its
 * probabilities tell what comes.
 *
 * Levels come from the hot path as it serves. Probabilities come from the served model where it has seen none of the files; where it has, from
 * models that are trained here with each event left out in turn.
 */
import { day, type Span } from "@evenkeel/replay/referee/Onsets"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { severity } from "@evenkeel/domain/risk/RiskLevel"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"
import { DateTime, Effect, Option } from "effect"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { embargo, eventsOf, type MarketEvent } from "../training/Events.ts"
import { isAboutCoin, isOracleMarket, type Market, marketsOf, readPriceFiles } from "@evenkeel/replay/price/Markets"
import { modelFeatures } from "../training/Recipe.ts"
import { type CoinSeries, seriesOfMarket, seriesToLearn } from "../training/Samples.ts"
import { trainModel } from "../training/Train.ts"
import { headKeys, trainingSetOf } from "../training/TrainingSet.ts"
import { aroundEvent, type JudgedModel, predictSeries, reportHorizons, type SeriesPredictions } from "./Horizons.ts"
import { type EventReport, play, reportCalm, reportEvents, type Track } from "./Judging.ts"
import { refereeOf, type Verdict } from "@evenkeel/replay/referee/Referee"

/** One file by itself. */
export interface FileReport {
  readonly file: PriceFile
  readonly verdict: Verdict
  readonly changes: ReadonlyArray<LevelChange>
  readonly track: Track
  readonly events: ReadonlyArray<EventReport & { readonly warningByPrice: number | null }>
  readonly calm: ReturnType<typeof reportCalm>
  /** In calm, first of a run: warnings that order flow alone raised. */
  readonly flowWarnings: ReadonlyArray<number>
}

/** What was said of one coin while an event lasted, in a market seen as a whole. */
export interface Blame {
  readonly market: string
  readonly from: number
  readonly coin: string
  readonly kind: LevelChange["kind"]
  readonly level: LevelChange["level"]
  readonly first: number
  readonly worstBps: number
  readonly reason: string
}

export interface Evaluation {
  readonly directory: string
  readonly files: ReadonlyArray<FileReport>
  readonly markets: ReadonlyArray<Market>
  readonly series: ReadonlyArray<CoinSeries>
  readonly predictions: ReadonlyArray<SeriesPredictions>
  readonly events: ReadonlyArray<MarketEvent>
  readonly blame: ReadonlyArray<Blame>
  readonly horizons: ReturnType<typeof reportHorizons>
  /** The same by models that had seen nothing later either; none where the served model judges. */
  readonly walkForward: ReturnType<typeof reportHorizons> | undefined
  /** The same around each event by itself, and of the event's other coins where one coin fell first. */
  readonly horizonsByEvent: ReadonlyArray<{
    readonly event: MarketEvent
    readonly all: ReturnType<typeof reportHorizons>
    readonly others: { readonly without: string; readonly horizons: ReturnType<typeof reportHorizons> } | undefined
  }>
  /** Who said the probabilities. */
  readonly judge: string
}

const withoutTakers = (file: PriceFile): PriceFile => ({ ...file, buyVolumes: new Float64Array(file.rows).fill(Number.NaN) })

const ofBase = (file: PriceFile, changes: ReadonlyArray<LevelChange>) => changes.filter(({ coin }) => coin === file.instrument.base)

const judgeFile = (file: PriceFile): FileReport => {
  const verdict = refereeOf(file)
  const track: Track = { times: [], deviationsBps: [], errorsBps: [] }
  const changes = ofBase(file, play([file], file.instrument.base, track))
  const events = reportEvents(verdict, changes)
  const hasTakers = file.buyVolumes.some((value) => !Number.isNaN(value))
  const byPrice = hasTakers ? reportEvents(verdict, ofBase(file, play([withoutTakers(file)]))) : events
  const calm = reportCalm(verdict, changes)
  return {
    file,
    verdict,
    changes,
    track,
    events: events.map((event, index) => ({ ...event, warningByPrice: byPrice[index]!.reached.warning })),
    calm,
    flowWarnings: calm.warnings.filter((time) => changes.some((change) => change.time === time && change.evidence.flow !== null))
  }
}

/** The worst that was said of each coin from a day before an event until a week after it. */
const blameOf = (market: Market, changes: ReadonlyArray<LevelChange>, events: ReadonlyArray<MarketEvent>): ReadonlyArray<Blame> =>
  events.flatMap((event) => {
    const coins = [...new Set(changes.map(({ coin }) => coin))]
    return coins.flatMap((coin) => {
      const said = changes.filter(
        (change) => change.coin === coin && change.kind !== "recovery" && change.time > event.from - day && change.time < event.to + 7 * day
      )
      if (said.length === 0) return []
      const worst = said.reduce((a, b) => (severity(b.level) > severity(a.level) ? b : a))
      return {
        market: market.name,
        from: event.from,
        coin,
        kind: worst.kind,
        level: worst.level,
        first: said[0]!.time,
        worstBps: said.reduce((far, { deviationBps }) => (Math.abs(deviationBps) > Math.abs(far) ? deviationBps : far), 0),
        reason: reasonsOf(worst).join("; ")
      }
    })
  })

export interface EvaluateOptions {
  readonly directory: string
  readonly champion: Option.Option<{ readonly name: string; readonly file: ModelFile }>
  readonly checkpoints: Option.Option<string>
  readonly progress: (done: number, of: number, what: string) => Effect.Effect<void>
}

/** Files of the directory that the model was trained on. */
export const seenBy = ({ provenance }: ModelFile, files: ReadonlyArray<PriceFile>): ReadonlyArray<PriceFile> => {
  const known = new Set(provenance.files.map(({ sha256 }) => sha256))
  return files.filter(({ sha256 }) => known.has(sha256))
}

/** A model to be trained: which time it must not see, and which it is then to judge. */
interface Trial {
  readonly hidden: Span
  readonly judges: Span
}

/** Each event in turn is left out, with the longest horizon around it. */
const leaveEventOut = ({ begins, ends }: MarketEvent): Trial => ({
  hidden: { from: begins - embargo, to: ends + embargo },
  judges: { from: begins, to: ends }
})

/** Each event in turn is judged by what was known the longest horizon before its time begins. */
const walkForward = ({ begins, ends }: MarketEvent): Trial => ({
  hidden: { from: begins - embargo, to: Number.POSITIVE_INFINITY },
  judges: { from: begins, to: ends }
})

const trainJudges = Effect.fn("trainJudges")(function* (
  series: ReadonlyArray<CoinSeries>,
  trials: ReadonlyArray<Trial>,
  { checkpoints, progress }: EvaluateOptions
) {
  const set = trainingSetOf(series, eventsOf(series), modelFeatures)
  let done = 0
  return yield* Effect.forEach(trials, ({ hidden, judges }) =>
    trainModel({
      set,
      hidden: [hidden],
      checkpoints,
      onHead: (name) => Effect.suspend(() => progress(++done, trials.length * headKeys.length, name))
    }).pipe(
      Effect.map(({ model }): ReadonlyArray<JudgedModel> => [{ model, ...judges }]),
      // What may be seen can be too little to learn from: that time is judged by nobody then.
      Effect.catchTag("TrainingRefused", (refused) =>
        Effect.as(
          Effect.logWarning("no model can be trained for an event, so that its probabilities are not judged", {
            until: Number.isFinite(judges.to) ? DateTime.formatIso(DateTime.makeUnsafe(judges.to)) : "the end",
            problem: refused.message
          }),
          []
        )
      )
    )
  )
})

export const evaluate = Effect.fn("evaluate")(function* (options: EvaluateOptions) {
  const files = yield* readPriceFiles(options.directory)
  const reports: Array<FileReport> = []
  for (const file of files.filter(isAboutCoin)) {
    reports.push(judgeFile(file))
    yield* Effect.yieldNow
  }
  const markets = marketsOf(files)
  const oracles = new Set(markets.filter(isOracleMarket).map(({ name }) => name))
  const everything = markets.flatMap(seriesOfMarket)
  // Trained on: all but what is hardly pegged. Judged on: what has bars or regular readings.
  const series = seriesToLearn(markets, everything, reports)
  const isJudged = ({ market }: CoinSeries) => !oracles.has(market)
  // Where there is nothing but oracles, they are judged.
  const judgedSeries = series.some(isJudged) ? series.filter(isJudged) : series
  const judgedEvents = eventsOf(judgedSeries)
  const champion = Option.filter(options.champion, ({ file }) => seenBy(file, files).length === 0)
  // The first event has nothing before it to learn from.
  const forward = judgedEvents.slice(1)
  const trials = Option.isSome(champion) ? [] : [...judgedEvents.map(leaveEventOut), ...forward.map(walkForward)]
  const judges = trials.length === 0 ? [] : yield* trainJudges(series, trials, options)
  const models: ReadonlyArray<JudgedModel> = Option.isSome(champion)
    ? [{ model: champion.value.file.model, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]
    : judges.slice(0, judgedEvents.length).flat()
  const predictions = predictSeries(models, judgedSeries)
  const walked = judges.slice(judgedEvents.length).flat()
  const blame = markets
    .filter(({ files: own }) => own.filter(isAboutCoin).length > 1)
    .flatMap((market) => blameOf(market, play(market.files), eventsOf(everything.filter((each) => each.market === market.name))))
  return {
    directory: options.directory,
    files: reports,
    markets,
    series: judgedSeries,
    predictions,
    events: judgedEvents,
    blame,
    horizons: reportHorizons(judgedSeries, predictions, judgedEvents, () => true),
    walkForward:
      walked.length === 0 ? undefined : reportHorizons(judgedSeries, predictSeries(walked, judgedSeries), judgedEvents, () => true),
    horizonsByEvent: judgedEvents.map((event) => {
      // The coin whose bars are shortest tells best who broke first.
      const own = judgedSeries.filter((each) => each.breaks.some(({ onset }) => onset >= event.from - day && onset <= event.to + day))
      const finest = Math.min(...own.map(({ stepMillis }) => stepMillis || Number.POSITIVE_INFINITY))
      const together = own.filter(({ stepMillis }) => stepMillis === finest)
      const market = together[0]?.market
      const first = together
        .filter((each) => each.market === market)
        .map(({ breaks, coin }) => ({
          coin,
          onset: breaks.find(({ onset }) => onset >= event.from - day)?.onset ?? Number.POSITIVE_INFINITY
        }))
        .sort((a, b) => a.onset - b.onset)[0]
      const others = judgedSeries.filter((each) => each.market === market && each.coin !== first?.coin)
      return {
        event,
        all: reportHorizons(judgedSeries, predictions, judgedEvents, (_, time) => aroundEvent(event, time)),
        others:
          first === undefined || others.length === 0
            ? undefined
            : {
                without: first.coin,
                horizons: reportHorizons(judgedSeries, predictions, judgedEvents, (each) => others.includes(each))
              }
      }
    }),
    judge: Option.match(champion, {
      onSome: ({ name }) => `model ${name}, which has seen none of these files`,
      onNone: () =>
        Option.isSome(options.champion)
          ? "models trained with each event left out (the served model was trained on files of this directory)"
          : "models trained with each event left out"
    })
  } satisfies Evaluation
})
