/**
 * The frames at the end of a journal, for an engine that takes up a checkpoint: what came after it was taken.
 *
 * Only the run of the engine that ended last is looked at: frames of another set of instruments would be taken for prices of the wrong pair. A tail
 * above `tailBytesMax` is left out as a whole, because a part of it would be a hole.
 */
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Effect, FileSystem, Result } from "effect"
import { type Block, decodeSegmentHead, framesOf, type JournalManifest, scanBlocks } from "./JournalFormat.ts"

/** Uncompressed: minutes of ten busy venues. */
const tailBytesMax = 256 << 20

export interface JournalTail {
  readonly manifest: JournalManifest
  /** Frame records one behind the other, as in the frames ring; see `frameOffsets`. */
  readonly blocks: ReadonlyArray<Uint8Array>
}

/** Frames in `directory` received after `after`, Unix ms; undefined where there is no journal, or too much of it. */
export const readJournalTail = Effect.fn("readJournalTail")(function* (directory: string, after: number) {
  const files = yield* FileSystem.FileSystem
  const names = (yield* files.readDirectory(directory).pipe(Effect.orElseSucceed(() => [])))
    .filter((name) => /^\d{6}\.journal$/.test(name))
    .sort()
    .reverse()
  let manifest: JournalManifest | undefined
  const found: Array<Block> = []
  for (const name of names) {
    const bytes = yield* files.readFile(`${directory}/${name}`)
    const head = decodeSegmentHead(bytes)
    // A segment of an earlier run, or one that is damaged from its first byte, ends the tail.
    if (head === undefined || (manifest !== undefined && head.manifest.startedAt !== manifest.startedAt)) break
    manifest = head.manifest
    const { blocks } = scanBlocks(bytes, head.end)
    found.unshift(...blocks.filter(({ lastReceived }) => lastReceived > after))
    if (blocks.some(({ firstReceived }) => firstReceived <= after)) break
  }
  if (manifest === undefined || found.reduce((sum, { rawBytes }) => sum + rawBytes, 0) > tailBytesMax) return undefined
  const blocks: Array<Uint8Array> = []
  for (const block of found) {
    const frames = Result.try(() => framesOf(block))
    // What came after a hole would be played as if nothing were missing.
    if (Result.isFailure(frames)) break
    blocks.push(framesAfter(frames.success, after))
  }
  return { manifest, blocks } satisfies JournalTail
})

/** The part of a block's frames that was received later. */
const framesAfter = (frames: Uint8Array, after: number): Uint8Array => {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength)
  for (let at = 0; at + frameOffsets.payload <= frames.length; at += view.getInt32(at, true)) {
    if (view.getInt32(at, true) <= 0) break
    if (view.getFloat64(at + frameOffsets.received, true) > after) return frames.subarray(at)
  }
  return frames.subarray(frames.length)
}
