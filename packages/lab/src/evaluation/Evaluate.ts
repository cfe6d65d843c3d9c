/**
 * Judges the whole engine on a directory of price files: how early it warned of each break, its false alarms in calm time, which coins it blamed,
 * and how good its probabilities are.
 *
 * Levels come from the hot path as it serves. Probabilities come from the served model if it was trained on none of the files; otherwise from
 * models that are trained here with each event left out in turn.
 */
import { day, type Span } from "@evenkeel/replay/referee/Onsets"
import { reasonsOf } from "@evenkeel/alerting/render/Reasons"
import { type LevelChange, type RiskLevel, severity } from "@evenkeel/domain/risk/RiskLevel"
import type { ModelFile } from "@evenkeel/learning/model/ModelFile"
import { DateTime, Effect, Option } from "effect"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { embargo, eventAt, eventsOf, type MarketEvent, withEmbargo } from "../training/Events.ts"
import { isAboutCoin, type Market, marketsOf, readPriceFiles } from "@evenkeel/replay/price/Markets"
import { HeadFitter } from "../training/HeadFitter.ts"
import { fitScalerOf } from "../training/HeadJob.ts"
import { modelFeatures, type RecipeName, recipeSeed } from "../training/Recipe.ts"
import { type CoinSeries, seriesOfMarket, seriesToLearn } from "../training/Samples.ts"
import { trainModel } from "../training/Train.ts"
import { headKeys, type TrainingSet, trainingSetOf } from "../training/TrainingSet.ts"
import { aroundEvent, type JudgedModel, predictSeries, reportHorizons, type SeriesPredictions } from "./Horizons.ts"
import { alarms, type EventReport, play, reportCalm, reportEvents, type Track, type VenueLevel } from "./Judging.ts"
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
  /** Share of belief in the worst change, where one pair alone was seen. */
  readonly share: number | null
  readonly reason: string
  /** When each level was first reached; null where it was not. */
  readonly reached: Readonly<Record<(typeof alarms)[number], number | null>>
  /** The same by venue, for those who trade the coin there. */
  readonly venues: ReadonlyArray<{ readonly venue: string; readonly reached: Readonly<Record<"warning" | "critical", number | null>> }>
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
  /** The same judged in other ways, see `judgeTraining`; undefined where the served model judges. */
  readonly training:
    | {
        /** The recipe that all events together choose, and those of the folds. */
        readonly recipe: RecipeName
        readonly recipesByEvent: ReadonlyArray<{ readonly event: number; readonly recipe: RecipeName }>
        readonly naive: ReturnType<typeof reportHorizons>
        readonly walkForward: ReturnType<typeof reportHorizons> | undefined
      }
    | undefined
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

/** When a level was first reached, or one above it. */
const firstAt = (said: ReadonlyArray<{ readonly time: number; readonly level: RiskLevel }>, level: RiskLevel): number | null =>
  said.find((each) => severity(each.level) >= severity(level))?.time ?? null

/** The worst level of each coin from a day before an event until a week after it. */
const blameOf = (
  market: Market,
  changes: ReadonlyArray<LevelChange>,
  byVenue: ReadonlyArray<VenueLevel>,
  events: ReadonlyArray<MarketEvent>
): ReadonlyArray<Blame> =>
  events.flatMap((event) => {
    const around = ({ time }: { readonly time: number }) => time > event.from - day && time < event.to + 7 * day
    const coins = [...new Set(changes.map(({ coin }) => coin))]
    return coins.flatMap((coin) => {
      const said = changes.filter((change) => change.coin === coin && change.kind !== "recovery" && around(change))
      if (said.length === 0) return []
      const ofCoin = byVenue.filter((each) => each.coin === coin && around(each))
      const worst = said.reduce((a, b) => (severity(b.level) > severity(a.level) ? b : a))
      return {
        market: market.name,
        from: event.from,
        coin,
        kind: worst.kind,
        level: worst.level,
        first: said[0]!.time,
        worstBps: said.reduce((far, { deviationBps }) => (Math.abs(deviationBps) > Math.abs(far) ? deviationBps : far), 0),
        share: worst.evidence.share,
        reason: reasonsOf(worst).join("; "),
        reached: {
          watch: firstAt(said, "watch"),
          warning: firstAt(said, "warning"),
          critical: firstAt(said, "critical")
        },
        venues: [...new Set(ofCoin.map(({ venue }) => venue))].map((venue) => {
          const own = ofCoin.filter((each) => each.venue === venue)
          return { venue, reached: { warning: firstAt(own, "warning"), critical: firstAt(own, "critical") } }
        })
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
  const spans = provenance.files.flatMap(({ span }) => span ?? [])
  return files.filter(
    ({ sha256, times }) => known.has(sha256) || spans.some(({ from, to }) => times.length > 0 && times[0]! <= to && times.at(-1)! >= from)
  )
}

/** A model to be trained for judging: the time that it is not trained on, and the time that it then judges. */
interface Trial {
  readonly hidden: Span
  readonly judges: Span
  readonly recipe?: RecipeName
}

interface Judge extends JudgedModel {
  readonly recipe: RecipeName
}

/** For leave-one-event-out: the event's time is hidden, with the longest horizon on both sides. */
const leaveEventOut = ({ begins, ends }: MarketEvent): Trial => ({
  hidden: withEmbargo({ from: begins, to: ends }),
  judges: { from: begins, to: ends }
})

/** For walk-forward: everything from the longest horizon before the event's time on is hidden. */
const walkForward = ({ begins, ends }: MarketEvent): Trial => ({
  hidden: { from: begins - embargo, to: Number.POSITIVE_INFINITY },
  judges: { from: begins, to: ends }
})

/** Models that are trained at the same time: while one's recipe is chosen in one thread, another's heads are fitted in the others. */
const trainedAtOnce = 2

/** Models for the trials; those whose recipe is left out have it chosen inside their own fold. */
const trainJudges = Effect.fn("trainJudges")(function* (
  set: TrainingSet,
  trials: ReadonlyArray<Trial>,
  { checkpoints, progress }: EvaluateOptions
) {
  let done = 0
  return yield* Effect.forEach(
    trials,
    ({ hidden, judges, recipe }) =>
      trainModel({
        set,
        hidden: [hidden],
        checkpoints,
        ...(recipe === undefined ? {} : { recipe }),
        onHead: (name) => Effect.suspend(() => progress(++done, trials.length * headKeys.length, name))
      }).pipe(
        Effect.map(({ model, recipe }): ReadonlyArray<Judge> => [{ model, recipe, ...judges }]),
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
      ),
    { concurrency: trainedAtOnce }
  )
})

/**
 * Judges a training by events that it has not seen. `nested`: all of it happens inside each fold, the choice of the recipe too. `naive`: the recipe is
 * chosen once, by all events, those that judge included. `walkForward`: a fold sees the time before its event alone.
 */
const judgeTraining = Effect.fn("judgeTraining")(function* (
  set: TrainingSet,
  events: ReadonlyArray<MarketEvent>,
  options: EvaluateOptions
) {
  const fitter = yield* HeadFitter
  const chosen = (yield* fitter.choose({ set, scaler: fitScalerOf(set, []), hidden: [], seed: recipeSeed })).recipe
  const leftOut = events.map(leaveEventOut)
  // Before the first event there is no event to train on.
  const judges = yield* trainJudges(set, [...leftOut, ...events.slice(1).map(walkForward)], options)
  const nested = judges.slice(0, events.length).flat()
  // Where a fold chose the same recipe, its model is the same.
  const others = leftOut.filter(({ judges: { from } }) => nested.some((judge) => judge.from === from && judge.recipe !== chosen))
  const again = yield* trainJudges(
    set,
    others.map((trial) => ({ ...trial, recipe: chosen })),
    options
  )
  return {
    chosen,
    nested,
    /** Undefined where every fold chose what all together choose: then it is `nested`. */
    naive: others.length === 0 ? undefined : [...nested.filter(({ recipe }) => recipe === chosen), ...again.flat()],
    walkForward: judges.slice(events.length).flat()
  }
})

export const evaluate = Effect.fn("evaluate")(function* (options: EvaluateOptions) {
  const files = yield* readPriceFiles(options.directory)
  const reports: Array<FileReport> = []
  for (const file of files.filter(isAboutCoin)) {
    reports.push(judgeFile(file))
    yield* Effect.yieldNow
  }
  const markets = marketsOf(files)
  const everything = markets.flatMap(seriesOfMarket)
  const series = seriesToLearn(markets, everything, reports)
  const events = eventsOf(series)
  const champion = Option.filter(options.champion, ({ file }) => seenBy(file, files).length === 0)
  const served: ReadonlyArray<JudgedModel> = Option.match(champion, {
    onNone: () => [],
    onSome: ({ file: { model } }) => [{ model, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]
  })
  const training = Option.isSome(champion) ? undefined : yield* judgeTraining(trainingSetOf(series, events, modelFeatures), events, options)
  const reportOf = (models: ReadonlyArray<JudgedModel>) => reportHorizons(series, predictSeries(models, series), events, () => true)
  const predictions = predictSeries(training?.nested ?? served, series)
  const horizons = reportHorizons(series, predictions, events, () => true)
  const blame = markets
    .filter(({ files: own }) => own.some(isAboutCoin))
    .flatMap((market) => {
      const byVenue: Array<VenueLevel> = []
      const changes = play(market.files, undefined, undefined, byVenue)
      return blameOf(market, changes, byVenue, eventsOf(everything.filter((each) => each.market === market.name)))
    })
  return {
    directory: options.directory,
    files: reports,
    markets,
    series,
    predictions,
    events,
    blame,
    horizons,
    training: training && {
      recipe: training.chosen,
      recipesByEvent: training.nested.map(({ from, recipe }) => ({ event: eventAt(events, from), recipe })),
      naive: training.naive === undefined ? horizons : reportOf(training.naive),
      walkForward: training.walkForward.length === 0 ? undefined : reportOf(training.walkForward)
    },
    horizonsByEvent: events.map((event) => {
      // Which coin broke first is read from the market with the shortest bars.
      const own = series.filter((each) => each.breaks.some(({ onset }) => onset >= event.from - day && onset <= event.to + day))
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
      const others = series.filter((each) => each.market === market && each.coin !== first?.coin)
      return {
        event,
        all: reportHorizons(series, predictions, events, (_, time) => aroundEvent(event, time)),
        others:
          first === undefined || others.length === 0
            ? undefined
            : {
                without: first.coin,
                horizons: reportHorizons(series, predictions, events, (each) => others.includes(each))
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
