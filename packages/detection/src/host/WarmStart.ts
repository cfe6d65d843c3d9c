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

/** Writes the levels that the log has, behind whatever is replayed: the hot path goes on from them without another change. */
export const writeLevels = Effect.fnUntraced(function* (frames: Frames["Service"], levels: ReadonlyArray<StandingLevel>) {
  if (levels.length === 0) return
  const payload = levelsPayload(levels)
  const to = yield* claimWhenFree(frames, payload.length)
  frames.bytes[to + frameOffsets.source] = FrameSource.levels
  frames.bytes[to + frameOffsets.sampled] = 0
  frames.bytes.set(payload, to + frameOffsets.payload)
  frames.commit()
  frames.publish()
})

const claimWhenFree = Effect.fnUntraced(function* (frames: Frames["Service"], payload: number) {
  for (;;) {
    const to = frames.claim(payload)
    if (to >= 0) return to
    yield* Effect.sleep(fullWait)
  }
})

/** Writes every frame record of `block`; how many there were. */
export const writeFrames = Effect.fnUntraced(function* (frames: Frames["Service"], clock: Nanoclock, block: Uint8Array) {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  let written = 0
  for (let at = 0; at + frameOffsets.payload <= block.length;) {
    const length = view.getInt32(at, true)
    if (length <= 0) break
    const payload = view.getInt32(at + frameOffsets.payloadBytes, true)
    const to = yield* claimWhenFree(frames, payload)
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
