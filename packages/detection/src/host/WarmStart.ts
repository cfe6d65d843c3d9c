/**
 * Hands the frames of a journal's tail to a hot path that has taken up a checkpoint, before anything new comes in.
 *
 * They keep their times of receipt, so bars close as they did. Level changes that they bring about and that were recorded before are known to the
 * log by their keys, and are not recorded again.
 */
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { levelsPayload, type StandingLevel } from "@evenkeel/domain/risk/RiskLevel"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import type { Frames } from "@evenkeel/runtime/ring/Frames"
import type { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { Effect } from "effect"

/** The ring is full: the hot path is given this long to read on. */
const fullWait = "1 millis"

/** How long at most: one that reads nothing for so long hangs, and is replaced by who watches it. */
const fullWaitsMax = 10_000

/** Writes the levels that the log has, behind whatever is replayed: the hot path goes on from them without another change. */
export const writeLevels = Effect.fnUntraced(function* (frames: Frames["Service"], levels: ReadonlyArray<StandingLevel>) {
  const payload = levelsPayload(levels)
  const to = yield* claimWhenFree(frames, payload.length)
  if (to < 0) return
  frames.bytes[to + frameOffsets.source] = FrameSource.levels
  frames.bytes[to + frameOffsets.sampled] = 0
  frames.bytes.set(payload, to + frameOffsets.payload)
  frames.commit()
  frames.publish()
})

const claimWhenFree = Effect.fnUntraced(function* (frames: Frames["Service"], payload: number) {
  for (let waits = 0; ; waits++) {
    const to = frames.claim(payload)
    if (to >= 0 || waits === fullWaitsMax) return to
    yield* Effect.sleep(fullWait)
  }
})

/**
 * Writes every frame record of `block` that was received before `until` (Unix ms); how many that were. It ends at a record that cannot be: its
 * length is not its payload's, or no ring could hold it.
 */
export const writeFrames = Effect.fnUntraced(function* (frames: Frames["Service"], clock: Nanoclock, block: Uint8Array, until: number) {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  let written = 0
  for (let at = 0; at + frameOffsets.payload <= block.length;) {
    const length = view.getInt32(at, true)
    if (length <= 0) break
    const payload = view.getInt32(at + frameOffsets.payloadBytes, true)
    const fits = payload >= 0 && payload <= frames.payloadMax && frameOffsets.payload + payload <= length && at + length <= block.length
    if (!fits) break
    if (!(view.getFloat64(at + frameOffsets.received, true) < until)) {
      at += length
      continue
    }
    const to = yield* claimWhenFree(frames, payload)
    if (to < 0) break
    // Everything behind the record's length, which `claim` has written.
    frames.bytes.set(block.subarray(at + frameOffsets.source, at + frameOffsets.payload + payload), to + frameOffsets.source)
    frames.float64[(to + frameOffsets.published) >> 3] = clock.now()
    frames.bytes[to + frameOffsets.sampled] = 0
    frames.commit()
    frames.publish()
    written++
    at += length
  }
  return written
})
