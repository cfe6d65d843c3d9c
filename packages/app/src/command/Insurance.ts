/** `evenkeel insurance`: how covers stand in the engine that runs, and how their terms would have stood on recorded prices. */
import { replayTerms, type TermsReplayed } from "@evenkeel/assessment/insurance/ReplayTerms"
import { describeTerms, type Terms, TermsList } from "@evenkeel/assessment/insurance/Terms"
import type { Gap, Run, Verdict } from "@evenkeel/assessment/insurance/Trigger"
import { readPriceFile } from "@evenkeel/replay/price/PriceFile"
import { Console, DateTime, Effect, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { readSettings } from "../config/LoadConfig.ts"
import { ask } from "./AskEngine.ts"

export class TermsUnreadable extends Schema.TaggedError<TermsUnreadable>()("TermsUnreadable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} holds no terms that can be used: ${this.problem}`
  }
}

/** Gaps that are shown one by one. */
const gapsShown = 20
/** Runs that came to nothing. */
const runsShown = 3

const bps = (value: number | null): string => (value === null ? "unknown" : `${value.toFixed(1)} bps`)

export const iso = (time: number | null): string => (time === null ? "-" : DateTime.formatIso(DateTime.makeUnsafe(Math.round(time))))

/** How terms stand, in lines. */
export const verdictLines = (
  terms: Terms,
  verdict: Verdict,
  { gaps, runs }: { readonly gaps: ReadonlyArray<Gap>; readonly runs: ReadonlyArray<Run> }
): ReadonlyArray<string> => {
  const { averageBps, gapMinutes, lossBps, longestMinutes, lowestAverageBps, metAt, minutes, neededMinutes, payableBps, since, state } =
    verdict
  const average = terms.condition === "average"
  const counted = average
    ? `mean ${bps(averageBps)}, the lowest was ${bps(lowestAverageBps)}`
    : `${minutes} of ${neededMinutes} minutes, at most ${longestMinutes} so far`
  const head =
    state === "met"
      ? `MET at ${iso(metAt)}, by minutes since ${iso(since)}; ${average ? counted : `${minutes} minutes counted`}, ${gapMinutes} were gaps`
      : state === "accruing"
        ? `accruing since ${iso(since)}: ${counted}, ${gapMinutes} were gaps`
        : `NOT MET: ${average ? counted : `the longest run was ${longestMinutes} of ${neededMinutes} minutes`}`
  return [
    `${terms.name}: ${head}`,
    `  ${describeTerms(terms)}`,
    ...(lossBps === null ? [] : [`  loss then ${lossBps.toFixed(1)} bps, payable ${payableBps?.toFixed(1)} bps`]),
    ...gaps.slice(0, gapsShown).map(({ from, to, why }) => `  gap ${iso(from)} to ${iso(to)}: ${why}`),
    ...(state === "met" ? [] : runs.slice(0, runsShown)).map(
      ({ ended, minutes, since, until }) =>
        `  ${minutes} minutes counted from ${iso(since)} to ${iso(until)}, then ${ended === "recovered" ? "the value came back" : `too long a gap: ${ended}`}`
    ),
    ...(gaps.length > gapsShown ? [`  and ${gaps.length - gapsShown} more gaps`] : [])
  ]
}

export const runInsuranceStatus = Effect.fn("runInsuranceStatus")(function* (config: EngineConfig, json: boolean) {
  const covers = yield* ask(config, ({ insurance }) => insurance.status({ query: {} }))
  if (json) return yield* Console.log(JSON.stringify(covers))
  if (covers.length === 0) return yield* Console.log("no terms are watched: set them as [[insurance.terms]], see docs/insurance.md")
  for (const { lastReading, lost, simulated, terms, verdict, watchedSince } of covers) {
    for (const line of verdictLines(terms, verdict, { gaps: [], runs: [] })) yield* Console.log(line)
    const words = [
      `watched since ${iso(watchedSince)}`,
      lastReading === null ? "no reading is written" : `last reading of ${iso(lastReading)}`,
      ...(lost > 0 ? [`${lost} readings lost`] : []),
      ...(simulated ? ["simulated"] : [])
    ]
    yield* Console.log(`  ${words.join(", ")}`)
  }
})

const decodeTerms = Schema.decodeUnknownEffect(TermsList, { errors: "all", onExcessProperty: "error" })

/** Of a file with `[[terms]]`, or of a configuration. */
export const readTerms = Effect.fnUntraced(function* (file: string) {
  const failed = (error: { readonly message: string }) => new TermsUnreadable({ file, problem: error.message })
  const tree = yield* readSettings(file).pipe(Effect.mapError(failed))
  const inner = typeof tree["insurance"] === "object" && tree["insurance"] !== null ? tree["insurance"] : tree
  const found = "terms" in inner ? inner.terms : undefined
  if (found === undefined) return yield* failed({ message: "it has neither [[terms]] nor [[insurance.terms]]" })
  return yield* decodeTerms(found).pipe(Effect.mapError(failed))
})

const jsonOf = ({ gaps, readings, runs, stepMillis, terms, verdict }: TermsReplayed): string =>
  JSON.stringify({
    name: terms.name,
    ...verdict,
    since: verdict.since === null ? null : iso(verdict.since),
    metAt: verdict.metAt === null ? null : iso(verdict.metAt),
    readings,
    stepMinutes: stepMillis / 60_000,
    runs: runs.map(({ since, until, ...rest }) => ({ since: iso(since), until: iso(until), ...rest })),
    gaps: gaps.map(({ from, to, why }) => ({ from: iso(from), to: iso(to), why }))
  })

export const runInsuranceReplay = Effect.fn("runInsuranceReplay")(function* (options: {
  readonly terms: string
  readonly prices: ReadonlyArray<string>
  readonly json: boolean
}) {
  const covers = yield* readTerms(options.terms)
  const files = yield* Effect.forEach(options.prices, readPriceFile)
  for (const replayed of replayTerms(files, covers)) {
    if (options.json) {
      yield* Console.log(jsonOf(replayed))
      continue
    }
    const { gaps, readings, runs, stepMillis, terms, verdict } = replayed
    if (readings === 0) return yield* new TermsUnreadable({ file: options.terms, problem: `the prices say nothing of ${terms.coin}` })
    for (const line of verdictLines(terms, verdict, { gaps, runs })) yield* Console.log(line)
    if (stepMillis > 60_000) yield* Console.log(`  each reading stands for ${stepMillis / 60_000} minutes, the length of the files' bars`)
  }
})
