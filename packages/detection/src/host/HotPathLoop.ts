/**
 * The hot path's thread: frames in, signals out, for as long as the frames ring is open. A plain loop without effects.
 *
 * The loop is made of short functions that are entered again and again, which the compiler optimises sooner and better than one
 * that never returns.
 */
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { FrameConsumer, frameOffsets } from "@evenkeel/runtime/ring/FrameRing"
import { SpscProducer } from "@evenkeel/runtime/ring/SpscRing"
import { StateTable } from "@evenkeel/runtime/ring/StateTable"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { Nanoclock } from "@evenkeel/runtime/time/Nanoclock"
import { featureRow } from "../feature/coin/CoinFeatures.ts"
import { HotPath } from "../hotpath/HotPath.ts"
import { signalBytes, stateFields } from "../hotpath/SignalRecord.ts"
import { busyNanosOf, control, type HotPathWorkerData } from "./HotPathMemory.ts"

/** Frames handled before their room in the ring is given back. */
const batchMax = 64

/** A loop that is ready to run. */
export interface HotPathLoop {
  readonly hotPath: HotPath
  /** Blocks the thread until there are frames, for as long as the wait strategy says. */
  readonly wait: () => void
  /** Handles a batch of the frames that are there, and shows a sign of life. */
  readonly turn: () => void
  /** Whether the frames ring is closed and every frame was handled. */
  readonly ended: () => boolean
  /** Hands over the last checkpoint, and closes the signals ring. */
  readonly close: () => void
}

/** `decoders` by wire number; `onCheckpoint` is given what the detectors have learned when the main thread asks for it and at the end; a
 * checkpoint that cannot be taken up is refused with its problem, and the detectors begin anew. */
export const makeHotPathLoop = (
  data: HotPathWorkerData,
  decoders: ReadonlyArray<FrameDecoderFactory | undefined>,
  onCheckpoint: (checkpoint: Uint8Array<ArrayBuffer>) => void,
  onCheckpointRefused: (problem: string) => void
): HotPathLoop => {
  const { memory, options } = data
  const shared = new Int32Array(memory.control)
  const clock = new Nanoclock(data.origin)
  const now = () => clock.now()
  const frames = new FrameConsumer(memory.frames)
  const signals = new SpscProducer(memory.signals, signalBytes)
  const latency = new Histogram(memory.latency)
  const busy = busyNanosOf(memory)
  const state = new StateTable(memory.state, stateFields)
  const features = new StateTable(memory.features, featureRow)
  // The thread before this one may have ended while it wrote a row.
  state.takeOver()
  features.takeOver()
  const hotPath = new HotPath(
    { ...options, venues: data.venues.map(({ id }, venue) => ({ id, decoder: decoders[venue] })) },
    state,
    signals,
    new Uint32Array(memory.counters),
    now,
    memory.models,
    memory.stages
  )
  // What a model is given is shown as well, for whoever watches over it.
  const row = new Float64Array(featureRow)
  hotPath.onJudged = (coin, { time }, values) => {
    row[0] = time
    row.set(values, 1)
    features.write(coin, row)
  }
  const problem = data.checkpoint === undefined ? undefined : hotPath.restore(data.checkpoint)
  if (problem !== undefined) onCheckpointRefused(problem)
  if (data.skipFrame) hotPath.resume(data.levels)
  else hotPath.keepQuiet(data.quietUntil)
  if (data.skipFrame) frames.skipInHand()

  const handle = (at: number): void => {
    hotPath.process(frames, at)
    signals.publish()
    const ended = clock.now()
    if (frames.bytes[at + frameOffsets.source] === 0) latency.record(ended - frames.float64[(at + frameOffsets.published) >> 3]!)
    busy[0] = busy[0]! + ended - hotPath.startedAt
    frames.advance(at)
  }
  const drain = (): void => {
    for (let count = 0; count < batchMax; count++) {
      const at = frames.peek()
      if (at < 0) return
      handle(at)
    }
  }
  const turn = (): void => {
    drain()
    frames.release()
    Atomics.add(shared, control.beats, 1)
    if (Atomics.compareExchange(shared, control.checkpointAsked, 1, 0) === 1) onCheckpoint(hotPath.snapshot())
  }
  Atomics.store(shared, control.ready, 1)
  Atomics.notify(shared, control.ready)
  return {
    hotPath,
    wait: () => frames.wait(data.wait),
    turn,
    ended: () => frames.ended(),
    close: () => {
      onCheckpoint(hotPath.snapshot())
      signals.close()
    }
  }
}

/** Runs the loop until the frames ring is closed and empty. Blocks its thread. */
export const runHotPathLoop = (loop: HotPathLoop): void => {
  while (!loop.ended()) {
    for (let count = 0; count < 4096 && !loop.ended(); count++) {
      loop.wait()
      loop.turn()
    }
  }
  loop.close()
}
