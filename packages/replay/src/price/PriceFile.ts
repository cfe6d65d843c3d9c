/**
 * Reads price files: CSV, plain or gzip, named `venue-BASE-QUOTE-…`, one bar, quote or oracle round a row.
 *
 * Bars come with the time at which they opened and are news when they close. A row that cannot be read is left out and counted;
 * rows out of order are put in order.
 */
import { ByteScanner } from "@evenkeel/connectors/wire/ByteScanner"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import { Effect, FileSystem, Result, Schema } from "effect"
import { createHash } from "node:crypto"
import { basename } from "node:path"
import { gunzipSync } from "node:zlib"

export interface PriceFile {
  readonly file: string
  readonly instrument: Instrument
  /** Length of a bar; 0 for rounds (of an oracle, or readings of a pool), which have none. */
  readonly stepMillis: number
  /** Rows come at one distance. Rounds of an oracle do not. */
  readonly regular: boolean
  /** Of the file as it lies on disk, hexadecimal. */
  readonly sha256: string
  readonly rows: number
  readonly badRows: number
  /** When each row became known, Unix ms, ascending. */
  readonly times: Float64Array
  readonly prices: Float64Array
  /** Base units; NaN where the file has none. */
  readonly volumes: Float64Array
  readonly buyVolumes: Float64Array
}

export class PriceFileUnreadable extends Schema.TaggedError<PriceFileUnreadable>()("PriceFileUnreadable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.problem}`
  }
}

/** Seconds after 1970, from 2001 on; as milliseconds they would be in 1970 to 1973. */
const seconds = { from: 1e9, to: 1e11 }
const timeColumns = ["timestamp_ms", "ts"]
const priceColumns = ["close", "mid", "price"]

/** `chainlink-arbitrum-USDC-USD-….csv.gz` is USDC/USD on chainlink-arbitrum; undefined when a name holds no pair. */
export const instrumentOfName = (file: string): Instrument | undefined => {
  const [, venue, base, quote] = /^([a-z0-9-]+?)-([A-Z0-9]{1,12})-([A-Z0-9]{1,12})(?:[-.]|$)/.exec(basename(file)) ?? []
  return venue === undefined || base === undefined || quote === undefined ? undefined : { venue, symbol: `${base}-${quote}`, base, quote }
}

export const readPriceFile = Effect.fn("readPriceFile")(function* (file: string) {
  const fail = (problem: string) => new PriceFileUnreadable({ file, problem })
  const instrument = instrumentOfName(file)
  if (instrument === undefined) return yield* fail("is not named venue-BASE-QUOTE-…")
  const files = yield* FileSystem.FileSystem
  const packed = yield* files.readFile(file).pipe(Effect.mapError((error) => fail(error.message)))
  const unpacked = Result.try(() => (packed[0] === 0x1f && packed[1] === 0x8b ? new Uint8Array(gunzipSync(packed)) : packed))
  if (Result.isFailure(unpacked)) return yield* fail("is not whole gzip")
  const bytes = unpacked.success
  const headerEnd = lineEnd(bytes, 0)
  const columns = new TextDecoder().decode(bytes.subarray(0, headerEnd)).trim().split(",")
  const columnOf = (names: ReadonlyArray<string>) => columns.findIndex((column) => names.includes(column))
  const timeColumn = columnOf(timeColumns)
  const priceColumn = columnOf(priceColumns)
  if (timeColumn < 0 || priceColumn < 0) {
    return yield* fail(`needs a column ${timeColumns.join(" or ")} and one of ${priceColumns.join(", ")}; it has ${columns.join(", ")}`)
  }
  const volumeColumn = columnOf(["volume"])
  const buyColumn = columnOf(["buy_volume"])
  const rows = parseRows(bytes, headerEnd + 1, columns.length, [timeColumn, priceColumn, volumeColumn, buyColumn])
  const ordered = inOrder(rows)
  const [first = Number.NaN] = ordered.times
  if (first >= seconds.from && first < seconds.to) return yield* fail("its times are in seconds: give Unix milliseconds")
  // A column `price` holds rounds: what was true when it was read, however regularly that was.
  const distance = regularStep(ordered.times)
  const stepMillis = columns[priceColumn] === "price" ? 0 : distance
  return {
    file,
    instrument,
    stepMillis,
    regular: distance > 0,
    sha256: createHash("sha256").update(packed).digest("hex"),
    rows: ordered.times.length,
    badRows: rows.bad,
    ...ordered,
    times: ordered.times.map((time) => time + stepMillis)
  } satisfies PriceFile
})

interface Rows {
  readonly times: Float64Array
  readonly prices: Float64Array
  readonly volumes: Float64Array
  readonly buyVolumes: Float64Array
}

const newline = 0x0a
const carriageReturn = 0x0d
const comma = 0x2c
/** The time's place among the columns that are read. */
const timeSlot = 0
/** `ByteScanner.integer` gives an integer's digits in two parts, of which the lower one has nine. */
const integerHalf = 1e9

const lineEnd = (bytes: Uint8Array, from: number): number => {
  const at = bytes.indexOf(newline, from)
  return at < 0 ? bytes.length : at
}

/** Reads four columns of every line; a line with a time or price that is no number, or no price at all, is bad. */
const parseRows = (bytes: Uint8Array, from: number, width: number, wanted: ReadonlyArray<number>): Rows & { readonly bad: number } => {
  let lines = 0
  for (let at = from; at < bytes.length; at++) if (bytes[at] === newline) lines++
  const table = wanted.map(() => new Float64Array(lines + 1).fill(Number.NaN))
  const slotOf = Array.from({ length: width }, (_, column) => wanted.indexOf(column))
  const scanner = new ByteScanner()
  let row = 0
  let bad = 0
  for (let start = from; start < bytes.length;) {
    const end = lineEnd(bytes, start)
    let at = start
    let column = 0
    let good = end > start
    for (; column < width && at <= end && good; column++) {
      const slot = slotOf[column]!
      let next = at
      while (next < end && bytes[next] !== comma) next++
      if (slot >= 0 && next > at) {
        const end = next - (bytes[next - 1] === carriageReturn ? 1 : 0)
        scanner.open(bytes, at, next)
        // Times are mostly whole milliseconds, which are quicker to read as integers.
        if (slot === timeSlot && scanner.integer() && scanner.position >= end) {
          table[slot]![row] = scanner.registers[1]! * integerHalf + scanner.registers[2]!
        } else {
          scanner.open(bytes, at, next)
          good = scanner.number() && scanner.position >= end
          if (good) table[slot]![row] = scanner.registers[0]!
        }
      }
      at = next + 1
    }
    if (end > start) {
      if (good && column === width && table[timeSlot]![row]! > 0 && table[1]![row]! > 0) row++
      else {
        bad++
        for (const values of table) values[row] = Number.NaN
      }
    }
    start = end + 1
  }
  const [times, prices, volumes, buyVolumes] = table.map((values) => values.subarray(0, row))
  return { times: times!, prices: prices!, volumes: volumes!, buyVolumes: buyVolumes!, bad }
}

const inOrder = (rows: Rows): Rows => {
  const { times } = rows
  let ascending = true
  for (let row = 1; row < times.length && ascending; row++) ascending = times[row]! >= times[row - 1]!
  const pick = ascending ? undefined : Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b)
  const ordered = (values: Float64Array) => (pick === undefined ? values : Float64Array.from(pick, (row) => values[row]!))
  return { times: ordered(times), prices: ordered(rows.prices), volumes: ordered(rows.volumes), buyVolumes: ordered(rows.buyVolumes) }
}

/** The commonest distance between rows when more than half of all have it, else 0. */
const regularStep = (times: Float64Array): number => {
  const counts = new Map<number, number>()
  // Most rows come at the distance of the row before: whole runs are counted at once.
  for (let from = 1; from < times.length;) {
    const gap = times[from]! - times[from - 1]!
    let to = from + 1
    while (to < times.length && times[to]! - times[to - 1]! === gap) to++
    counts.set(gap, (counts.get(gap) ?? 0) + to - from)
    from = to
  }
  const [gap, count] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])
  return count > 0.5 * (times.length - 1) ? gap : 0
}
