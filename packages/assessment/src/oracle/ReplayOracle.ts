/**
 * A feed's recorded rounds against the fair value of recorded prices, minute by minute, through the hot path that serves live.
 *
 * The feed is not among the prices, so the fair value is one without it. What an assessment knows at a minute is what was known then: rows and rounds up to
 * that minute and no further.
 */
import { coinState, stateFields } from "@evenkeel/detection/hotpath/SignalRecord"
import { FileReplay } from "@evenkeel/replay/price/FileReplay"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { assessOracle, type MarketValue } from "./AssessOracle.ts"
import { leadLag, type LeadLag } from "./LeadLag.ts"
import type { OracleAssessment, OracleReasonCode, Verdict } from "./OracleAssessment.ts"
import { type OracleTerms, type Round, RoundMemory } from "./Round.ts"
import { ValueHistory } from "./ValueHistory.ts"

const minute = 60_000
const day = 1440 * minute
/** Prices are played from so long before the first minute that is judged: the day that is remembered, and one for what sources have learned to be worth. */
const warmUpMillis = 2 * day
/** How far a feed is looked for behind the fair value, and before it. */
const shifts = { lagMillisMax: 240 * minute, leadMillisMax: 60 * minute, stepMillis: minute }

export interface OracleReplay {
  readonly minutes: Readonly<Record<Verdict, number>>
  /** Minutes in which a reason stood. */
  readonly reasons: Readonly<Partial<Record<OracleReasonCode, number>>>
  readonly rounds: number
  /** The assessment at each change of the verdict or of its gravest reason, the first one too. */
  readonly changes: ReadonlyArray<OracleAssessment>
  /** Where the gap was largest of those beyond the noise; undefined where none was. */
  readonly widest: OracleAssessment | undefined
  /** Over the minutes with a gap beyond the noise and the feed's threshold; undefined where there was none. */
  readonly lag:
    | {
        readonly minutes: number
        /** Minutes in which the fair value had not stood at the feed's price as far back as it is remembered; the others are counted below. */
        readonly neverStood: number
        readonly medianMillis: number | undefined
        readonly highestMillis: number | undefined
      }
    | undefined
  /** By all changes of the feed within the span. */
  readonly leadLag: LeadLag | undefined
}

export interface OracleReplayOptions {
  readonly terms: OracleTerms
  readonly rounds: ReadonlyArray<Round>
  readonly prices: ReadonlyArray<PriceFile>
  /** Unix ms; from the first round to the last when left out: where a recording ends, its feed did not. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Sees every minute's assessment. */
  readonly onAssessed?: (assessment: OracleAssessment) => void
}

/** The prices say nothing of the coin. */
export const isPriced = (prices: ReadonlyArray<PriceFile>, coin: string): boolean =>
  prices.some(({ instrument }) => instrument.base === coin || instrument.quote === coin)

const startingAt = (prices: ReadonlyArray<PriceFile>, since: number): ReadonlyArray<PriceFile> =>
  prices.flatMap((file) => {
    const first = file.times.findIndex((time) => time >= since)
    if (first < 0) return []
    const [times, values, volumes, buyVolumes] = [file.times, file.prices, file.volumes, file.buyVolumes].map((own) => own.subarray(first))
    return [{ ...file, rows: file.rows - first, times: times!, prices: values!, volumes: volumes!, buyVolumes: buyVolumes! }]
  })

export const replayOracle = ({ onAssessed, prices, rounds, terms, ...span }: OracleReplayOptions): OracleReplay => {
  const times = rounds.map(({ updatedAt }) => updatedAt).filter((time) => time > 0)
  const from = span.from ?? times.reduce((first, time) => Math.min(first, time), Number.POSITIVE_INFINITY)
  const to = span.to ?? times.reduce((last, time) => Math.max(last, time), Number.NEGATIVE_INFINITY)
  const replay = new FileReplay(startingAt(prices, from - warmUpMillis), { scoreGapMillis: 0 })
  const coin = replay.options.coins.findIndex(({ symbol }) => symbol === terms.coin)
  const venues = replay.options.venues.map(({ id }) => id)
  const row = new Float64Array(stateFields)
  const history = new ValueHistory()
  const fair = { times: [] as Array<number>, prices: [] as Array<number> }
  const feed = { times: [] as Array<number>, prices: [] as Array<number> }
  const minutes: Record<Verdict, number> = { safe: 0, caution: 0, unsafe: 0 }
  const reasons: Partial<Record<OracleReasonCode, number>> = {}
  const changes: Array<OracleAssessment> = []
  const lags: Array<number> = []
  let neverStood = 0
  let widest: OracleAssessment | undefined
  let next = 0
  let read = 0
  const memory = new RoundMemory()

  const valueNow = (): MarketValue | undefined => {
    if (coin < 0 || !replay.local.state.read(coin, row) || !(row[coinState.fairValue]! > 0)) return undefined
    const named = (bits: number) => venues.filter((_, venue) => ((bits >>> venue) & 1) === 1)
    return {
      time: row[coinState.time]!,
      value: row[coinState.fairValue]!,
      errorBps: row[coinState.errorBps]!,
      grounded: row[coinState.grounded] === 1,
      agree: named(row[coinState.agree]!),
      differ: named(row[coinState.differ]!)
    }
  }
  /** Rounds up to `now`; one that says it comes before another was read right after it. */
  const readRounds = (now: number) => {
    for (; next < rounds.length && !(rounds[next]!.updatedAt > now); next++) {
      const round = rounds[next]!
      memory.take(round, now)
      if (round.price > 0 && round.updatedAt > (feed.times.at(-1) ?? 0) && within(round.updatedAt)) {
        feed.times.push(round.updatedAt)
        feed.prices.push(round.price)
      }
      if (within(round.updatedAt)) read++
    }
  }
  const within = (time: number) => time >= from && time <= to
  const assess = (now: number) => {
    readRounds(now)
    const value = valueNow()
    if (value !== undefined && now - value.time < minute) {
      history.add(now, value.value)
      fair.times.push(now)
      fair.prices.push(value.value)
    }
    if (!within(now)) return
    const assessment = assessOracle({ terms, round: memory.last, before: memory.newest, value, history, now })
    onAssessed?.(assessment)
    minutes[assessment.verdict]++
    for (const code of new Set(assessment.reasons.map(({ code }) => code))) reasons[code] = (reasons[code] ?? 0) + 1
    const last = changes.at(-1)
    if (last?.verdict !== assessment.verdict || last.reasons[0]?.code !== assessment.reasons[0]?.code) changes.push(assessment)
    const { gapBps, lagIsBound, lagMillis, noiseBps } = assessment
    if (gapBps === null || noiseBps === null || Math.abs(gapBps) <= noiseBps) return
    if (Math.abs(gapBps) > Math.abs(widest?.gapBps ?? 0)) widest = assessment
    if (Math.abs(gapBps) <= terms.deviationBps) return
    if (lagIsBound) neverStood++
    else if (lagMillis !== null) lags.push(lagMillis)
  }

  const first = replay.nextTime()
  if (first !== undefined) {
    let grid = Math.ceil(first / minute) * minute
    for (let time: number | undefined = first; time !== undefined && grid <= to; time = replay.nextTime()) {
      // Where nothing is priced for longer than a day, the minutes in between say nothing.
      if (time - grid > day) grid = Math.floor(time / minute) * minute
      for (; grid < time; grid += minute) assess(grid)
      replay.feed(1, () => {})
    }
    assess(grid)
  }
  lags.sort((a, b) => a - b)
  return {
    minutes,
    reasons,
    rounds: read,
    changes,
    widest,
    lag:
      lags.length + neverStood === 0
        ? undefined
        : { minutes: lags.length + neverStood, neverStood, medianMillis: lags[lags.length >> 1], highestMillis: lags.at(-1) },
    leadLag: leadLag(feed, fair, shifts)
  }
}
