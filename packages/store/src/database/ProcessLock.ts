/**
 * A lock on a directory that one process holds at a time, until it ends in whatever way.
 *
 * It is the operating system's own lock on a file, taken through SQLite, which Node brings along: a file that merely names a process is wrong
 * once the number is used again, in a container with numbers of its own, and when two start in the same instant.
 */
import { Effect, FileSystem, Result, Schema, type Scope } from "effect"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** Another process has the directory open. */
export class DatabaseLocked extends Schema.TaggedError<DatabaseLocked>()("DatabaseLocked", {
  directory: Schema.String,
  /** As that process wrote it down; in a container it may be a number of the container's own. Null when it cannot be read. */
  processId: Schema.NullOr(Schema.Int)
}) {
  override get message() {
    const who = this.processId === null ? "another process" : `process ${this.processId}`
    return `${this.directory} is in use by ${who}; stop it, or choose another directory`
  }
}

/** The lock's file cannot be made. */
export class LockUnusable extends Schema.TaggedError<LockUnusable>()("LockUnusable", { problem: Schema.String }) {
  override get message() {
    return this.problem
  }
}

/** SQLite's codes: somebody else has the lock; the file is of another kind. */
const busy = 5
const notADatabase = 26

/** Holds `<directory>.lock` until the scope closes. Its file stays: removing it would let two processes lock two files of one name. */
export const lockDirectory = Effect.fnUntraced(function* (
  directory: string
): Effect.fn.Return<void, DatabaseLocked | LockUnusable, FileSystem.FileSystem | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  const path = `${directory}.lock`
  const holder = `${directory}.pid`
  const unusable = (error: { readonly message: string }) => new LockUnusable({ problem: `${path}: ${error.message}` })
  yield* files.makeDirectory(dirname(directory), { recursive: true }).pipe(Effect.mapError(unusable))
  let taken = take(path)
  // What versions before this one left behind: a text file that names a process.
  if (Result.isFailure(taken) && taken.failure.code === notADatabase) {
    yield* files.remove(path).pipe(Effect.mapError(unusable))
    taken = take(path)
  }
  if (Result.isFailure(taken)) {
    if (taken.failure.code !== busy) return yield* unusable(taken.failure)
    const processId = Number.parseInt(yield* files.readFileString(holder).pipe(Effect.orElseSucceed(() => "")))
    return yield* new DatabaseLocked({ directory, processId: Number.isNaN(processId) ? null : processId })
  }
  const held = taken.success
  yield* Effect.addFinalizer(() => Effect.sync(() => held.close()))
  yield* files.writeFileString(holder, String(process.pid)).pipe(Effect.mapError(unusable))
})

const take = (path: string) => {
  const opened = Result.try({ try: () => new DatabaseSync(path, { timeout: 0 }), catch: problemOf })
  return Result.flatMap(opened, (database) =>
    Result.try({
      try: () => {
        database.exec("pragma locking_mode = exclusive; begin exclusive")
        return database
      },
      catch: (error) => {
        database.close()
        return problemOf(error)
      }
    })
  )
}

const problemOf = (error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
  code: error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0
})
