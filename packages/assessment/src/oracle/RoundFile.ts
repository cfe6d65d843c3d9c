/**
 * Reads the rounds of a feed from a file: CSV, plain or gzip, with a column `timestamp_ms` or `ts`, one `price`, and if there is one `round`.
 *
 * Unlike price files, rounds stay in the order of the file, and answers of zero or below stay: both are what an assessment looks for.
 */
import { Effect, FileSystem, Result, Schema } from "effect"
import { gunzipSync } from "node:zlib"
import type { Round } from "./Round.ts"

/** A larger file, packed or not, is refused. */
const bytesMax = 16 << 20
const timeColumns = ["timestamp_ms", "ts"]

export class RoundFileUnreadable extends Schema.TaggedError<RoundFileUnreadable>()("RoundFileUnreadable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.problem}`
  }
}

export interface RoundFile {
  readonly rounds: ReadonlyArray<Round>
  /** Rows that cannot be read; they are left out. */
  readonly badRows: number
}

export const readRoundFile = Effect.fn("readRoundFile")(function* (file: string) {
  const fail = (problem: string) => new RoundFileUnreadable({ file, problem })
  const files = yield* FileSystem.FileSystem
  const { size } = yield* files.stat(file).pipe(Effect.mapError(() => fail("there is no such file, or it may not be read")))
  if (size > bytesMax) return yield* fail(`has more than ${bytesMax >> 20} MB`)
  const packed = yield* files.readFile(file).pipe(Effect.mapError((error) => fail(error.message)))
  const unpacked = Result.try(() => (packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed, { maxOutputLength: bytesMax }) : packed))
  if (Result.isFailure(unpacked)) return yield* fail(`is not whole gzip, or has more than ${bytesMax >> 20} MB when it is unpacked`)
  const parsed = parseRounds(new TextDecoder().decode(unpacked.success))
  return typeof parsed === "string" ? yield* fail(parsed) : parsed
})

/** The rounds of a file's text, or what is wrong with it. */
export const parseRounds = (text: string): RoundFile | string => {
  const lines = text.split(/\r?\n/).filter((line) => line !== "")
  const columns = (lines[0] ?? "").split(",").map((column) => column.trim())
  const timeColumn = columns.findIndex((column) => timeColumns.includes(column))
  const priceColumn = columns.indexOf("price")
  const roundColumn = columns.indexOf("round")
  if (timeColumn < 0 || priceColumn < 0) return `needs a column ${timeColumns.join(" or ")} and one price; it has ${columns.join(", ")}`
  const rounds: Array<Round> = []
  for (const line of lines.slice(1)) {
    const cells = line.split(",").map((cell) => cell.trim())
    const updatedAt = Number(cells[timeColumn])
    const price = Number(cells[priceColumn])
    const id = roundColumn < 0 ? undefined : cells[roundColumn]
    const isRow = cells.length === columns.length && cells[timeColumn] !== "" && cells[priceColumn] !== ""
    if (isRow && Number.isFinite(updatedAt) && Number.isFinite(price) && (id === undefined || /^\d{1,30}$/.test(id)))
      rounds.push({ id, price, updatedAt })
  }
  if (rounds.length === 0) return "holds no round that can be read"
  if (rounds.some(({ updatedAt }) => updatedAt >= 1e9 && updatedAt < 1e11)) return "its times are in seconds: give Unix milliseconds"
  return { rounds, badRows: lines.length - 1 - rounds.length }
}
