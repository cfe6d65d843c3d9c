import { assert, describe, it } from "@effect/vitest"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import { spinThenSleep } from "@evenkeel/runtime/ring/RingHeader"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Queue } from "effect"
import { venueCounters } from "../hotpath/Counters.ts"
import { CheckpointStore } from "./CheckpointStore.ts"
import { Detection } from "./Detection.ts"
import { LevelRecorder } from "./LevelRecorder.ts"
import { LocalHotPath } from "./LocalHotPath.ts"
import { layerThread } from "./ThreadDetection.ts"
import { criticalBreak } from "../../../domain/test/support/CriticalBreak.ts"

const minute = 60_000
const startsAt = 1_700_000_000_000

/** What the thread is given below, for a hot path that leaves a checkpoint. */
const oneCoin = {
  coins: [coinOf("USDC")!],
  instruments: [{ venue: "marker", symbol: "USDC", base: "USDC", quote: "USD" }],
  venues: [{ id: "marker", decoder: undefined }],
  barMillis: minute,
  scoreGapMillis: 0
}

const thread = (kept: Array<LevelChange>, checkpoints = CheckpointStore.layerMemory) =>
  layerThread({
    coins: [coinOf("USDC")!],
    instruments: [{ venue: "marker", symbol: "USDC", base: "USDC", quote: "USD" }],
    spareInstruments: 0,
    venues: [
      {
        id: "marker",
        decoder: { module: new URL("../../test/support/MarkerDecoder.ts", import.meta.url).href, export: "makeMarkerDecoder" }
      }
    ],
    barMillis: minute,
    scoreGapMillis: 0,
    staleAfterMillis: Number.POSITIVE_INFINITY,
    framesBytes: 1 << 16,
    wait: spinThenSleep
  }).pipe(
    Layer.provide(LevelRecorder.layerTest(kept)),
    Layer.provide(checkpoints),
    Layer.provideMerge(Layer.merge(layerRuntime, NodeServices.layer))
  )

/** Writes frames as a connector would, each at its own time. */
const writer = Effect.map(Frames, (frames) => (text: string, received: number) => {
  const payload = Buffer.from(text)
  const at = frames.claim(payload.length)
  assert.isAtLeast(at, 0, "the ring has room")
  frames.bytes[at + frameOffsets.source] = FrameSource.socket
  frames.bytes[at + frameOffsets.venue] = 0
  frames.bytes[at + frameOffsets.sampled] = 0
  frames.uint16[(at + frameOffsets.connection) >> 1] = 0
  frames.int32[(at + frameOffsets.instrument) >> 2] = -1
  frames.float64[(at + frameOffsets.received) >> 3] = received
  frames.float64[(at + frameOffsets.published) >> 3] = 0
  frames.bytes.set(payload, at + frameOffsets.payload)
  frames.commit()
  frames.publish()
})

/** What an engine that is gone has left in the log. */
const critical: LevelChange = { ...criticalBreak, time: startsAt - minute }

/** Waits for what the thread does. */
const until = (condition: () => boolean) => Effect.sleep("5 millis").pipe(Effect.repeat({ while: () => !condition() }))

/** A price that is news: a quote that is only repeated confirms nothing. */
const priceAt = (price: number, bar: number) => String(price + (bar % 2) * 1e-5)

const words = (kept: ReadonlyArray<LevelChange>) => kept.map(({ level, previous }) => `${previous} → ${level}`)

describe("detection in a thread", () => {
  for (const [what, marker] of [
    ["dies", "die"],
    ["hangs", "hang"]
  ] as const) {
    it.live(
      `goes on at the levels that stood when the thread ${what} over a frame, and asks for every book again`,
      () => {
        const kept: Array<LevelChange> = []
        return Effect.gen(function* () {
          const detection = yield* Detection
          const write = yield* writer
          for (let bar = 0; bar < 5; bar++) write(priceAt(0.985, bar), startsAt + bar * minute)
          yield* until(() => kept.at(-1)?.level === "critical")
          const before = words(kept)
          const began = performance.now()
          write(marker, startsAt + 5 * minute)
          yield* Queue.take(detection.restarts)
          if (marker === "hang")
            assert.isBelow(performance.now() - began, 4000, "noticed in two seconds, or a little more on a busy machine")
          write(priceAt(0.985, 6), startsAt + 6 * minute)
          write(priceAt(0.985, 7), startsAt + 7 * minute)
          yield* until(() => (detection.coin(0)?.time ?? 0) >= startsAt + 7 * minute)
          assert.strictEqual(detection.coin(0)?.level, "critical")
          assert.deepStrictEqual(words(kept), before, "the restart alone changes no level")
          // And it is left for a reason.
          for (let bar = 8; bar < 140; bar++) write(priceAt(1, bar), startsAt + bar * minute)
          yield* until(() => kept.at(-1)?.level === "normal")
          const restarted = (yield* (yield* HealthRegistry).snapshot).find(({ component }) => component === "hot-path")
          assert.deepInclude(restarted, { status: "running", restarts: 1 })
        }).pipe(Effect.provide(thread(kept)))
      },
      20_000
    )
  }

  it.live(
    "starts at the levels that the log has, and leaves them by a change after an hour near the peg",
    () => {
      const kept: Array<LevelChange> = [critical]
      return Effect.gen(function* () {
        const detection = yield* Detection
        const write = yield* writer
        for (let bar = 0; bar < 50; bar++) write(priceAt(1, bar), startsAt + bar * minute)
        yield* until(() => (detection.coin(0)?.time ?? 0) >= startsAt + 49 * minute)
        assert.strictEqual(detection.coin(0)?.level, "critical")
        for (let bar = 50; bar < 70; bar++) write(priceAt(1, bar), startsAt + bar * minute)
        yield* until(() => kept.length > 1)
        assert.deepStrictEqual(words(kept.slice(1)), ["critical → normal"])
      }).pipe(Effect.provide(thread(kept)))
    },
    20_000
  )

  it.live(
    "judges what came before the shutdown, and hands over its changes",
    () => {
      const kept: Array<LevelChange> = []
      return Effect.gen(function* () {
        yield* Effect.gen(function* () {
          const detection = yield* Detection
          const write = yield* writer
          write("1", startsAt)
          yield* until(() => detection.coin(0) !== undefined)
          for (let bar = 1; bar < 6; bar++) write(priceAt(0.985, bar), startsAt + bar * minute)
        }).pipe(Effect.provide(thread(kept)))
        assert.strictEqual(kept.at(-1)?.level, "critical")
      })
    },
    20_000
  )

  it.live(
    "survives a decoder that throws, and shows its frame",
    () => {
      const kept: Array<LevelChange> = []
      return Effect.gen(function* () {
        const detection = yield* Detection
        const write = yield* writer
        write("throw", startsAt)
        write("1", startsAt + 1)
        const refusal = yield* Queue.take(detection.refusals)
        assert.deepInclude(refusal, { venue: 0, sample: "throw" })
        yield* until(() => detection.coin(0) !== undefined)
        const restarted = (yield* (yield* HealthRegistry).snapshot).find(({ component }) => component === "hot-path")
        assert.deepInclude(restarted, { restarts: 0 })
      }).pipe(Effect.provide(thread(kept)))
    },
    20_000
  )

  it.live("begins anew beside a checkpoint that is damaged, and one whose time is yet to come", () =>
    Effect.gen(function* () {
      const future = new LocalHotPath(oneCoin)
      future.feed({
        source: FrameSource.clock,
        venue: 0,
        received: performance.timeOrigin + performance.now() + 60 * minute,
        payload: new Uint8Array(0)
      })
      for (const bytes of [Uint8Array.of(1, 2, 3), future.hotPath.snapshot()]) {
        const store = Layer.succeed(CheckpointStore, CheckpointStore.of({ load: Effect.succeed(bytes), save: () => Effect.void }))
        const kept: Array<LevelChange> = []
        yield* Effect.gen(function* () {
          const write = yield* writer
          const detection = yield* Detection
          write("1", startsAt)
          yield* until(() => detection.counter(0, venueCounters.indexOf("market")) === 1)
          assert.strictEqual(detection.counter(0, venueCounters.indexOf("clockJumps")), 0)
        }).pipe(Effect.provide(thread(kept, store)))
      }
    })
  )
})
