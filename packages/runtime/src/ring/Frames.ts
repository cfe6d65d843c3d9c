/**
 * Where frames are written for the hot path: a shared-memory ring to its thread, or the hot path of the same thread.
 *
 * Claim room for a payload, write the fields of `frameOffsets` and the payload at the offset, then commit and publish.
 */
import { Context } from "effect"

export class Frames extends Context.Service<
  Frames,
  {
    /** Views of the memory. Read them after each `claim`, which may replace the memory. */
    readonly bytes: Uint8Array
    readonly int32: Int32Array
    readonly float64: Float64Array
    readonly uint16: Uint16Array
    /** The largest payload that is taken. */
    readonly payloadMax: number
    /** Byte offset of a record with room for the payload, its lengths already written; -1 when there is no room now. */
    readonly claim: (payloadBytes: number) => number
    readonly commit: () => void
    readonly publish: () => void
    /** Share of the memory in use, 0 to 1. */
    readonly fill: () => number
  }
>()("@evenkeel/runtime/ring/Frames") {}
