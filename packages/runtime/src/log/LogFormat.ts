/**
 * The two written forms of a line. Either is one line of plain text, whatever venues, feeds and receivers have put into it.
 *
 * JSON has these keys, always in this order, and no others; what has no value is left out (docs/observe.md has the table):
 *
 * ```json
 * {"timestamp":"2026-11-28T14:22:25.744Z","level":"INFO","message":"level changed","component":"level-recorder","kind":"alert",
 *  "trace_id":"…","span_id":"…","trace_flags":"01","fields":{"coin":"USDC"}}
 * ```
 *
 * `trace_id`, `span_id` and `trace_flags` stand at the top and are hexadecimal, as OpenTelemetry asks of JSON logs (specification,
 * compatibility/logging_trace_context.md).
 */
import { plainText } from "../telemetry/PlainText.ts"
import type { LogRecord } from "./LogRecord.ts"
import { DateTime } from "effect"

export type LogFormat = (record: LogRecord) => string

const timestampOf = ({ time }: LogRecord): string => DateTime.formatIso(DateTime.makeUnsafe(time))

const hasFields = (fields: LogRecord["fields"]): boolean => Object.keys(fields).length > 0

export const jsonLine: LogFormat = (record) =>
  plainText(
    JSON.stringify({
      timestamp: timestampOf(record),
      level: record.level,
      message: record.message,
      component: record.component,
      kind: record.kind,
      trace_id: record.trace?.traceId,
      span_id: record.trace?.spanId,
      trace_flags: record.trace === undefined ? undefined : record.trace.sampled ? "01" : "00",
      fields: hasFields(record.fields) ? record.fields : undefined
    })
  )

const valueText = (value: unknown): string =>
  typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : (JSON.stringify(value) ?? String(value))

/** `2026-11-28T14:22:25.744Z WARN a pair was listed symbol=USDC/USD component=discovery trace_id=…` */
export const prettyLine: LogFormat = (record) => {
  const { component, kind, level, message, trace } = record
  const fields = {
    ...record.fields,
    component,
    ...(kind === undefined ? {} : { kind }),
    ...(trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId })
  }
  return plainText(
    [timestampOf(record), level, message, ...Object.entries(fields).map(([key, value]) => `${key}=${valueText(value)}`)].join(" ")
  )
}
