/**
 * A file of log lines that is followed by another when it has reached its size: `evenkeel.log`, then `evenkeel.log.1` and so on, the highest number
 * oldest. It can be begun anew, for those who move it away themselves (logrotate).
 *
 * Written here and not taken from a library: the known ones (pino-roll, rotating-file-stream) own the stream and its memory, and could neither be bounded by level nor
 * written out at once by a process that crashes.
 */
import { Effect, Schema } from "effect"
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, existsSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { type LogTarget, LogWriteFailed, writeAll, writeAllSync } from "./LogTarget.ts"

export class LogFileUnusable extends Schema.TaggedError<LogFileUnusable>()("LogFileUnusable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} cannot be written as a log: ${this.problem}`
  }
}

export interface LogFileOptions {
  readonly file: string
  /** A file that would grow beyond it is followed by another. */
  readonly bytesMax: number
  /** Files that are kept, the one that is written included. */
  readonly files: number
}

/** Those who run the engine read its logs, and nobody else. */
const mode = 0o640

export const makeLogFile = Effect.fnUntraced(function* ({ bytesMax, file, files }: LogFileOptions) {
  let size = 0
  let reopen = false

  const open = Effect.try({
    try: () => {
      mkdirSync(dirname(file), { recursive: true })
      const descriptor = openSync(file, "a", mode)
      size = fstatSync(descriptor).size
      return descriptor
    },
    catch: (error) => new LogWriteFailed({ problem: String(error instanceof Error ? error.message : error) })
  })
  let descriptor = yield* open.pipe(Effect.mapError(({ problem }) => new LogFileUnusable({ file, problem })))
  yield* Effect.addFinalizer(() => Effect.sync(() => closeSync(descriptor)))

  /** The next one is opened before this one is closed, so that there always is one. */
  const beginAnew = Effect.map(open, (next) => {
    closeSync(descriptor)
    descriptor = next
  })
  const named = (number: number) => (number === 0 ? file : `${file}.${number}`)
  const rotate = Effect.try({
    try: () => {
      rmSync(named(files - 1), { force: true })
      for (let number = files - 2; number >= 0; number--) if (existsSync(named(number))) renameSync(named(number), named(number + 1))
    },
    catch: (error) => new LogWriteFailed({ problem: String(error instanceof Error ? error.message : error) })
  }).pipe(Effect.andThen(beginAnew))

  return {
    write: (text) =>
      Effect.suspend(() => {
        const bytes = Buffer.from(text)
        const before = reopen ? beginAnew : size > 0 && size + bytes.length > bytesMax ? rotate : Effect.void
        reopen = false
        return before.pipe(
          Effect.andThen(Effect.suspend(() => writeAll(descriptor, bytes))),
          Effect.andThen(Effect.sync(() => void (size += bytes.length)))
        )
      }),
    writeSync: (text) => writeAllSync(descriptor, Buffer.from(text)),
    reopen: () => {
      reopen = true
    }
  } satisfies LogTarget
})
