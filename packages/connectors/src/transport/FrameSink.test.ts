import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { allocateFrameRing, FrameConsumer, frameOffsets, FrameProducer } from "@evenkeel/runtime/ring/FrameRing"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Effect, Layer } from "effect"
import { FrameSink } from "./FrameSink.ts"

const buffer = () => allocateFrameRing(4096)
const layer = (ring: SharedArrayBuffer) =>
  FrameSink.layer({ sampleEvery: 0 }).pipe(
    Layer.provide(Layer.sync(Frames, () => new FrameProducer(ring))),
    Layer.provide(Layer.succeed(MarketClock, () => 1_700_000_000_007)),
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
  it.effect("drops and counts what finds no room, and reports the loss to the hot path as soon as there is some", () => {
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
      // The small report of the first loss may have found room already; the second loss is reported again.
      assert.strictEqual(drain(consumer).filter((frame) => frame.startsWith(`${FrameSource.socket} `)).length, taken)
      assert.isTrue(sink.offer(FrameSource.socket, 1, 3, -1, payload))
      assert.deepStrictEqual(drain(consumer), [`${FrameSource.lost} 1 3`, `${FrameSource.socket} 1 3`])
    }).pipe(Effect.provide(layer(ring)))
  })

  it.effect("stamps a frame with the market's time", () => {
    const ring = buffer()
    const consumer = new FrameConsumer(ring)
    return Effect.gen(function* () {
      const sink = yield* FrameSink
      sink.offer(FrameSource.socket, 1, 3, -1, new Uint8Array(5))
      assert.strictEqual(consumer.float64[(consumer.peek() + frameOffsets.received) >> 3], 1_700_000_000_007)
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
