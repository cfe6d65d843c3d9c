/** `evenkeel journal`: are recordings whole, what is in them, and as Parquet for other tools. */
import type { DuckDBDecimalValue, DuckDBTimestampMillisecondsValue } from "@duckdb/node-api"
import { plainDecimal } from "@evenkeel/domain/decimal/PlainDecimal"
import { FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind } from "@evenkeel/domain/market/MarketRecord"
import { readJournal, segmentsIn } from "@evenkeel/store/journal/JournalReader"
import { Console, DateTime, Effect, FileSystem, Result, Schema } from "effect"
import { framesIn, JournalDecoding } from "@evenkeel/replay/journal/JournalDecoding"

export class ExportFailed extends Schema.TaggedError<ExportFailed>()("ExportFailed", { file: Schema.String, problem: Schema.String }) {
  override get message() {
    return `${this.file} cannot be written: ${this.problem}`
  }
}

/** Walks every block of every file; true when all are whole. */
export const runJournalVerify = Effect.fn("runJournalVerify")(function* (files: ReadonlyArray<string>) {
  let whole = true
  for (const file of yield* segmentsIn(files)) {
    const read = yield* Effect.result(readJournal(file))
    if (Result.isFailure(read)) {
      whole = false
      yield* Console.log(`FAIL  ${read.failure.message}`)
      continue
    }
    const { blocks, damagedBytes } = read.success
    let short = 0
    let frames = 0
    for (const block of blocks) {
      const counted = Result.try(() => [...framesIn(block)].length)
      if (Result.isFailure(counted) || counted.success !== block.frames) short++
      else frames += counted.success
      yield* Effect.yieldNow
    }
    const good = damagedBytes === 0 && short === 0
    whole &&= good
    yield* Console.log(
      `${good ? "ok  " : "FAIL"}  ${file}: ${blocks.length} blocks, ${frames} frames${
        short > 0 ? `, ${short} blocks do not hold what they say` : ""
      }${damagedBytes > 0 ? `, ${damagedBytes} bytes at the end are damaged` : ""}`
    )
  }
  return whole
})

const sourceNames = Object.entries(FrameSource)
const outcomeNames = Object.entries(FrameOutcome)
const isoOf = (time: number): string => DateTime.formatIso(DateTime.makeUnsafe(Math.round(time)))

/** One JSON object a file: span, sizes, and counts by venue, source, outcome and instrument. */
export const runJournalStat = Effect.fn("runJournalStat")(function* (files: ReadonlyArray<string>) {
  for (const file of yield* segmentsIn(files)) {
    const { blocks, damagedBytes, manifest } = yield* readJournal(file)
    const counts: Record<string, Record<string, number>> = { venues: {}, sources: {}, outcomes: {}, events: {} }
    const count = (group: string, name: string) => {
      const of = counts[group]!
      of[name] = (of[name] ?? 0) + 1
    }
    const decoding = new JournalDecoding(manifest, (record, { symbol, venue }) => {
      if (record.integers[0] !== EventKind.bookLevels) count("events", `${venue}:${symbol}`)
    })
    let payloadBytes = 0
    for (const block of blocks) {
      for (const frame of framesIn(block)) {
        payloadBytes += frame.payload.length
        count("sources", sourceNames.find(([, code]) => code === frame.source)?.[0] ?? String(frame.source))
        if (frame.source === FrameSource.clock) continue
        count("venues", manifest.venues[frame.venue] ?? String(frame.venue))
        const outcome = decoding.feed(frame)
        if (frame.source === FrameSource.socket)
          count("outcomes", outcomeNames.find(([, code]) => code === outcome)?.[0] ?? String(outcome))
      }
      yield* Effect.yieldNow
    }
    const compressedBytes = blocks.reduce((sum, { compressed }) => sum + compressed.length, 0)
    const [first, last] = [blocks[0], blocks.at(-1)]
    yield* Console.log(
      JSON.stringify({
        file,
        from: first === undefined ? null : isoOf(first.firstReceived),
        to: last === undefined ? null : isoOf(last.lastReceived),
        blocks: blocks.length,
        frames: blocks.reduce((sum, block) => sum + block.frames, 0),
        payloadBytes,
        compressedBytes,
        damagedBytes,
        ...counts
      })
    )
  }
})

/** Prices and quantities as exact decimals: 18 places, as the smallest units of most tokens have. */
const scale = 18
const width = 38
const columns = `received TIMESTAMP_MS, venue_time TIMESTAMP_MS, venue VARCHAR, symbol VARCHAR, base VARCHAR, quote VARCHAR, kind VARCHAR, side VARCHAR,
  ${["price", "quantity", "bid", "bid_quantity", "ask", "ask_quantity"].map((name) => `${name} DECIMAL(${width}, ${scale})`).join(", ")}`

/** The column's digits: exact where the number has no more places; undefined for what is missing or too large for it. */
const digitsOf = (value: number | undefined): bigint | null => {
  if (value === undefined || !Number.isFinite(value) || Math.abs(value) >= 10 ** (width - scale)) return null
  const [whole = "0", fraction = ""] = plainDecimal(Math.abs(value)).split(".")
  const digits = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"))
  return value < 0 ? -digits : digits
}

/** Every trade, quote, candle, oracle round and pool state of the files, one row each, as one Parquet file. */
export const runJournalExport = Effect.fn("runJournalExport")(function* (files: ReadonlyArray<string>, out: string) {
  const failed = (error: unknown) => new ExportFailed({ file: out, problem: error instanceof Error ? error.message : String(error) })
  const attempt = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: failed })
  const filesystem = yield* FileSystem.FileSystem
  // Loaded when it is needed: it is a database of its own.
  const { DuckDBDecimalValue, DuckDBInstance, DuckDBTimestampMillisecondsValue } = yield* attempt(() => import("@duckdb/node-api"))
  const decimalOf = (value: number | undefined) => {
    const digits = digitsOf(value)
    return digits === null ? null : new DuckDBDecimalValue(digits, width, scale)
  }
  const timeOf = (time: number) => (Number.isFinite(time) ? new DuckDBTimestampMillisecondsValue(BigInt(Math.round(time))) : null)
  const instance = yield* Effect.acquireRelease(
    attempt(() => DuckDBInstance.create(":memory:")),
    (open) => Effect.sync(() => open.closeSync())
  )
  const connection = yield* attempt(() => instance.connect())
  yield* attempt(() => connection.run(`CREATE TABLE event (${columns})`))
  const appender = yield* attempt(() => connection.createAppender("event"))
  let rows = 0
  const append = (values: ReadonlyArray<string | DuckDBDecimalValue | DuckDBTimestampMillisecondsValue | null>) => {
    for (const value of values) {
      if (value === null) appender.appendNull()
      else if (typeof value === "string") appender.appendVarchar(value)
      else if (value instanceof DuckDBDecimalValue) appender.appendDecimal(value)
      else appender.appendTimestampMilliseconds(value)
    }
    appender.endRow()
    rows++
  }
  for (const file of yield* segmentsIn(files)) {
    const { blocks, manifest } = yield* readJournal(file)
    const decoding = new JournalDecoding(manifest, ({ integers, numbers }, { base, quote, symbol, venue }, received) => {
      const row = (kind: string, side: string | null, prices: ReadonlyArray<number | undefined>) =>
        append([
          timeOf(received),
          timeOf(numbers[0]!),
          venue,
          symbol,
          base,
          quote,
          kind,
          side,
          ...Array.from({ length: 6 }, (_, index) => decimalOf(prices[index]))
        ])
      switch (integers[0]) {
        case EventKind.quote:
          return row("quote", null, [undefined, undefined, numbers[1], numbers[2], numbers[3], numbers[4]])
        case EventKind.trade:
          return row("trade", integers[2] === 1 ? "buy" : integers[2] === -1 ? "sell" : null, [numbers[1], numbers[2]])
        case EventKind.candle:
          return row("candle", null, [numbers[1], numbers[2]])
        case EventKind.oracle:
          return row("oracle", null, [numbers[1]])
        case EventKind.pool:
          return row("pool", null, [numbers[1]])
        case EventKind.supply:
          return row("supply", null, [undefined, numbers[1]])
        case EventKind.bookCommit: {
          const book = decoding.book(integers[1]!)
          const best = (side: 0 | 1) => (book.count(side) === 0 ? [undefined, undefined] : [book.price(side, 0), book.quantity(side, 0)])
          return row("book", null, [undefined, undefined, ...best(0), ...best(1)])
        }
        default:
          return undefined
      }
    })
    for (const block of blocks) {
      for (const frame of framesIn(block)) decoding.feed(frame)
      yield* Effect.yieldNow
    }
  }
  appender.closeSync()
  yield* attempt(() => connection.run(`COPY event TO '${out.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`))
  const { size } = yield* Effect.mapError(filesystem.stat(out), failed)
  yield* Effect.logInfo("exported", { file: out, rows, bytes: Number(size) })
  return rows
}, Effect.scoped)
