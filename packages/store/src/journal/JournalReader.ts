/** Reads a journal segment: its manifest, then its frames block by block, damage passed over. */
import { Effect, FileSystem, Schema } from "effect"
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

export const readJournal = Effect.fn("readJournal")(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const bytes = yield* files.readFile(file).pipe(Effect.mapError((error) => new JournalUnreadable({ file, problem: error.message })))
  const head = decodeSegmentHead(bytes)
  if (head === undefined) return yield* new JournalUnreadable({ file, problem: "is not a market journal segment" })
  return { manifest: head.manifest, ...scanBlocks(bytes, head.end) } satisfies JournalSegment
})
