/**
 * Judges the whole engine on a directory of price files: how early it warned of each break, its false alarms in calm time, which coins it blamed,
 * and how good its probabilities are.
 *
 * Levels come from the hot path as it serves. Probabilities come from the served model if it was trained on none of the files; otherwise from
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
  /** Times of false warnings in calm time that order flow raised; of several in a row the first. */
  readonly flowWarnings: ReadonlyArray<number>
}

/** The worst level of one coin around an event, when all files of the market are played together. */
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
  /** The same by models that were trained on earlier time alone; undefined where the served model judges. */
  readonly walkForward: ReturnType<typeof reportHorizons> | undefined
  /** The same around each event by itself, and without the coin that broke first. */
  readonly horizonsByEvent: ReadonlyArray<{
    readonly event: MarketEvent
    readonly all: ReturnType<typeof reportHorizons>
    readonly others: { readonly without: string; readonly horizons: ReturnType<typeof reportHorizons> } | undefined
  }>
  /** Which models the probabilities come from, in words. */
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

/** The worst level of each coin from a day before an event until a week after it. */
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

/** A model to be trained for judging: the time that it is not trained on, and the time that it then judges. */
interface Trial {
  readonly hidden: Span
  readonly judges: Span
}

/** For leave-one-event-out: the event's time is hidden, with the longest horizon on both sides. */
const leaveEventOut = ({ begins, ends }: MarketEvent): Trial => ({
  hidden: { from: begins - embargo, to: ends + embargo },
  judges: { from: begins, to: ends }
})

/** For walk-forward: everything from the longest horizon before the event's time on is hidden. */
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
      // What is left can be too little to train on: then no probabilities are judged in that event's time.
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
  // Judged are series with bars or regular readings; training excludes coins that are hardly pegged.
  const series = seriesToLearn(markets, everything, reports)
  const isJudged = ({ market }: CoinSeries) => !oracles.has(market)
  // A directory that holds oracles alone is judged by them.
  const judgedSeries = series.some(isJudged) ? series.filter(isJudged) : series
  const judgedEvents = eventsOf(judgedSeries)
  const champion = Option.filter(options.champion, ({ file }) => seenBy(file, files).length === 0)
  // Before the first event there is no event to train on.
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
      // Which coin broke first is read from the market with the shortest bars.
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
