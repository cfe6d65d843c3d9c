/** `evenkeel evaluate`: the engine judged on price files; a table or JSON on standard output, a page for people beside. */
import { Console, Effect, FileSystem, type Option } from "effect"
import { type EvaluateOptions, evaluate } from "@evenkeel/lab/evaluation/Evaluate"
import { reportPage } from "@evenkeel/lab/evaluation/ReportPage"
import { type Summary, summaryOf } from "@evenkeel/lab/evaluation/Summary"
import { progressBar } from "../screen/ProgressBar.ts"
import { openModel } from "@evenkeel/detection/model/ModelFiles"

export const runEvaluate = Effect.fn("runEvaluate")(function* (options: {
  readonly data: string
  readonly json: boolean
  readonly report: string
  readonly model: Option.Option<string>
  readonly checkpoints: Option.Option<string>
}) {
  const files = yield* FileSystem.FileSystem
  const champion = yield* openModel(options.model)
  const progress: EvaluateOptions["progress"] = yield* progressBar("training without the events that are judged")
  const evaluation = yield* evaluate({ directory: options.data, champion, checkpoints: options.checkpoints, progress })
  const summary = summaryOf(evaluation)
  yield* files.writeFileString(options.report, reportPage(evaluation, summary))
  yield* Console.log(options.json ? JSON.stringify(summary) : tableOf(summary))
  yield* Effect.logInfo("the report is written", { file: options.report })
})

/** "watch 2023-03-10T21:00, warning -" */
const timesOf = (reached: Readonly<Record<string, string | null>>): string =>
  Object.entries(reached)
    .map(([level, time]) => `${level} ${time?.slice(0, 16) ?? "-"}`)
    .join(", ")

const cell = (value: unknown, width: number) => String(value ?? "-").padEnd(width)

const tableOf = ({ baselines, blame, calm, events, horizons, judge }: Summary): string => {
  const lines = ["events: minutes of lead before the onset at 50 bps (below 0: after it)"]
  lines.push(
    `  ${cell("file", 52)}${cell("onset", 18)}${cell("kind", 9)}${cell("worst", 9)}${cell("watch", 8)}${cell("warning", 9)}critical`
  )
  for (const { file, kind, leadMinutes, onset, worstBps } of events) {
    const lead = (level: string) => leadMinutes[level]?.["50"]
    lines.push(
      `  ${cell(file, 52)}${cell(onset?.slice(0, 16), 18)}${cell(kind, 9)}${cell(worstBps, 9)}${cell(lead("watch"), 8)}${cell(lead("warning"), 9)}${cell(lead("critical"), 8)}`
    )
  }
  lines.push(
    "",
    "by coin and venue, all files of a market seen at once: when each level was first reached, from a day before the event to a week after it"
  )
  for (const { coin, from, kind, market, reached, share, venues } of blame) {
    const belief = share === null ? "" : `, believed at ${Math.round(share * 100)}%`
    lines.push(`  ${market}, ${from?.slice(0, 10)}: ${coin} ${kind}${belief}: ${timesOf(reached)}`)
    for (const each of venues) lines.push(`    on ${cell(each.venue, 12)}${timesOf(each.reached)}`)
  }
  lines.push("", `calm: ${calm.coinMonths} coin-months`)
  lines.push(
    `  false warnings ${calm.warnings.strict} (${calm.warnings.strictPerMonth} a month), away from any stress ${calm.warnings.lenient}; criticals ${calm.criticals}; above normal ${((calm.aboveNormalShare ?? 0) * 100).toFixed(3)}% of the time`
  )
  lines.push("", `horizons: ${judge}`)
  lines.push(
    `  ${cell("label", 8)}${cell("horizon", 9)}${cell("base rate", 11)}${cell("average precision", 26)}${cell("ROC AUC", 9)}${cell("Brier skill", 13)}${cell("calibration", 13)}best baseline`
  )
  for (const [label, byHorizon] of Object.entries(horizons.pooled)) {
    for (const [horizon, report] of Object.entries(byHorizon)) {
      if (report === null) continue
      const { averagePrecision: precision, brierSkill, calibrationError, rocAuc } = report
      const best = Object.entries(baselines.pooled[label]![horizon]!).sort(
        (a, b) => (b[1].averagePrecision ?? 0) - (a[1].averagePrecision ?? 0)
      )[0]
      lines.push(
        `  ${cell(label, 8)}${cell(horizon, 9)}${cell(report.baseRate, 11)}${cell(`${precision.value} (${precision.low} to ${precision.high})`, 26)}${cell(rocAuc.value, 9)}${cell(brierSkill.value, 13)}${cell(calibrationError.value, 13)}${best?.[0]} ${best?.[1].averagePrecision}`
      )
    }
  }
  return lines.join("\n")
}
