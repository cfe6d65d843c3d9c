/** `evenkeel oracle replay`: a feed's recorded rounds judged by the fair value of recorded prices. */
import { bpsText, oracleLine, timeText } from "@evenkeel/assessment/oracle/OracleText"
import { span } from "@evenkeel/assessment/oracle/AssessOracle"
import { isPriced, replayOracle } from "@evenkeel/assessment/oracle/ReplayOracle"
import { readRoundFile } from "@evenkeel/assessment/oracle/RoundFile"
import { isOracle } from "@evenkeel/replay/price/Markets"
import { instrumentOfName } from "@evenkeel/replay/price/PriceFile"
import { Console, Effect, Option, Schema } from "effect"
import { basename, resolve } from "node:path"
import { readRecordedPrices } from "./RecordedPrices.ts"

export class OracleReplayRefused extends Schema.TaggedError<OracleReplayRefused>()("OracleReplayRefused", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

export const runOracleReplay = Effect.fn("runOracleReplay")(function* (options: {
  readonly feed: string
  readonly prices: ReadonlyArray<string>
  readonly coin: Option.Option<string>
  readonly heartbeatSeconds: number
  readonly deviationBps: number
  readonly unsafeGapBps: Option.Option<number>
  readonly from: Option.Option<number>
  readonly to: Option.Option<number>
  readonly changes: number
  readonly json: boolean
}) {
  const coin = Option.getOrElse(options.coin, () => instrumentOfName(options.feed)?.base)
  if (coin === undefined)
    return yield* new OracleReplayRefused({ problem: `${options.feed}: say with --coin which coin it prices; its name does not` })
  const { badRows, rounds } = yield* readRoundFile(options.feed)
  if (badRows > 0) yield* Effect.logWarning("rows were left out that cannot be read", { file: options.feed, badRows })
  const read = yield* readRecordedPrices(options.prices)
  // The feed must not vote on itself, nor must another oracle, which may have the same sources.
  const prices = read.filter((file) => !isOracle(file) && resolve(file.file) !== resolve(options.feed))
  if (prices.length < read.length)
    yield* Effect.logInfo("files of rounds are left out of the fair value: no oracle votes on another", {
      files: read.filter((file) => !prices.includes(file)).map(({ file }) => basename(file))
    })
  if (!isPriced(prices, coin)) return yield* new OracleReplayRefused({ problem: `no price file says anything of ${coin}` })
  const found = replayOracle({
    terms: {
      feed: basename(options.feed).replace(/\.csv(\.gz)?$/, ""),
      coin,
      heartbeatSeconds: options.heartbeatSeconds,
      deviationBps: options.deviationBps,
      unsafeGapBps: Option.getOrUndefined(options.unsafeGapBps)
    },
    rounds,
    prices,
    from: Option.getOrUndefined(options.from),
    to: Option.getOrUndefined(options.to)
  })
  if (options.json) return yield* Console.log(JSON.stringify(found))
  const { lag, leadLag, minutes, reasons, widest } = found
  yield* Console.log(`${found.rounds} rounds; safe ${minutes.safe} m, caution ${minutes.caution} m, unsafe ${minutes.unsafe} m`)
  yield* Console.log(
    `reasons: ${
      Object.entries(reasons)
        .map(([code, count]) => `${code} ${count} m`)
        .join(", ") || "none"
    }`
  )
  if (widest !== undefined)
    yield* Console.log(`widest gap: ${bpsText(widest.gapBps!)} bps at ${timeText(widest.time)} (± ${bpsText(widest.errorBps!)})`)
  if (lag !== undefined)
    yield* Console.log(
      `behind the fair value in ${lag.minutes} m${
        lag.medianMillis === undefined ? "" : `: by ${span(lag.medianMillis)} in the median, ${span(lag.highestMillis!)} at most`
      }; in ${lag.neverStood} m at a price that the fair value had not had for a day`
    )
  if (leadLag !== undefined)
    yield* Console.log(
      `lead-lag over ${leadLag.changes} changes: the feed follows by ${span(leadLag.lagMillis)} (correlation ${leadLag.correlation.toFixed(2)})`
    )
  const shown = found.changes.slice(0, options.changes)
  for (const assessment of shown) yield* Console.log(`${timeText(assessment.time)} ${oracleLine(assessment)}`)
  if (shown.length < found.changes.length)
    yield* Console.log(`and ${found.changes.length - shown.length} changes more: --changes, --from, --to`)
})
