/**
 * Where frames are written for the hot path: the shared-memory ring to its thread, or the hot path of the writer's own thread.
 *
 * A writer claims a record, fills in what `frameOffsets` names, commits and publishes; see `FrameProducer`.
 */
import { Context } from "effect"

export class Frames extends Context.Service<
  Frames,
  {
    // The memory may be another one after each `claim`: read these anew.
    readonly bytes: Uint8Array
    readonly int32: Int32Array
    readonly float64: Float64Array
    readonly uint16: Uint16Array
    /** The largest payload that is taken. */
    readonly payloadMax: number
    /** Byte offset of a record with room for `payload` bytes, its two lengths already written, or -1 when there is no room now. */
    readonly claim: (payload: number) => number
    readonly commit: () => void
    readonly publish: () => void
    /** Share of the room that is in use, 0 to 1. */
    readonly fill: () => number
  }
>()("@evenkeel/runtime/ring/Frames") {}
