/**
 * The engine's logs: which lines are written, in which form, and where to.
 *
 * All lines pass one logger, so that levels can be changed for single components while the engine runs. Without a file they go to standard error; with one
 * they go there, and errors to standard error as well. Lines about alerts and about speed can have a file each besides.
 */
import { Clock, Context, Effect, Layer, Logger, References } from "effect"
import type { ServiceInstance } from "../telemetry/Collector.ts"
import { Metrics } from "../telemetry/Metrics.ts"
import { jsonLine, type LogFormat, prettyLine } from "./LogFormat.ts"
import { makeLogFile } from "./LogFile.ts"
import { type LogLevels, minimumSeverity } from "./LogLevels.ts"
import { type LogKind, type LogLevelText, type LogRecord, noComponent, recordOf, type Say, severities } from "./LogRecord.ts"
import { makeLogExport } from "./LogExport.ts"
import { type LogTarget, standardError } from "./LogTarget.ts"
import { makeLogWriter } from "./LogWriter.ts"

export class Logs extends Context.Service<
  Logs,
  {
    /** Holds from the next line on. */
    readonly setLevels: (levels: LogLevels) => void
    /** Files are begun anew, for whoever has moved them away. */
    readonly reopen: () => void
    readonly say: Say
  }
>()("@evenkeel/runtime/log/Logs") {
  /** One that writes nothing and changes nothing. */
  static readonly layerNoop = Layer.succeed(Logs, Logs.of({ setLevels: () => {}, reopen: () => {}, say: () => {} }))
}

export interface LogsOptions extends LogLevels {
  readonly format: "pretty" | "json"
  /** Names of groups of components, as `connectors`, for `levels`. */
  readonly groupOf?: (component: string) => string | undefined
  /** Lines below it are not written to standard error. */
  readonly standardErrorFrom?: LogLevelText
  /** Where lines are written instead; JSON unless `pretty` is asked for by name. */
  readonly file?: { readonly file: string; readonly format: "pretty" | "json" }
  readonly kindFiles?: Readonly<Partial<Record<LogKind, string>>>
  readonly bytesMax?: number
  readonly files?: number
  /** Who the collector is told the lines are from; without it none is told of any. */
  readonly service?: ServiceInstance
  /** In the place of standard error, for tests. */
  readonly target?: LogTarget
}

const bytesMaxDefault = 100e6
const filesDefault = 5

const formats: Readonly<Record<LogsOptions["format"], LogFormat>> = { pretty: prettyLine, json: jsonLine }

interface Sink {
  readonly takes: (record: LogRecord) => boolean
  readonly push: (record: LogRecord) => void
  readonly reopen: () => void
}

const makeLogs = Effect.fnUntraced(function* (options: LogsOptions) {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const recordNow = (level: LogLevelText, message: string, fields: LogRecord["fields"]): LogRecord => ({
    time: clock.currentTimeMillisUnsafe(),
    level,
    message,
    component: noComponent,
    fields
  })

  const makeSink = Effect.fnUntraced(function* (target: LogTarget, format: LogFormat, takes: Sink["takes"]) {
    const writer = yield* makeLogWriter(target, {
      missing: (lines, problem) =>
        format(recordNow("WARN", "log lines are missing here", { lines, why: problem ?? "more came than could be written" })),
      onLost: (lines, problem) => {
        Metrics.logLinesLost.updateUnsafe(lines, context)
        // A file that cannot be written is said where it can be.
        if (problem !== undefined && target !== outermost) complain(problem)
      }
    })
    return {
      takes,
      push: (record) => writer.push(severities[record.level], format(record)),
      reopen: writer.reopen
    } satisfies Sink
  })
  let complained: string | undefined
  const complain = (problem: string) => {
    if (problem === complained) return
    complained = problem
    sinks[0]?.push(recordNow("ERROR", "log lines are lost: a log file cannot be written", { problem }))
  }
  const outermost = options.target ?? standardError
  const openFile = (file: string) =>
    makeLogFile({ file, bytesMax: options.bytesMax ?? bytesMaxDefault, files: options.files ?? filesDefault })

  const shownFrom = severities[options.standardErrorFrom ?? (options.file === undefined ? "TRACE" : "ERROR")]
  const sinks: Array<Sink> = []
  sinks.push(yield* makeSink(outermost, formats[options.format], ({ level }) => severities[level] >= shownFrom))
  if (options.file !== undefined) sinks.push(yield* makeSink(yield* openFile(options.file.file), formats[options.file.format], () => true))
  for (const [kind, file] of Object.entries(options.kindFiles ?? {}))
    if (file !== undefined) sinks.push(yield* makeSink(yield* openFile(file), jsonLine, (record) => record.kind === kind))

  const write = (record: LogRecord) => {
    for (const sink of sinks) if (sink.takes(record)) sink.push(record)
  }
  const say: Say = (level, message, fields) => write(recordNow(level, message, fields))
  const exported = options.service === undefined ? undefined : yield* makeLogExport(say, options.service)
  let minimumOf = minimumSeverity(options, options.groupOf ?? noGroups)
  const logger = Logger.make<unknown, void>((line) => {
    const record = recordOf(line)
    if (severities[record.level] < minimumOf(record.component)) return
    write(record)
    exported?.(record)
  })
  const service = Logs.of({
    setLevels: (levels) => {
      minimumOf = minimumSeverity(levels, options.groupOf ?? noGroups)
    },
    reopen: () => sinks.forEach((sink) => sink.reopen()),
    say
  })
  return { logger, service }
})

const noGroups = () => undefined

/** The program's logger in the place of all others. */
export const layerLogs = (options: LogsOptions) =>
  Layer.effectContext(
    Effect.map(makeLogs(options), ({ logger, service }) =>
      Context.make(Logs, service).pipe(
        Context.add(Logger.CurrentLoggers, new Set([logger])),
        // The logger decides by component what is written.
        Context.add(References.MinimumLogLevel, "Debug")
      )
    )
  )
