/** Frames of a journal that cannot be, or are yet to come, hold up no start. */
import { assert, describe, it } from "@effect/vitest"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { Effect } from "effect"
import { viewOf } from "./LocalHotPath.ts"
import { writeFrames } from "./WarmStart.ts"

const payloadMax = 1000

/** A ring that takes one frame after the other, and their times. */
const makeFrames = () => {
  const view = viewOf(new ArrayBuffer(4096))
  const taken: Array<number> = []
  return {
    taken,
    frames: {
      ...view,
      payloadMax,
      claim: (payload: number) => (payload <= payloadMax ? 0 : -1),
      commit: () => taken.push(view.float64[frameOffsets.received >> 3]!),
      publish: () => {},
      fill: () => 0
    }
  }
}

const record = (received: number, payload: number, bytes = (frameOffsets.payload + payload + 7) & ~7): Uint8Array => {
  const frame = new Uint8Array(Math.max(frameOffsets.payload, bytes))
  const view = new DataView(frame.buffer)
  view.setInt32(0, bytes, true)
  view.setInt32(frameOffsets.payloadBytes, payload, true)
  view.setFloat64(frameOffsets.received, received, true)
  return frame
}

const written = (...records: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const { frames, taken } = makeFrames()
    yield* writeFrames(frames, new Nanoclock(process.hrtime.bigint()), Buffer.concat(records), 100)
    return taken
  })

describe("writeFrames", () => {
  it.effect("writes what was received before now, in order", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* written(record(1, 8), record(500, 8), record(2, 0), record(Number.NaN, 8), record(3, 16)), [1, 2, 3])
    })
  )

  it.effect("ends at a record that no ring could hold, or whose lengths contradict each other", () =>
    Effect.gen(function* () {
      for (const bad of [record(2, payloadMax + 1), record(2, -1, 72), record(2, 900, 80), record(2, 8, 0)])
        assert.deepStrictEqual(yield* written(record(1, 8), bad, record(3, 8)), [1])
    })
  )
})
