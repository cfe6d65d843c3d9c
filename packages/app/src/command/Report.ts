/** `evenkeel report`: a month of the log as a page and as JSON, from the engine that runs or from the database of one that is stopped. */
import { Report, ReportJson } from "@evenkeel/assessment/compliance/Report"
import { reportHtml } from "@evenkeel/assessment/compliance/ReportHtml"
import { Reports } from "@evenkeel/assessment/compliance/Reports"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Console, Effect, FileSystem, Layer, Option, Schema } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { layerReports } from "../engine/EngineReports.ts"
import { askOr } from "./AskEngine.ts"
import { databaseOfLog } from "./EngineLog.ts"

/** False where the log does not hold. */
export const runReport = Effect.fn("runReport")(function* (
  config: EngineConfig,
  options: { readonly month: string; readonly out: Option.Option<string>; readonly html: boolean; readonly json: boolean }
) {
  const files = yield* FileSystem.FileSystem
  const { month, out } = options
  const ofDatabase = Effect.flatMap(Reports, (reports) => reports.of(month)).pipe(
    Effect.provide(layerReports(config).pipe(Layer.provideMerge(EventStore.layer), Layer.provideMerge(databaseOfLog(config))))
  )
  const report: Report = yield* askOr(config, ({ reports }) => reports.month({ params: { month }, query: {} }), ofDatabase)
  const json = `${yield* Effect.orDie(Schema.encodeEffect(ReportJson)(report))}\n`
  const html = reportHtml(report)
  if (Option.isNone(out)) {
    yield* Console.log((options.html && !options.json ? html : json).trimEnd())
    return report.audit.holds
  }
  yield* files.makeDirectory(out.value, { recursive: true })
  const both = options.html === options.json
  for (const [wanted, extension, text] of [
    [both || options.html, "html", html],
    [both || options.json, "json", json]
  ] as const) {
    if (!wanted) continue
    const file = `${out.value}/evenkeel-${month}.${extension}`
    yield* files.writeFileString(file, text)
    yield* Console.log(file)
  }
  if (!report.audit.holds)
    yield* Console.error(`the log does not hold: ${report.audit.problem ?? "see the seals in the report, and `evenkeel audit`"}`)
  return report.audit.holds
})
