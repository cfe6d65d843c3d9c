/** Plays prices into the custom engine's detection in the feed's place, on the prices' own time. */
import { Instruments } from "@evenkeel/connectors/feed/Instruments"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { MarketFeedTest } from "@evenkeel/connectors/feed/MarketFeedTest"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { Detection } from "@evenkeel/detection/host/Detection"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { EventKind, eventPayload } from "@evenkeel/domain/market/MarketRecord"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { MarketJournal } from "@evenkeel/store/journal/MarketJournal"
import { Effect, Fiber, Layer, Stream } from "effect"
import { detection } from "../../src/CustomEngine.ts"

const minute = 60_000

/** What the engine says of USDC at these prices in dollars, one a minute: `changes` of its level, at least. */
export const playPrices = (prices: ReadonlyArray<number>, changes: number) => {
  let now = 0
  const layer = MarketFeed.layerTest.pipe(
    Layer.provideMerge(FrameSink.layer({ sampleEvery: 0 })),
    Layer.provideMerge(detection),
    Layer.provide(LevelRecorder.layerNoop),
    Layer.provideMerge(Layer.merge(Instruments.layer({ instruments: [], spares: 0 }), MarketJournal.layerNoop)),
    Layer.provide(Layer.succeed(MarketClock, () => now))
  )
  return Effect.gen(function* () {
    const feed = yield* MarketFeedTest
    const { levels } = yield* Detection
    const said = yield* levels.pipe(Stream.take(changes), Stream.runCollect, Effect.forkChild)
    yield* Effect.yieldNow
    for (const price of prices) {
      now += minute
      // Venue's time, close, volume, takers' buys, high, low, duration.
      const payload = eventPayload(EventKind.candle, [now, price, 100_000, 50_000, price, price, minute])
      feed.push({ source: FrameSource.event, venue: "kraken", instrument: 0, payload })
    }
    now += minute
    feed.tick()
    return changes === 0 ? [] : yield* Fiber.join(said)
  }).pipe(Effect.scoped, Effect.provide(layer))
}
