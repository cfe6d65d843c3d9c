/**
 * Keeps the market journal within its bounds: the oldest whole segments go first.
 *
 * The newest segment always stays, because it may be the one that is being written.
 */
import { ByteSize, Clock, Effect, FileSystem, Option, type PlatformError, Schema } from "effect"

export interface JournalLimits {
  readonly directory: string
  readonly bytesMax: number
  readonly ageMaxMillis: number
}

export interface JournalTrim {
  readonly removedSegments: number
  readonly removedBytes: number
  readonly keptBytes: number
}

/** A file of the journal cannot be looked at or removed. */
export class JournalNotTrimmed extends Schema.TaggedError<JournalNotTrimmed>()("JournalNotTrimmed", {
  directory: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `old segments of the journal in ${this.directory} cannot be removed: ${this.problem}`
  }
}

interface Segment {
  readonly name: string
  readonly bytes: number
  /** Unix ms of the last write. */
  readonly writtenAt: number
}

/** Which segments go; `segments` are oldest first. */
export const segmentsToRemove = (
  segments: ReadonlyArray<Segment>,
  { ageMaxMillis, bytesMax }: Pick<JournalLimits, "ageMaxMillis" | "bytesMax">,
  now: number
): ReadonlyArray<Segment> => {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  const removed: Array<Segment> = []
  for (const segment of segments.slice(0, -1)) {
    if (bytes <= bytesMax && now - segment.writtenAt <= ageMaxMillis) break
    removed.push(segment)
    bytes -= segment.bytes
  }
  return removed
}

const segmentsIn = Effect.fnUntraced(function* (directory: string) {
  const files = yield* FileSystem.FileSystem
  const names = (yield* files.exists(directory)) ? yield* files.readDirectory(directory) : []
  const numbers = names.flatMap((name) => /^(\d{6})\.journal$/.exec(name)?.[1] ?? []).sort()
  return yield* Effect.forEach(numbers, (name) =>
    Effect.gen(function* () {
      const journal = yield* files.stat(`${directory}/${name}.journal`)
      // Written after its segment; a crash may have left none.
      const index = yield* Effect.option(files.stat(`${directory}/${name}.index`))
      const indexBytes = Option.match(index, { onNone: () => 0, onSome: ({ size }) => Number(ByteSize.toBigInt(size)) })
      const writtenAt = Option.match(journal.mtime, { onNone: () => 0, onSome: (time) => time.getTime() })
      return { name, bytes: Number(ByteSize.toBigInt(journal.size)) + indexBytes, writtenAt } satisfies Segment
    })
  )
})

/** Removes what is beyond the limits. */
export const trimJournal = Effect.fn("trimJournal")(
  function* (limits: JournalLimits) {
    const files = yield* FileSystem.FileSystem
    const segments = yield* segmentsIn(limits.directory)
    const removed = segmentsToRemove(segments, limits, yield* Clock.currentTimeMillis)
    for (const { name } of removed) {
      // The index first: a segment without one is still whole, and is removed by the next look after a crash.
      yield* files.remove(`${limits.directory}/${name}.index`, { force: true })
      yield* files.remove(`${limits.directory}/${name}.journal`)
    }
    const removedBytes = removed.reduce((sum, { bytes }) => sum + bytes, 0)
    const keptBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0) - removedBytes
    return { removedSegments: removed.length, removedBytes, keptBytes } satisfies JournalTrim
  },
  (effect, { directory }) =>
    Effect.mapError(effect, (error: PlatformError.PlatformError) => new JournalNotTrimmed({ directory, problem: error.message }))
)
