/**
 * Keeps room on the disk for the last words: the facts and notifications of an alert must be writable when everything else has filled it.
 *
 * The journal takes nothing of the last `diskFreeMin` bytes, and old segments of it go when somebody else has taken them. Where that is not
 * enough, a file that was written for this is removed: what it held is the database's. It is written anew once there is room.
 */
import { Effect, FileSystem, type PlatformError, Schema } from "effect"
import { randomFillSync } from "node:crypto"
import { statfs, type StatsFs } from "node:fs"
import { type JournalNotTrimmed, trimJournal } from "./JournalRetention.ts"

/** While less is free the journal writes nothing. Alerts take about 10 KB each with their facts, and the database's own log grows by 16 MB at a time. */
export const diskFreeMin = 64 * 2 ** 20
/** Of the file that is removed when the disk is full. */
export const reserveBytes = 48 * 2 ** 20
/** While less is free the reserve is given up. */
const reserveFreeMin = 24 * 2 ** 20

/** How much room is left cannot be found out, or the reserve cannot be written or removed. */
export class DiskUnknown extends Schema.TaggedError<DiskUnknown>()("DiskUnknown", { directory: Schema.String, problem: Schema.String }) {
  override get message() {
    return `room on the disk of ${this.directory} cannot be kept: ${this.problem}`
  }
}

const diskOf = (directory: string): Effect.Effect<StatsFs, DiskUnknown> =>
  Effect.callback((resume) =>
    statfs(directory, (error, disk) =>
      resume(error === null ? Effect.succeed(disk) : Effect.fail(new DiskUnknown({ directory, problem: error.message })))
    )
  )

/** Bytes that are free for this user on the disk of `directory`. */
export const freeBytes = (directory: string): Effect.Effect<number, DiskUnknown> =>
  Effect.map(diskOf(directory), ({ bavail, bsize }) => bavail * bsize)

/** What of the whole disk that is, 0 to 1. */
export const freeRatio = (directory: string): Effect.Effect<number, DiskUnknown> =>
  Effect.map(diskOf(directory), ({ bavail, blocks }) => (blocks > 0 ? bavail / blocks : 0))

export interface DiskLook {
  readonly freeBytes: number
  /** Segments of the journal that made room. */
  readonly removedSegments: number
  /** What is wrong, in words; empty when there is room. */
  readonly problem: string
}

/** Makes room where there is too little. `directory` holds the database, the journal and the reserve. */
export const keepDiskSpace = Effect.fn("keepDiskSpace")(function* (
  directory: string
): Effect.fn.Return<DiskLook, DiskUnknown | JournalNotTrimmed, FileSystem.FileSystem> {
  const files = yield* FileSystem.FileSystem
  const failed = (error: PlatformError.PlatformError) => new DiskUnknown({ directory, problem: error.message })
  const reserve = `${directory}/reserve`
  yield* files.makeDirectory(directory, { recursive: true }).pipe(Effect.mapError(failed))
  const found = yield* freeBytes(directory)
  // A kill may have left a part of it.
  const kept = yield* files.stat(reserve).pipe(
    Effect.map(({ size }) => Number(size) === reserveBytes),
    Effect.orElseSucceed(() => false)
  )
  let removedSegments = 0
  let free = found
  if (found < diskFreeMin) {
    const unbounded = { directory: `${directory}/journal`, ageMaxMillis: Number.POSITIVE_INFINITY }
    const { keptBytes } = yield* trimJournal({ ...unbounded, bytesMax: Number.POSITIVE_INFINITY })
    removedSegments = (yield* trimJournal({ ...unbounded, bytesMax: keptBytes - (diskFreeMin - found) })).removedSegments
    free = yield* freeBytes(directory)
  }
  const megabytes = `${Math.round(free / 2 ** 20)} MiB are free`
  if (free < reserveFreeMin) {
    yield* files.remove(reserve, { force: true }).pipe(Effect.mapError(failed))
    return { freeBytes: free, removedSegments, problem: `the disk is full (${megabytes}): the reserve is used` }
  }
  if (free < diskFreeMin)
    return { freeBytes: free, removedSegments, problem: `the disk is nearly full (${megabytes}): the journal is not written` }
  if (kept) return { freeBytes: free, removedSegments, problem: "" }
  if (free < diskFreeMin + reserveBytes)
    return { freeBytes: free, removedSegments, problem: `the disk is nearly full (${megabytes}): there is no room for the reserve` }
  // Bytes that no file system can make smaller.
  yield* files.writeFile(reserve, randomFillSync(new Uint8Array(reserveBytes))).pipe(
    Effect.tapError(() => Effect.ignore(files.remove(reserve))),
    Effect.mapError(failed)
  )
  return { freeBytes: free - reserveBytes, removedSegments, problem: "" }
})
