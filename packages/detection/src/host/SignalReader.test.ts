import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { type Instrument, listedPayload } from "@evenkeel/domain/market/Instrument"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import { spinThenSleep } from "@evenkeel/runtime/ring/RingHeader"
import { Effect, Fiber, Layer, Stream } from "effect"
import { CheckpointStore } from "./CheckpointStore.ts"
import { Detection } from "./Detection.ts"
import { LevelRecorder } from "./LevelRecorder.ts"
import { layerLocal } from "./LocalDetection.ts"
import { layerThread } from "./ThreadDetection.ts"

const startsAt = 1_700_000_000_000
const first: Instrument = { venue: "one", symbol: "USDC", base: "USDC", quote: "USD" }
const listed: Instrument = { venue: "one", symbol: "DAIUSDC", base: "DAI", quote: "USDC" }
const options = {
  coins: [coinOf("USDC")!, coinOf("DAI")!],
  instruments: [first],
  spareInstruments: 1,
  venues: [{ id: "one", decoder: undefined }],
  barMillis: 60_000,
  scoreGapMillis: 0
}
const hosts = {
  "the caller's thread": layerLocal(options).pipe(Layer.provide(LevelRecorder.layerNoop)),
  "a thread of its own": layerThread({
    ...options,
    staleAfterMillis: Number.POSITIVE_INFINITY,
    framesBytes: 1 << 16,
    wait: spinThenSleep
  }).pipe(
    Layer.provide(Layer.merge(LevelRecorder.layerNoop, CheckpointStore.layerMemory)),
    Layer.provide(Layer.merge(layerRuntime, NodeServices.layer))
  )
}

/** Writes a frame as a connector would. */
const writer = Effect.map(Frames, (frames) => (source: FrameSource, instrument: number, received: number, payload: Uint8Array) => {
  const at = frames.claim(payload.length)
  assert.isAtLeast(at, 0, "there is room")
  frames.bytes[at + frameOffsets.source] = source
  frames.bytes[at + frameOffsets.venue] = 0
  frames.bytes[at + frameOffsets.sampled] = 0
  frames.uint16[(at + frameOffsets.connection) >> 1] = 0
  frames.int32[(at + frameOffsets.instrument) >> 2] = instrument
  frames.float64[(at + frameOffsets.received) >> 3] = received
  frames.float64[(at + frameOffsets.published) >> 3] = 0
  frames.bytes.set(payload, at + frameOffsets.payload)
  frames.commit()
  frames.publish()
})
const quote = (price: number) => eventPayload(EventKind.quote, [startsAt, price, 1e6, price, 1e6])

describe("Detection.quotes", () => {
  for (const [host, layer] of Object.entries(hosts)) {
    it.live(
      `has the quotes of a pair that was listed while running, in ${host}`,
      () =>
        Effect.gen(function* () {
          const detection = yield* Detection
          const heard = yield* detection.quotes.pipe(Stream.take(2), Stream.runCollect, Effect.forkChild({ startImmediately: true }))
          const write = yield* writer
          write(FrameSource.event, 0, startsAt, quote(0.999))
          write(FrameSource.listed, 1, startsAt + 1, listedPayload(listed))
          write(FrameSource.event, 1, startsAt + 2, quote(0.998))
          const quotes = yield* Fiber.join(heard).pipe(Effect.timeout("10 seconds"))
          assert.deepStrictEqual(
            quotes.map(({ bid, instrument }) => [instrument, bid]),
            [
              [0, 0.999],
              [1, 0.998]
            ]
          )
        }).pipe(Effect.provide(layer)),
      20_000
    )
  }
})
