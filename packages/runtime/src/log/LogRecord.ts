/**
 * A log line as data, whatever form it is written in: what the JSON form, the form for people and the collector are made from.
 *
 * The fields are those of OpenTelemetry's logs data model (specification 1.55.0, logs/data-model.md): timestamp, severity, a body that is one
 * text, attributes, trace context. Exceptions are `exception.*` fields, as its semantic conventions 1.45.0 name them. Values are copied with bounds, so that
 * no line is endless, and secrets are what `Redacted` shows of them.
 */
import { Cause, Redacted, type Logger, References } from "effect"
import { attributes } from "../telemetry/Spans.ts"

/** Lines that are kept apart from others: what happened to alerts, and how fast the engine is. */
export const logKinds = ["alert", "performance"] as const
export type LogKind = (typeof logKinds)[number]

/** The field that says it: `Effect.logInfo("level changed", { ...alertLine, coin })`. */
const kindField = attributes.kind
export const alertLine = { [kindField]: "alert" } as const
export const performanceLine = { [kindField]: "performance" } as const

export interface LogRecord {
  /** Unix ms. */
  readonly time: number
  readonly level: LogLevelText
  readonly message: string
  /** The supervised part that says it; `engine` where it is none. */
  readonly component: string
  readonly kind?: LogKind
  readonly trace?: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }
  readonly fields: Readonly<Record<string, unknown>>
}

/** A line from plain code, as an exporter's callback. */
export type Say = (level: LogLevelText, message: string, fields: Readonly<Record<string, unknown>>) => void

/** Levels by OpenTelemetry's SeverityText, with its SeverityNumber. */
export const severities = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const
export type LogLevelText = keyof typeof severities

/** What says something outside of all supervised parts. */
export const noComponent = "engine"

const charactersMax = 8192
const itemsMax = 100
const depthMax = 5

const cut = (text: string) => (text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}… (${text.length} characters)`)

/** A copy that JSON can say, within bounds. */
const plainValue = (value: unknown, depth = 0): unknown => {
  if (typeof value === "string") return cut(value)
  if (typeof value === "bigint") return String(value)
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (typeof value !== "object" || value === null) return typeof value === "function" || typeof value === "symbol" ? String(value) : value
  if (Redacted.isRedacted(value)) return String(value)
  if (value instanceof Error) return cut(`${value.name}: ${value.message}`)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  if (depth === depthMax) return "…"
  if (Array.isArray(value)) {
    const items = value.slice(0, itemsMax).map((item) => plainValue(item, depth + 1))
    return value.length > itemsMax ? [...items, `… (${value.length} items)`] : items
  }
  const entries = Object.entries(value).slice(0, itemsMax)
  return Object.fromEntries(entries.map(([key, inner]) => [key, plainValue(inner, depth + 1)]))
}

const isFields = (part: unknown): part is Record<string, unknown> =>
  typeof part === "object" && part !== null && !Array.isArray(part) && !(part instanceof Error) && !Redacted.isRedacted(part)

const words = (part: unknown): string => {
  const plain = plainValue(part)
  return typeof plain === "string" ? plain : (JSON.stringify(plain) ?? String(plain))
}

const exceptionFields = (errors: ReadonlyArray<Error>): Record<string, unknown> => {
  const [first] = errors
  if (first === undefined) return {}
  return {
    "exception.type": first.name,
    "exception.message": first.message,
    "exception.stacktrace": errors.map((error) => error.stack ?? `${error.name}: ${error.message}`).join("\n")
  }
}

const isKind = (value: unknown): value is LogKind => logKinds.some((kind) => kind === value)

const levelTexts: Readonly<Record<string, LogLevelText>> = {
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO",
  Warn: "WARN",
  Error: "ERROR",
  Fatal: "FATAL"
}

/** Texts of a line are its message, objects its fields; annotations are fields too, and an error is its exception. */
export const recordOf = ({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): LogRecord => {
  const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
  const errors = [...parts.filter((part) => part instanceof Error), ...Cause.prettyErrors(cause, { includeCauseInStack: true })]
  const texts = parts.filter((part) => !isFields(part) && !(part instanceof Error))
  const {
    component,
    [kindField]: kind,
    ...fields
  } = Object.assign(exceptionFields(errors), ...parts.filter(isFields), fiber.getRef(References.CurrentLogAnnotations)) as Record<
    string,
    unknown
  >
  const { span } = fiber.cache
  return {
    time: date.getTime(),
    level: levelTexts[logLevel] ?? "INFO",
    message: texts.length > 0 ? texts.map(words).join(" ") : (errors[0]?.message ?? ""),
    component: typeof component === "string" ? component : noComponent,
    ...(isKind(kind) ? { kind } : {}),
    ...(span === undefined ? {} : { trace: { traceId: span.traceId, spanId: span.spanId, sampled: span.sampled } }),
    fields: plainValue(fields) as Record<string, unknown>
  }
}
