/**
 * Detection over a recorded market: the same service as live, so that whatever listens to it can be shown, tested or judged on history.
 *
 * Nothing is played until `RecordedPlayback.play` runs: whoever listens does so first and misses nothing. A listener that falls behind loses the oldest,
 * as live; level changes wait for their recorder, and the playback with them.
 */
import { Detection } from "@evenkeel/detection/host/Detection"
import type { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import { makeDetectionOver } from "@evenkeel/detection/host/LocalDetection"
import { allocateModelMemory } from "@evenkeel/detection/model/ModelMemory"
import { Clock, Context, Effect, Layer } from "effect"
import type { RecordedMarket } from "./RecordedMarket.ts"

export class RecordedPlayback extends Context.Service<
  RecordedPlayback,
  {
    /** Plays the market to its end; how many steps that were. Interrupted, it goes on from there the next time. */
    readonly play: Effect.Effect<number>
  }
>()("@evenkeel/replay/market/RecordedPlayback") {
  /** A double: a market without a single step. */
  static readonly layerTest = Layer.succeed(RecordedPlayback, RecordedPlayback.of({ play: Effect.succeed(0) }))
}

export interface ReplayDetectionOptions {
  /** Times the speed at which the market was recorded; as fast as it goes when undefined. */
  readonly speed?: number
}

/** Steps between two turns of the other fibers. */
const sliceSteps = 1000
/** How long the playback waits for a recorder that is full. */
const recorderGap = "1 millis"

export const layerReplay = (
  market: RecordedMarket,
  options: ReplayDetectionOptions = {}
): Layer.Layer<Detection | RecordedPlayback, never, LevelRecorder> => Layer.effectContext(makeReplayDetection(market, options))

const makeReplayDetection = Effect.fnUntraced(function* (market: RecordedMarket, { speed }: ReplayDetectionOptions) {
  const { local } = market
  const { accept, detection } = yield* makeDetectionOver(local, market.options, market.models ?? allocateModelMemory())
  let waiting = false
  const offer = (offset: number) => {
    waiting = !accept(offset)
    return !waiting
  }
  /** Hands over what a step signalled. */
  const signal = Effect.suspend(() => {
    local.take(offer)
    return waiting
      ? Effect.repeat(
          Effect.andThen(
            Effect.sleep(recorderGap),
            Effect.sync(() => local.take(offer))
          ),
          { while: () => waiting }
        )
      : Effect.void
  })

  const play = Effect.gen(function* () {
    const firstTime = market.nextTime()
    const began = yield* Clock.currentTimeMillis
    for (let steps = 0; ; steps++) {
      const next = market.nextTime()
      if (next === undefined || firstTime === undefined) {
        local.hotPath.finish()
        yield* signal
        return steps
      }
      if (speed !== undefined) {
        const early = (next - firstTime) / speed - ((yield* Clock.currentTimeMillis) - began)
        if (early > 0) yield* Effect.sleep(early)
      } else if (steps % sliceSteps === sliceSteps - 1) yield* Effect.yieldNow
      market.step()
      yield* signal
    }
  })
  return Context.make(Detection, detection).pipe(Context.add(RecordedPlayback, RecordedPlayback.of({ play })))
})
