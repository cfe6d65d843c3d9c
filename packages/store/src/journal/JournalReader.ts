/** Reads a journal segment: its manifest, then its frames block by block, damage passed over. */
import { ByteSize, Effect, FileSystem, Schema } from "effect"
import { type Block, decodeSegmentHead, type JournalManifest, scanBlocks } from "./JournalFormat.ts"

export interface JournalSegment {
  readonly manifest: JournalManifest
  readonly blocks: ReadonlyArray<Block>
  /** Bytes that belong to no whole block. */
  readonly damagedBytes: number
}

export class JournalUnreadable extends Schema.TaggedError<JournalUnreadable>()("JournalUnreadable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.problem}`
  }
}

/** The segments that paths name: a directory stands for all of its own, in order. */
export const segmentsIn = Effect.fn("segmentsIn")(function* (paths: ReadonlyArray<string>) {
  const files = yield* FileSystem.FileSystem
  const found = yield* Effect.forEach(paths, (path) =>
    files.readDirectory(path).pipe(
      Effect.map((names) => names.filter((name) => name.endsWith(".journal")).map((name) => `${path}/${name}`)),
      // Not a directory, or not there: reading it says what is wrong.
      Effect.orElseSucceed(() => [path])
    )
  )
  return found.flatMap((segments) => segments.sort())
})

/** A segment that nobody writes any more. */
export interface ClosedSegment {
  readonly file: string
  /** `000001.journal` */
  readonly name: string
  readonly bytes: number
}

/** All segments of a journal but the newest, to which a running engine may be writing; oldest first. */
export const closedSegmentsIn = Effect.fn("closedSegmentsIn")(function* (directory: string) {
  const files = yield* FileSystem.FileSystem
  const names = (yield* files.readDirectory(directory).pipe(Effect.orElseSucceed(() => [])))
    .filter((name) => /^\d{6}\.journal$/.test(name))
    .sort()
  const found = yield* Effect.forEach(names.slice(0, -1), (name) =>
    files.stat(`${directory}/${name}`).pipe(
      Effect.map(({ size }): ReadonlyArray<ClosedSegment> => [
        { file: `${directory}/${name}`, name, bytes: Number(ByteSize.toBigInt(size)) }
      ]),
      // Retention may have removed it by now.
      Effect.orElseSucceed(() => [])
    )
  )
  return found.flat()
})

/** A segment from its bytes. */
export const decodeJournal = (file: string, bytes: Uint8Array): Effect.Effect<JournalSegment, JournalUnreadable> =>
  Effect.suspend(() => {
    const head = decodeSegmentHead(bytes)
    return head === undefined
      ? Effect.fail(new JournalUnreadable({ file, problem: "is not a market journal segment" }))
      : Effect.succeed({ manifest: head.manifest, ...scanBlocks(bytes, head.end) })
  })

export const readJournalBytes = Effect.fn("readJournalBytes")(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  return yield* files.readFile(file).pipe(Effect.mapError((error) => new JournalUnreadable({ file, problem: error.message })))
})

export const readJournal = (file: string) => Effect.flatMap(readJournalBytes(file), (bytes) => decodeJournal(file, bytes))
