/** Plays a market through the engine and compares its levels with the referee's verdict. */
import type { Break, Span } from "@evenkeel/replay/referee/Onsets"
import { breakLevels, day, isWithin, lengthOf, without } from "@evenkeel/replay/referee/Onsets"
import { type LevelChange, type RiskLevel, riskLevels, severity } from "@evenkeel/domain/risk/RiskLevel"
import type { PriceFile } from "@evenkeel/replay/price/PriceFile"
import { FileReplay, hotPathOptionsOf } from "@evenkeel/replay/price/FileReplay"
import type { Verdict } from "@evenkeel/replay/referee/Referee"

/** One coin's fair value at each of its bars' closes. */
export interface Track {
  readonly times: Array<number>
  readonly deviationsBps: Array<number>
  readonly errorsBps: Array<number>
}

/** The level of those who trade a coin on one venue, from `time` on. */
export interface VenueLevel {
  readonly time: number
  readonly coin: string
  readonly venue: string
  readonly level: RiskLevel
  readonly deviationBps: number
}

/**
 * The level changes while `files` are played as one market. The values of `coin` at its bars' closes are added to `track`, the levels by venue to
 * `venues`.
 */
export const play = (
  files: ReadonlyArray<PriceFile>,
  coin?: string,
  track?: Track,
  venues?: Array<VenueLevel>
): ReadonlyArray<LevelChange> => {
  const changes: Array<LevelChange> = []
  const options = hotPathOptionsOf(files)
  const followed = options.coins.findIndex(({ symbol }) => symbol === coin)
  const replay = new FileReplay(files, {
    onJudged: (index, { deviationBps, errorBps, time }) => {
      if (index !== followed || track === undefined) return
      track.times.push(time)
      track.deviationsBps.push(deviationBps)
      track.errorsBps.push(errorBps)
    },
    onVenueLevel: ({ base, risk: { deviationBps, level }, venue }, time) =>
      venues?.push({
        time,
        coin: options.coins[base]!.symbol,
        venue: options.venues[venue]!.id,
        level: riskLevels[level]!,
        deviationBps
      })
  })
  while (replay.feed(Number.POSITIVE_INFINITY, (change) => changes.push(change)) > 0);
  return changes
}

/** The spans in which a coin stood at a level or above. */
export const timeAt = (changes: ReadonlyArray<LevelChange>, level: (typeof riskLevels)[number], until: number): ReadonlyArray<Span> => {
  const floor = severity(level)
  const spans: Array<Span> = []
  let from = Number.NaN
  for (const change of changes) {
    if (severity(change.level) >= floor && Number.isNaN(from)) from = change.time
    if (severity(change.level) < floor && !Number.isNaN(from)) {
      spans.push({ from, to: change.time })
      from = Number.NaN
    }
  }
  return Number.isNaN(from) ? spans : [...spans, { from, to: until }]
}

/** How soon a level was reached around a break: positive minutes are a lead to its onset, negative ones a delay. */
export interface EventReport {
  readonly onset: number
  readonly end: number
  readonly worstBps: number
  readonly kind: "break" | "premium"
  /** Onset of the event at each distance of `breakLevels`; null where the price did not get so far. */
  readonly onsets: Readonly<Record<string, number | null>>
  readonly confirmed: number
  /** When each level was first reached, in the day before or while the event lasted; null when it was not. */
  readonly reached: Readonly<Record<"watch" | "warning" | "critical", number | null>>
}

export const alarms = ["watch", "warning", "critical"] as const

export const reportEvents = (verdict: Verdict, changes: ReadonlyArray<LevelChange>): ReadonlyArray<EventReport> => {
  const until = verdict.series.covered.at(-1) ?? 0
  return verdict.events.map((event) => {
    const within = ({ from, to }: Span) => to > event.onset - day && from <= event.end
    const first = (level: (typeof alarms)[number]) => {
      const span = timeAt(changes, level, until).find(within)
      return span === undefined ? null : Math.max(span.from, event.onset - day)
    }
    const onsetAt = (breaks: ReadonlyArray<Break>) =>
      breaks.find(({ end, onset, sign }) => sign === event.sign && onset <= event.end && end >= event.onset)?.onset ?? null
    return {
      onset: event.onset,
      end: event.end,
      worstBps: event.worstBps,
      kind: event.sign < 0 ? "break" : "premium",
      onsets: Object.fromEntries(breakLevels.map((level, index) => [`${level}`, onsetAt(verdict.breaks[index]!)])),
      confirmed: event.confirmed,
      reached: { watch: first("watch"), warning: first("warning"), critical: first("critical") }
    }
  })
}

/** Alarms where there was no break. */
export interface CalmReport {
  readonly warnings: ReadonlyArray<number>
  /** Those that are not within a day of stress. */
  readonly warningsLenient: ReadonlyArray<number>
  readonly criticals: ReadonlyArray<number>
  readonly aboveNormalShare: number
}

export const reportCalm = (verdict: Verdict, changes: ReadonlyArray<LevelChange>): CalmReport => {
  const raisedTo = (level: "warning" | "critical") =>
    changes
      .filter(
        (change) =>
          severity(change.level) >= severity(level) && severity(change.previous) < severity(level) && isWithin(verdict.calm, change.time)
      )
      .map(({ time }) => time)
  const warnings = raisedTo("warning")
  const above = timeAt(changes, "watch", verdict.series.covered.at(-1) ?? 0)
  const quiet = above.reduce((spans, span) => without(spans, span), verdict.calm)
  return {
    warnings,
    warningsLenient: warnings.filter((time) => !verdict.stress.some(({ end, onset }) => time > onset - day && time < end + day)),
    criticals: raisedTo("critical"),
    aboveNormalShare: verdict.calmMillis > 0 ? 1 - lengthOf(quiet) / verdict.calmMillis : 0
  }
}
