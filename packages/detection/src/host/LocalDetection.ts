/**
 * Detection in the thread of the fibers themselves: each frame is judged as it is written. For scripts, small engines and tests; a busy engine
 * wants `layerThread`, where sockets and detection do not wait for each other.
 */
import type { Coin } from "@evenkeel/domain/coin/Coin"
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import type { Instrument } from "@evenkeel/domain/market/Instrument"
import type { KernelMemory } from "@evenkeel/learning/kernels/Kernels"
import { Frames } from "@evenkeel/runtime/ring/Frames"
import { Histogram } from "@evenkeel/runtime/telemetry/Histogram"
import { Context, Effect, Layer, Queue } from "effect"
import { featureRow } from "../feature/coin/CoinFeatures.ts"
import { Counters, engineCounters } from "../hotpath/Counters.ts"
import { allocateStages, stageHistograms } from "../hotpath/Stages.ts"
import { allocateModelMemory } from "../model/ModelMemory.ts"
import { Detection } from "./Detection.ts"
import { LocalHotPath } from "./LocalHotPath.ts"
import { LevelRecorder } from "./LevelRecorder.ts"
import { writeLevels } from "./WarmStart.ts"
import { makeSignalReader } from "./SignalReader.ts"
import { States } from "./States.ts"

export interface LocalDetectionOptions {
  readonly coins: ReadonlyArray<Coin>
  readonly instruments: ReadonlyArray<Instrument>
  readonly spareInstruments?: number
  /** See `HotPathOptions`. */
  readonly bridges?: ReadonlyArray<string>
  /** By wire number, with their decoders; undefined where only events come. */
  readonly venues: ReadonlyArray<{ readonly id: string; readonly decoder: FrameDecoderFactory | undefined }>
  /** A minute unless said otherwise. */
  readonly barMillis?: number
  readonly scoreGapMillis?: number
  readonly staleAfterMillis?: number
}

const minute = 60_000
const scoreGapMillis = 1000
/** The largest frame that is taken. */
const payloadMax = 16 << 20

export const layerLocal = (options: LocalDetectionOptions) => Layer.effectContext(makeLocalDetection(options))

/**
 * The service over a hot path of this thread. `accept` takes the signal record at a byte offset, see `LocalHotPath.take`; false when it must be
 * offered again, because the recorder of level changes is full.
 */
export const makeDetectionOver = Effect.fnUntraced(function* (
  local: LocalHotPath,
  { bridges = [], coins, instruments, venues }: Pick<LocalDetectionOptions, "bridges" | "coins" | "instruments" | "venues">,
  models: KernelMemory
) {
  const ids = venues.map(({ id }) => id)
  const states = new States(local.state.buffer, coins, ids)
  const restarts = yield* Queue.sliding<void>(1)
  const features = coins.map(() => new Float64Array(featureRow))
  local.hotPath.onJudged = (coin, { time }, values) => {
    features[coin]![0] = time
    features[coin]!.set(values, 1)
  }
  const reader = yield* makeSignalReader({
    signals: local.signalView,
    states,
    coins,
    venues: ids,
    bridges,
    instruments,
    // Every time of this hot path is zero: its spans have no length.
    wallNanos: () => BigInt(Math.round(performance.timeOrigin + performance.now())) * 1_000_000n
  })

  const counters = new Counters(local.counters, venues.length)
  const detection = Detection.of({
    coins,
    levels: reader.levels,
    values: reader.values,
    quotes: reader.quotes,
    coin: (index) => states.coin(index),
    instrument: (number) => states.instrument(number),
    features: (coin, target) => {
      const row = features[coin]
      if (row === undefined || row[0] === 0) return false
      target.set(row)
      return true
    },
    models,
    resyncs: reader.resyncs,
    refusals: reader.refusals,
    restarts,
    counter: (venue, counter) => counters.ofVenue(venue, counter),
    scoresDropped: () => counters.ofEngine(engineCounters.indexOf("scoresDropped")),
    latency: new Histogram(),
    // Every time of this hot path is zero.
    stages: stageHistograms(allocateStages()),
    busyNanos: () => 0
  })
  return { detection, accept: reader.accept }
})

const makeLocalDetection = Effect.fnUntraced(function* (options: LocalDetectionOptions) {
  const models = allocateModelMemory()
  const local = new LocalHotPath({ barMillis: minute, scoreGapMillis, ...options }, models)
  const { accept, detection } = yield* makeDetectionOver(local, options, models)

  let view = local.claim(0)
  const frames = Frames.of({
    get bytes() {
      return view.bytes
    },
    get int32() {
      return view.int32
    },
    get float64() {
      return view.float64
    },
    get uint16() {
      return view.uint16
    },
    payloadMax,
    claim: (payload) => {
      view = local.claim(payload)
      return 0
    },
    commit: () => {
      local.process()
      local.take(accept)
    },
    publish: () => {},
    fill: () => 0
  })
  yield* writeLevels(frames, (yield* LevelRecorder).standing())
  return Context.make(Detection, detection).pipe(Context.add(Frames, frames))
})
