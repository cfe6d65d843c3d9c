/**
 * Reads captures of whole connections: gzip JSON Lines, one record a line.
 *
 * `{"t": "connect" | "send" | "recv" | "http", "ts": seconds, "conn": id, "url": …, "data": text}`, `b64` instead of `data`
 * for binary frames. A line that is not such a record is a typed error with its number.
 */
import { Effect, FileSystem, Result, Schema } from "effect"
import { gunzipSync } from "node:zlib"

const Line = Schema.fromJsonString(
  Schema.Struct({
    t: Schema.String,
    ts: Schema.optional(Schema.Finite),
    conn: Schema.optional(Schema.String),
    url: Schema.optional(Schema.String),
    data: Schema.optional(Schema.String),
    b64: Schema.optional(Schema.String)
  })
)
const decodeLine = Schema.decodeUnknownResult(Line)

export interface CaptureRecord {
  readonly kind: "connect" | "send" | "recv" | "http"
  /** Unix ms. */
  readonly time: number
  readonly connection: string
  readonly url: string
  readonly bytes: Uint8Array
  /** The frame was sent as bytes, not as text. */
  readonly binary: boolean
}

export class CaptureUnreadable extends Schema.TaggedError<CaptureUnreadable>()("CaptureUnreadable", {
  file: Schema.String,
  /** 0 when the file as a whole cannot be read. */
  line: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}${this.line > 0 ? `:${this.line}` : ""}: ${this.problem}`
  }
}

const kinds = ["connect", "send", "recv", "http"] as const

/** All records of a capture, in order; headers and notes of the recorder are left out. */
export const readCapture = Effect.fn("readCapture")(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const packed = yield* files
    .readFile(file)
    .pipe(Effect.mapError((error) => new CaptureUnreadable({ file, line: 0, problem: error.message })))
  const text = Result.try(() => new TextDecoder("utf-8", { fatal: true }).decode(file.endsWith(".gz") ? gunzipSync(packed) : packed))
  if (Result.isFailure(text)) return yield* new CaptureUnreadable({ file, line: 0, problem: "is not gzip of UTF-8 text" })
  const records: Array<CaptureRecord> = []
  for (const [index, line] of text.success.split("\n").entries()) {
    if (line.trim() === "") continue
    const decoded = decodeLine(line)
    if (Result.isFailure(decoded)) return yield* new CaptureUnreadable({ file, line: index + 1, problem: "is not a capture record" })
    const { b64, conn, data, t, ts, url } = decoded.success
    const kind = kinds.find((known) => known === t)
    if (kind === undefined) continue
    records.push({
      kind,
      time: (ts ?? 0) * 1000,
      connection: conn ?? "",
      url: url ?? "",
      bytes: b64 === undefined ? Buffer.from(data ?? "") : Buffer.from(b64, "base64"),
      binary: b64 !== undefined
    })
  }
  return records
})
