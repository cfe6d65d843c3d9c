import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { allocateFrameRing, FrameConsumer, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Effect, Layer } from "effect"
import { FrameSink } from "./FrameSink.ts"

const buffer = () => allocateFrameRing(4096)
const layer = (ring: SharedArrayBuffer) =>
  FrameSink.layerRing({ buffer: ring, venues: 2, clock: () => 7, nanoclock: new Nanoclock(process.hrtime.bigint()), sampleEvery: 0 }).pipe(
    Layer.provide(MarketJournal.layerNoop)
  )

/** Sources of the frames in the ring, with venue and connection. */
const drain = (consumer: FrameConsumer) => {
  const seen: Array<string> = []
  for (let at = consumer.peek(); at >= 0; at = consumer.peek()) {
    seen.push(
      `${consumer.bytes[at + frameOffsets.source]} ${consumer.bytes[at + frameOffsets.venue]} ${consumer.uint16[(at + frameOffsets.connection) >> 1]}`
    )
    consumer.advance(at)
  }
  consumer.release()
  return seen
}

describe("FrameSink", () => {
  it.effect("drops and counts what finds no room, and says so to the hot path as soon as there is some", () => {
    const ring = buffer()
    const consumer = new FrameConsumer(ring)
    return Effect.gen(function* () {
      const sink = yield* FrameSink
      const payload = new Uint8Array(500)
      let taken = 0
      while (sink.offer(FrameSource.socket, 1, 3, -1, payload)) taken++
      assert.isAtLeast(taken, 6)
      assert.isFalse(sink.offer(FrameSource.socket, 1, 3, -1, payload))
      assert.deepInclude(sink.counts[1], { frames: taken + 2, dropped: 2 })
      // Small as it is, the word of the loss may have found room already; it is owed again for the second.
      assert.strictEqual(drain(consumer).filter((frame) => frame.startsWith(`${FrameSource.socket} `)).length, taken)
      assert.isTrue(sink.offer(FrameSource.socket, 1, 3, -1, payload))
      assert.deepStrictEqual(drain(consumer), [`${FrameSource.lost} 1 3`, `${FrameSource.socket} 1 3`])
    }).pipe(Effect.provide(layer(ring)))
  })

  it.effect("refuses a frame that is larger than the ring takes, and counts it", () => {
    const ring = buffer()
    const consumer = new FrameConsumer(ring)
    return Effect.gen(function* () {
      const sink = yield* FrameSink
      assert.isFalse(sink.offer(FrameSource.socket, 0, 0, -1, new Uint8Array(3000)))
      assert.strictEqual(sink.counts[0]!.dropped, 1)
      assert.isTrue(sink.tick())
      assert.deepStrictEqual(drain(consumer), [`${FrameSource.lost} 0 0`, `${FrameSource.clock} 0 0`])
    }).pipe(Effect.provide(layer(ring)))
  })
})
